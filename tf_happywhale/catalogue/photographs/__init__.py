"""Photographs in folders: which there are, their names, and which are the same."""
