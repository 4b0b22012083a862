"""Planned tags that AWS would refuse in the middle of an apply."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from envctl.domain.errors import Location, OperationFailedError, Problem
from envctl.domain.plan.tag_keys import CASE_INSENSITIVE_PREFIX, find_similar_keys

_WRITES = frozenset({"create", "update"})


def check_planned_tags(
    stack: str, document: Mapping[str, Any], locate: Callable[[Mapping[str, Any]], Location | None]
) -> None:
    """Raise OperationFailedError (E187) with each resource of IAM with two tags that differ in case only. `locate`
    finds the block of a change.
    """
    hint = f"write both with the same letters, or set default_tags = false in [stacks.{stack}] of envctl.toml"
    problems = [
        Problem(
            "E187",
            f"IAM compares keys of tags without case, and would refuse {keys} of {address}",
            hint,
            locate(raw),
            stack=stack,
        )
        for raw, keys, address in _find_similar_tags(document)
    ]
    if problems:
        raise OperationFailedError(*problems)


def _find_similar_tags(document: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str, str]]:
    """Yield each change with two such tags, their keys, and its address without that of the module of the stack."""
    for raw in document.get("resource_changes", ()):
        change = raw["change"]
        if not raw["type"].startswith(CASE_INSENSITIVE_PREFIX) or not _WRITES.intersection(change["actions"]):
            continue
        after = change.get("after") or {}
        default = _read_default_tags(document) if "tags_all" not in after else {}
        keys = [*default, *(after.get("tags_all") or after.get("tags") or {})]
        if similar := find_similar_keys(keys):
            yield raw, " and ".join(similar), raw["address"].removeprefix("module.")


def _read_default_tags(document: Mapping[str, Any]) -> Mapping[str, object]:
    """Return the default tags of the main configuration: some plans leave all tags together unknown."""
    entry = document.get("configuration", {}).get("provider_config", {}).get("aws", {})
    for block in entry.get("expressions", {}).get("default_tags", ()):
        tags = block.get("tags", {}).get("constant_value")
        if isinstance(tags, Mapping):
            return tags
    return {}
