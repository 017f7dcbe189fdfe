"""Run folders: what the training of one fold leaves behind."""
