"""envctl.toml → Project."""

from envctl.adapters.toml.reader import load_project, place

__all__ = ["load_project", "place"]
