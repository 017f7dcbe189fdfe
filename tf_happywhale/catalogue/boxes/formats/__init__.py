"""Boxes in the formats of other programs: one file for each format."""
