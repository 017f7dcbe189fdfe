"""Several models together: which of them, with what weights, and what each has seen."""
