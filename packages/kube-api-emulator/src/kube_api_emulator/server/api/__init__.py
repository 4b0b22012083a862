"""The HTTP API of a cluster."""
