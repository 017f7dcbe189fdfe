"""The catalogue: photographs and the animals in them, tables, boxes, folds, and a synthetic pod."""
