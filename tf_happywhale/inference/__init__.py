"""What finished models do: photographs to embeddings, explanations, other engines."""
