"""Trips: their photographs and boxes, what was found, and what people decided."""
