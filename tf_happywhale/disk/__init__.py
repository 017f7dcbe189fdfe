"""Files on the disk: written whole, replaced together, and what the system refuses."""
