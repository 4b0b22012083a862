"""Lines of code for searches by text, where a parser would take longer than all else."""

import re
from collections.abc import Iterator

COMMENT = re.compile(r"\s(?:#|//)")
"""The beginning of a comment behind code."""


def skip_blocks(code: str, left_out: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers, without the top-level blocks that begin with one of these texts."""
    is_inside = False
    for number, line in enumerate(code.splitlines(), 1):
        begins = line.startswith(left_out)
        if begins or is_inside:
            is_inside = not (line.startswith("}") or (begins and line.rstrip().endswith("}")))
        else:
            yield number, line
