"""Models that others have trained on animals and published, converted into ours."""
