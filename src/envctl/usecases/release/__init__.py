"""Releases in the store, and the documents that belong to them."""
