"""What images that no model has seen teach about scores."""
