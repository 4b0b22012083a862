"""Releases in the store, and their documents."""
