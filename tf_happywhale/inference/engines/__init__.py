"""The engines that run a trained model, and conversion to them."""
