"""Whether a command printed what a page shows: names of releases, times and the like may differ, and `…` stands for
whatever stands there.
"""

import re
from collections.abc import Sequence

# Each is another one every time; in this order, as the first ones hold later ones.
_ANOTHER = (
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d| UTC)?", "TIME"),
    (r"\b\d\d:\d\d:\d\d\b", "TIME"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "ID"),
    (r"\b(?=[0-9a-f]*\d)[0-9a-f]{8,64}\b", "HASH"),
    (r"\b(vpc|subnet|sg|igw|rtb|acl|fl|i)-(0x)?HASH\b", "ID"),
    (r"\bjust now\b|\b\d+ (s|seconds?|m|min|minutes?|h|hours?) ago\b", "AGO"),
    (r"\bin \d+(\.\d+)? (s|min)\b", "in N s"),
    (r"\bprocess \d+\b|\bpid \d+\b", "process N"),
    (r"/[^\s\"']*/shop\b", "/…/shop"),
    (r"[─━═]+", "─"),
    (r"[ \t]+", " "),
)


def loosened(text: str) -> list[str]:
    """Without blank lines, frames' lengths, and all that is another one every time."""
    for pattern, word in _ANOTHER:
        text = re.sub(pattern, word, text)
    return [line.strip() for line in text.splitlines() if line.strip()]


def is_shown(printed: str, shown: Sequence[str]) -> bool:
    wanted = loosened("\n".join(shown))
    pattern = "".join(r"(?:.*\n)*?" if line == "…" else f"{_pattern(line)}\n" for line in wanted)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in loosened(printed))) is not None


def _pattern(line: str) -> str:
    # The folder that a project lies in begins with one too, and means just that.
    return r"/[^\s]*/shop".join(r".*".join(map(re.escape, part.split("…"))) for part in line.split("/…/shop"))
