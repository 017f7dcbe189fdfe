"""Ranking of queries, what is learned for it, and the original rules."""
