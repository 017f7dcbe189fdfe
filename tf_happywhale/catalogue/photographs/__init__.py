"""Photographs in folders: what there is, what they are called, and which are the same."""
