"""Exact search: the best individuals of a gallery for each query."""
