"""The offline twin of the workers: what a setting costs and what it is worth, in tables."""
