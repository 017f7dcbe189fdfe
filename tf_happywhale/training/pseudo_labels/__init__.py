"""Pseudo-labels: confident predictions that the next round of training learns from."""
