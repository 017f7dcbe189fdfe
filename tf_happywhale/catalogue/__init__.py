"""Photographs and who is in them: tables, species, folds, boxes, and the synthetic pod."""
