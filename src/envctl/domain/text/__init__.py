"""Helpers for text: durations, lists, suggestions. They are independent of the domain.

Begin with `durations.py`: `parse_duration`. Out of scope: everything with a word of `docs/concepts.md`.
"""
