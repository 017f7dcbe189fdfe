"""Queries ranked, what is learned for that, and the original rules."""
