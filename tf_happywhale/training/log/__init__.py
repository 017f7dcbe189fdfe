"""A training's log: entries, table, figure, TensorBoard."""
