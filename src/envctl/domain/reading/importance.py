"""What is read first: destroyed, open to the world, access, images, numbers, ports and storage, then all else."""

import re
from functools import lru_cache

from envctl.domain.plan.changes import Action
from envctl.domain.reading.reading import ReadChange, ReadValue

_LOSES = frozenset(map(str, (Action.DELETE, Action.REPLACE, Action.FORGET, Action.RENEW, Action.INVOKE)))
DESTROYED, OPEN, OTHER = 0, 1, 7
# In JSON texts, and within documents in these: quotes are escaped there.
_WORLD = re.compile(
    r"""0\.0\.0\.0/0|::/0|"\*\\?"|:\*\\"|\bpublic-read|\ballUsers\b|\ballAuthenticatedUsers\b|system:(?:un)?authenticated"""
    r"|\bcluster-admin\b"
)
_PUBLIC = re.compile(r"public|anonymous|unauthenticated|privileged|host(?:Network|PID|IPC|Path)", re.IGNORECASE)
# The names of a path, by what they decide; the first pattern counts.
_NAMES = (
    re.compile(
        r"polic|principal|permission|assume_role|iam|\brules\b|roleRef|subjects|ingress|egress|cidr|grant|acl|trust"
        r"|security_group|securityContext|serviceAccount|prefix_list",
        re.IGNORECASE,
    ),
    re.compile(r"image|\bami\b|container_definitions|s3_key|package_type|source_code|chart|command|\bargs\b|programs"),
    re.compile(r"replica|desired|capacity|(?:min|max)_size|count|instance_(?:type|class)|cpu|memory", re.IGNORECASE),
    re.compile(r"port|protocol|\bhost|domain|listener", re.IGNORECASE),
    re.compile(r"storage|volume|encrypt|kms|backup|retention|snapshot|deletion_protection|skip_final", re.IGNORECASE),
)


def rank_value(value: ReadValue) -> int:
    """Return how soon the value is read: 1 is first."""
    return OPEN if is_open(value) else _rank_path(value.path)


@lru_cache(maxsize=8192)
def _rank_path(path: str) -> int:
    return next((rank for rank, names in enumerate(_NAMES, OPEN + 1) if names.search(path)), OTHER)


def is_open(value: ReadValue) -> bool:
    """Check if a value opens something to everybody, as far as its text tells."""
    return _opens(value.after) or (value.after == "true" and bool(_PUBLIC.search(value.path)))


def _opens(text: str) -> bool:
    # Nearly no text has one of these, and a search for them takes a tenth of the pattern's time.
    is_near = (
        "*" in text or "/0" in text or "public-read" in text or "all" in text or "-admin" in text or "system:" in text
    )
    return is_near and bool(_WORLD.search(text))


def rank_change(change: ReadChange) -> int:
    """Return how soon the change is read: 0 is first."""
    if change.action in _LOSES:
        return DESTROYED
    return min(map(rank_value, change.values), default=OTHER)
