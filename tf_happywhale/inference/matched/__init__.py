"""Animals matched point by point, where it pays."""
