"""Boxes around animals: read in every format, numbered, and matched to photographs."""
