"""Cosines and features of matched pairs become one score, calibrated on the gallery itself."""
