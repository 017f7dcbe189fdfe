"""Embeddings to ranked individuals: candidates, new individuals, metrics, submission."""
