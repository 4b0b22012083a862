"""Subresources of objects that are requests of their own."""
