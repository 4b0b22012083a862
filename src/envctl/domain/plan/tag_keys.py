"""Tags that AWS or its provider refuses beside the default tags of a provider.

IAM compares the keys of tags without case: `Environment` and `environment` are one key twice. Other services keep both.
Providers before version 5 refuse tags that are all among the default tags.
"""

from collections.abc import Iterable, Mapping

CASE_INSENSITIVE_PREFIX = "aws_iam_"
"""Types of resources whose tags have keys without case."""
FIRST_MERGING_MAJOR = 5
"""The first major version of the AWS provider that accepts tags equal to default tags."""


def find_similar_keys(keys: Iterable[str]) -> tuple[str, str] | None:
    """Return two keys that differ in case only, or None."""
    seen: dict[str, str] = {}
    for key in keys:
        other = seen.setdefault(key.lower(), key)
        if other != key:
            return other, key
    return None


def are_all_default(tags: Mapping[str, object], default: Mapping[str, object]) -> bool:
    """Check if there are tags, and each one is a default tag with the same value."""
    return bool(tags) and all(key in default and str(value) == str(default[key]) for key, value in tags.items())
