"""Policies as AWS gives them back, in one shape: one action or many, one statement or many, in whatever order."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Conditions = Mapping[str, Mapping[str, frozenset[str]]]


@dataclass(frozen=True)
class Statement:
    effect: str
    actions: frozenset[str]
    not_actions: frozenset[str]
    resources: frozenset[str]
    principals: Mapping[str, frozenset[str]]
    conditions: Conditions


def statements(document: str | Mapping[str, Any]) -> dict[str, Statement]:
    """By their Sid; two without one, or with the same, are refused."""
    policy = json.loads(document) if isinstance(document, str) else document
    listed = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    found = {each.get("Sid", ""): _statement(each) for each in listed}
    assert len(found) == len(listed), "every statement has a Sid of its own"
    return found


def _statement(said: Mapping[str, Any]) -> Statement:
    principal = said.get("Principal", {})
    named = {"*": principal} if isinstance(principal, str) else principal
    return Statement(
        said["Effect"],
        _set(said.get("Action", [])),
        _set(said.get("NotAction", [])),
        _set(said.get("Resource", [])),
        {kind: _set(names) for kind, names in named.items()},
        {
            operator: {key: _set(values) for key, values in keys.items()}
            for operator, keys in said.get("Condition", {}).items()
        },
    )


def _set(value: object) -> frozenset[str]:
    return frozenset(str(each) for each in value) if isinstance(value, list) else frozenset([str(value)])
