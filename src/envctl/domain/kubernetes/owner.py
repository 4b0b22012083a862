"""The owner of an object: project, environment and stack. It is the label of each object, and part of the name of its
field manager and of the inventory. So two environments of one project can share a cluster.
"""

import hashlib
import re
from dataclasses import dataclass

LONGEST_LABEL = 63
_HEAD_LENGTH, _DIGEST_LENGTH = 40, 20
# Valid in a label, and in the name of an object.
_PLAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_NAME = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True)
class Owner:
    project: str
    environment: str
    stack: str


def format_owner(project: str, environment: str, stack: str) -> str:
    """Return the owner as in `shop.dev.web`, or a short form of at most 63 characters with a digest.

    The names have no dot, and begin with a letter. The digest begins with a digit, so no short form is the plain form
    of other names.
    """
    plain = f"{project}.{environment}.{stack}"
    if len(plain) <= LONGEST_LABEL and _PLAIN.fullmatch(plain):
        return plain
    head = re.sub(r"[^a-z0-9]+", "-", plain)[:_HEAD_LENGTH].strip("-")
    digest = hashlib.sha256(plain.encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"{head}.0{digest}"


def parse_owner(text: str) -> Owner | None:
    """Return the parts of an owner in its plain form; None for a short form and for all else."""
    parts = text.split(".")
    if len(parts) != 3 or not all(_NAME.fullmatch(part) for part in parts):  # noqa: PLR2004 (project, environment, stack)
        return None
    return Owner(*parts)
