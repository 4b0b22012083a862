"""The text of `terraform show -json` as a document, with every number as it stands there."""

import json
from typing import Any

from envctl.domain.terraform.literals import number_of


def parse(text: str) -> dict[str, Any]:
    """Raises ValueError for what is no document."""
    document = json.loads(text, parse_float=number_of, parse_constant=_refuse)
    if not isinstance(document, dict):
        raise ValueError("it is no object")  # noqa: TRY004 (of what was read)
    return document


def _refuse(text: str) -> object:
    raise ValueError(f"{text} is not a number")
