"""Addresses of resources without the keys of instances that hold something sensitive."""

import re
from collections.abc import Iterable

from envctl.domain.redaction.redactor import MARK, Redactor

INSTANCE = re.compile(r'\["((?:[^"\\]|\\.)*)"\]')
"""A key of an instance, as Terraform spells it in an address."""


def redact_address(address: str, values: Iterable[object]) -> str:
    """A key is redacted as a whole; the names of modules, types and resources stay."""
    redactor = Redactor.of(values)
    return INSTANCE.sub(lambda found: found[0] if redactor.redact(found[1]) == found[1] else f'["{MARK}"]', address)
