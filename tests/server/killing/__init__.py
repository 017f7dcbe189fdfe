"""What `tests/server/killed.py` is made of."""
