"""From photographs to ranked individuals, and new animals in groups."""
