"""The synthetic pod: procedurally drawn photographs of dorsal fins at sea, with known answers."""
