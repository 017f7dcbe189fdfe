"""Shots, records and photographs as embeddings."""
