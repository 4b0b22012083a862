"""Redact sensitive instance keys in resource addresses."""

import re
from collections.abc import Iterable

from envctl.domain.redaction.redactor import SENSITIVE_MARK, Redactor

INSTANCE_KEY = re.compile(r'\["((?:[^"\\]|\\.)*)"\]')
"""An instance key, as Terraform spells it in an address."""


def redact_address(address: str, values: Iterable[object]) -> str:
    """Redact whole instance keys that hold one of the values; names of modules, types and resources stay."""
    redactor = Redactor.from_values(values)
    return INSTANCE_KEY.sub(
        lambda found: found[0] if redactor.redact(found[1]) == found[1] else f'["{SENSITIVE_MARK}"]', address
    )
