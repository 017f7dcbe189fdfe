"""What a score rests on, and what simpler methods reach."""
