"""Training: the loop, validation by retrieval, checkpoints, and what each fold is trained on."""
