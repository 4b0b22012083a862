"""envctl.toml → Project."""

from envctl.adapters.toml.reader import load_project, place, place_rendered

__all__ = ["load_project", "place", "place_rendered"]
