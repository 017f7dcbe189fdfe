"""Measurement of rankings: one fold, the open set, members alone, and figures."""
