"""Whether a query shows a new individual, and how likely that is."""
