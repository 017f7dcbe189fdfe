"""Sightings: who was seen when and where."""
