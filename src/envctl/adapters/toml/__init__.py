"""envctl.toml → Project."""

from envctl.adapters.toml.reader import load_project

__all__ = ["load_project"]
