"""JSON documents in texts, such as policies."""

import json
from itertools import accumulate

# Deeper documents are not parsed: no policy reaches this depth, and it could not be rendered.
MAX_DEPTH = 50


class MissingValue:
    """Marker of a missing value: a document may contain null."""


ABSENT = MissingValue()


def parse_json_document(value: object) -> object:
    """Parse a text with a JSON object or list; return ABSENT for any other value.

    Also for one that names a key twice: readers of it differ in which value counts.
    """
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return ABSENT
    # An upper bound of the nesting: brackets within strings are counted too.
    if max(accumulate(1 if bracket in "{[" else -1 for bracket in value if bracket in "{}[]")) > MAX_DEPTH:
        return ABSENT
    try:
        return json.loads(value, object_pairs_hook=_require_single_keys)
    except ValueError:
        return ABSENT


def _require_single_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found
