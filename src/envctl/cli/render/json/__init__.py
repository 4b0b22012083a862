"""Results as one JSON document."""
