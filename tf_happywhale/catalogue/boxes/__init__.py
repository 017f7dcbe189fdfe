"""Boxes around animals: read from every format, numbered, and matched to photographs."""
