"""Adapters against the real thing, or the nearest to it."""
