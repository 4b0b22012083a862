"""Actors: principals, and names of one person."""
