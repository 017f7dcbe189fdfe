"""What trained models do: embed, identify, explain their scores, and run on other engines."""
