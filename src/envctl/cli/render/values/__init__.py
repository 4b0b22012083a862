"""Values of resources as text, and differences between two values."""
