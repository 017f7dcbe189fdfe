"""The model and the gallery in memory, which answer requests at once."""
