"""Which files Terraform formats, and where one of them begins to differ."""

from itertools import zip_longest

ENDINGS = (".tf", ".tfvars", ".tftest.hcl", ".tfmock.hcl")
"""JSON it leaves alone."""


def first_change(before: bytes, after: bytes) -> int:
    """The number of the first line that differs, counted from 1."""
    lines = zip_longest(before.splitlines(keepends=True), after.splitlines(keepends=True))
    return next((number for number, (one, other) in enumerate(lines, 1) if one != other), 1)
