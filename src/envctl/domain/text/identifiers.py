"""What an environment, a stack, a region or a project may be called: it becomes a part of paths and of keys."""

import re

NAME = r"[a-z][a-z0-9_-]{0,31}"


def is_name(text: str) -> bool:
    return re.fullmatch(NAME, text, re.ASCII) is not None
