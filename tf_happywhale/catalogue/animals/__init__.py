"""Animals: the key of each one in a photograph, ids of individuals, and names of species."""
