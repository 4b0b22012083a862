"""Patterns of Terraform's `fileset`."""

import re

_WORDS = re.compile(r"\*\*/|\*\*|\*|\?|\[[^\]]+\]|\{|\}|,|\\.|.", re.DOTALL)
_MEANINGS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")"}


def matches_glob(path: str, pattern: str) -> bool:
    """Tell if a pattern selects the path, given from the folder of the set. A faulty pattern selects nothing."""
    depth, parts = 0, []
    for word in _WORDS.findall(pattern.removeprefix("./")):
        depth += (word == "{") - (word == "}")
        if word == "," and depth > 0:
            parts.append("|")
        elif len(word) > 1 and word.startswith("["):
            parts.append(word)
        else:
            parts.append(_MEANINGS.get(word) or re.escape(word[-1]))
    try:
        return re.fullmatch("".join(parts), path, re.DOTALL) is not None
    except re.error:
        return False
