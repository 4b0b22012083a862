"""Reader of envctl.toml."""

from envctl.adapters.toml.reader import load_project, locate_key, locate_rendered_key

__all__ = ["load_project", "locate_key", "locate_rendered_key"]
