"""Rules of roles: what they allow, and what one set of rules covers of another."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

ALL = "*"


@dataclass(frozen=True)
class Rule:
    """A rule of a role: for resources, or for paths that are no resources.

    Attributes:
        names: of objects; empty for all.
        paths: a `*` at the end stands for any rest.
    """

    verbs: tuple[str, ...]
    groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    def allows(self, verb: str, group: str, resource: str, part: str, name: str) -> bool:
        """Check a request for a resource."""
        return (
            _has(self.verbs, verb)
            and _has(self.groups, group)
            and _has_resource(self.resources, resource, part)
            and (not self.names or name in self.names)
        )

    def allows_path(self, verb: str, path: str) -> bool:
        """Check a request for a path that is no resource."""
        return _has(self.verbs, verb) and any(_covers_path(each, path) for each in self.paths)


@dataclass(frozen=True)
class Grant:
    """Rules that a user has without a role in the cluster.

    Attributes:
        namespaces: patterns of the namespaces of the rules; empty for the whole cluster.
    """

    rules: tuple[Rule, ...]
    namespaces: tuple[str, ...] = ()

    def holds_in(self, namespace: str) -> bool:
        return not self.namespaces or any(fnmatchcase(namespace, pattern) for pattern in self.namespaces)


def parse_rules(raw: Iterable[Mapping[str, Any]] | None) -> tuple[Rule, ...]:
    """Return the rules of a Role or a ClusterRole."""
    names = ("verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs")
    return tuple(Rule(*(tuple(each.get(name) or ()) for name in names)) for each in raw or ())


def format_rule(rule: Rule) -> dict[str, Any]:
    """Return a rule as roles have it."""
    parts = {
        "verbs": rule.verbs,
        "apiGroups": rule.groups,
        "resources": rule.resources,
        "resourceNames": rule.names,
        "nonResourceURLs": rule.paths,
    }
    return {name: list(values) for name, values in parts.items() if values}


def find_missing(owned: Sequence[Rule], wanted: Iterable[Rule]) -> list[Rule]:
    """Return the smallest parts of the wanted rules that none of the owned rules covers."""
    parts = [part for rule in wanted for part in _split(rule)]
    return [part for part in parts if not any(_covers(rule, part) for rule in owned)]


def describe_missing(missing: Iterable[Rule]) -> str:
    """Return rules in the words of kube-apiserver, one a line."""
    return "\n".join(sorted({_describe(rule) for rule in _join_verbs(missing)}))


def _split(rule: Rule) -> list[Rule]:
    """Split a rule into parts with one verb, one group, one resource and one name, or one path."""
    parts = [
        Rule((verb,), (group,), (resource,), (name,) if name else ())
        for group in rule.groups
        for resource in rule.resources
        for verb in rule.verbs
        for name in rule.names or ("",)
    ]
    return parts + [Rule((verb,), paths=(path,)) for path in rule.paths for verb in rule.verbs]


def _covers(owned: Rule, part: Rule) -> bool:
    if not _has(owned.verbs, part.verbs[0]):
        return False
    if part.paths:
        return any(_covers_path(each, part.paths[0]) for each in owned.paths)
    resource, _, subresource = part.resources[0].partition("/")
    return (
        _has(owned.groups, part.groups[0])
        and _has_resource(owned.resources, resource, subresource)
        and (not owned.names or (bool(part.names) and part.names[0] in owned.names))
    )


def _join_verbs(parts: Iterable[Rule]) -> list[Rule]:
    """Join parts that differ in their verb alone."""
    joined: dict[object, list[str]] = {}
    kept: list[Rule] = []
    for part in parts:
        if part.paths:
            kept.append(part)
        else:
            joined.setdefault((part.groups, part.resources, part.names), []).append(part.verbs[0])
    rules = [Rule(tuple(dict.fromkeys(verbs)), *key) for key, verbs in joined.items()]  # type: ignore[misc]
    return rules + kept


def _describe(rule: Rule) -> str:
    named = {
        "APIGroups": rule.groups,
        "Resources": rule.resources,
        "NonResourceURLs": rule.paths,
        "ResourceNames": rule.names,
        "Verbs": rule.verbs,
    }
    return "{" + ", ".join(f"{name}:{quote_list(values)}" for name, values in named.items() if values) + "}"


def quote_list(values: Iterable[str]) -> str:
    """Return texts as Go writes a list: `["a" "b"]`."""
    return "[" + " ".join(json.dumps(value, ensure_ascii=False) for value in values) + "]"


def _has(values: Sequence[str], value: str) -> bool:
    return ALL in values or value in values


def _has_resource(resources: Sequence[str], resource: str, part: str) -> bool:
    if ALL in resources:
        return True
    return (f"{resource}/{part}" in resources or f"*/{part}" in resources) if part else resource in resources


def _covers_path(pattern: str, path: str) -> bool:
    return pattern in (ALL, path) or (pattern.endswith("*") and path.startswith(pattern.rstrip("*")))
