"""One training step: loss, gradients, and what is done with them."""
