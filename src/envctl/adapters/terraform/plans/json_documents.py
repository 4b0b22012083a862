"""Parser for `terraform show -json`, with exact numbers."""

import json
from typing import Any

from envctl.domain.terraform.literals import parse_number


def parse_document(text: str) -> dict[str, Any]:
    """Parse a JSON object. Raise ValueError for anything else."""
    document = json.loads(text, parse_float=parse_number, parse_constant=_reject_constant)
    if not isinstance(document, dict):
        raise ValueError("it is not an object")  # noqa: TRY004 (of what was read)
    return document


def _reject_constant(text: str) -> object:
    raise ValueError(f"{text} is not a number")
