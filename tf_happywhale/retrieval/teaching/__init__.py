"""What a gallery's own images teach: threshold, P(new), and matches missed."""
