"""Frozen results in, text for people or machines out."""
