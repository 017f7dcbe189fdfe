"""Teachers: finished models whose ensemble a training imitates."""
