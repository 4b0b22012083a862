"""Values of resources as text, and what differs between two."""
