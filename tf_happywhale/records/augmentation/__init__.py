"""Augmentation: one picture drawn differently in each epoch."""
