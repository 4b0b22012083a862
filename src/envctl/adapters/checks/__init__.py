"""Asks the world whether a deployment works: one file a kind of probe."""
