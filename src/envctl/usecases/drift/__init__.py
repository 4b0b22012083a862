"""Finds drift, records it, and fixes it."""
