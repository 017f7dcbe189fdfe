"""Tables that people write: their text, their rows, and rows added to them."""
