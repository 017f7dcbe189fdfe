"""Tables that people write: their text, their rows, and how rows are added to them."""
