"""Reader of envctl.toml.

Begin with `reader.py`: `load_project`. Out of scope: the tables themselves, which are in `domain/config/`.
"""

from envctl.adapters.toml.reader import load_project, locate_key, locate_rendered_key

__all__ = ["load_project", "locate_key", "locate_rendered_key"]
