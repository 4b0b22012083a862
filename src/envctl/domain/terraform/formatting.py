"""Suffixes of files formatted by `terraform fmt`, and the first changed line."""

from itertools import zip_longest

FORMATTED_SUFFIXES = (".tf", ".tfvars", ".tftest.hcl", ".tfmock.hcl")
"""Terraform does not format JSON."""


def find_first_change(before: bytes, after: bytes) -> int:
    """Return the number of the first different line, from 1."""
    lines = zip_longest(before.splitlines(keepends=True), after.splitlines(keepends=True))
    return next((number for number, (one, other) in enumerate(lines, 1) if one != other), 1)
