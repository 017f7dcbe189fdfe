"""Weights: published ones, read without the library that wrote them, and those trained here."""
