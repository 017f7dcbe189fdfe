"""A catalogue that a person brings: its table, photographs and boxes."""
