"""Actors: principals, names of one person, and role ARNs."""
