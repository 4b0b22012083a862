"""Helpers for text: durations, lists, suggestions. They are independent of the domain."""
