"""Ensembles: which models rank together, their weights, and what each was trained on."""
