"""JSON files that envctl writes for itself: one is understood as a whole, or counts as missing."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from envctl.adapters.disk.files import read_bytes
from envctl.domain.text.sha256 import sha256

T = TypeVar("T")

# Of the disk, of other bytes than JSON (deep nesting too), and of JSON of another form.
_DAMAGES = (OSError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)


def read_document(file: Path, build: Callable[[Any], T], otherwise: T) -> T:
    """Return what `build` makes of the document in a file; `otherwise` for a missing or damaged one.

    `build` has to use each part of the document as what it should be: a part that it passes on unread fails later.
    """
    try:
        return build(json.loads(read_bytes(file)))
    except _DAMAGES:
        return otherwise


def seal_document(document: Mapping[str, Any]) -> bytes:
    """Return a file for a document whose parts are too many to check each: `open_sealed` knows any other content."""
    text = json.dumps(document)
    return json.dumps({"sealed": text, "digest": sha256(text.encode()).hexdigest()}).encode()


def open_sealed(sealed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document in a file of `seal_document`. Raises an error that `read_document` expects."""
    text: str = sealed["sealed"]
    if sealed["digest"] != sha256(text.encode()).hexdigest():
        raise ValueError("it was changed by hand")
    document: dict[str, Any] = json.loads(text)
    return document
