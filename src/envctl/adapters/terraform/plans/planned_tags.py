"""Planned tags that AWS would refuse in the middle of an apply."""

from collections.abc import Iterator, Mapping
from typing import Any

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.plan.tag_keys import CASE_INSENSITIVE_PREFIX, find_similar_keys
from envctl.domain.text.lists import join_first

MAX_NAMED = 3
_WRITES = frozenset({"create", "update"})


def check_planned_tags(stack: str, document: Mapping[str, Any]) -> None:
    """Raise OperationFailedError (E187) for a resource of IAM with two tags that differ in case only."""
    found = list(_find_similar_tags(document))
    if found:
        message = f"IAM compares keys of tags without case, and would refuse {join_first(found, MAX_NAMED)}"
        hint = (
            "write the tags of the module with the same letters as the default tags, or set default_tags = false in"
            f" [stacks.{stack}] of envctl.toml"
        )
        raise OperationFailedError(Problem("E187", message, hint, stack=stack))


def _find_similar_tags(document: Mapping[str, Any]) -> Iterator[str]:
    for raw in document.get("resource_changes", ()):
        change = raw["change"]
        if not raw["type"].startswith(CASE_INSENSITIVE_PREFIX) or not _WRITES.intersection(change["actions"]):
            continue
        after = change.get("after") or {}
        default = _read_default_tags(document) if "tags_all" not in after else {}
        keys = [*default, *(after.get("tags_all") or after.get("tags") or {})]
        if similar := find_similar_keys(keys):
            yield f"{similar[0]} and {similar[1]} of {raw['address'].removeprefix('module.')}"


def _read_default_tags(document: Mapping[str, Any]) -> Mapping[str, object]:
    """Return the default tags of the main configuration: some plans leave all tags together unknown."""
    entry = document.get("configuration", {}).get("provider_config", {}).get("aws", {})
    for block in entry.get("expressions", {}).get("default_tags", ()):
        tags = block.get("tags", {}).get("constant_value")
        if isinstance(tags, Mapping):
            return tags
    return {}
