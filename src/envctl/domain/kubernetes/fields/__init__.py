"""Fields of objects: their paths, differences and owners, and what an apply makes of them."""
