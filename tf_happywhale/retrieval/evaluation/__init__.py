"""How good a ranking is: metrics, one fold, the open set, and figures."""
