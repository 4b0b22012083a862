"""Allowed names of environments, stacks, regions and projects: they become parts of paths and keys."""

import re

NAME_PATTERN = r"[a-z][a-z0-9_-]{0,31}"


def is_name(text: str) -> bool:
    return re.fullmatch(NAME_PATTERN, text, re.ASCII) is not None
