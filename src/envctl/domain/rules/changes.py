"""Differences between two rules documents in words, and conflicts no deployment can satisfy."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from envctl.domain.config.fields import GITLAB_URL
from envctl.domain.config.gates import DURATION_GATES, WindowTable
from envctl.domain.rules.document import RulesDocument, to_rules
from envctl.domain.text.durations import format_duration, parse_duration

# Described by functions of their own.
_SEPARATE_KEYS = frozenset({"checks", "order", "rollouts"})
_LABELS = {
    "account_id": "account",
    "ci.github": "issuer of GitHub",
    "ci.github_environment": "environment of GitHub whose reviewers count",
    "ci.gitlab": "GitLab",
    "drift.ignore": "ignored drift",
    "parity.may_differ": "settings that may differ",
    "protection.stateful": "types that hold data",
    "signatures.approvals_from": "people sign with their own key from entry",
    "signatures.signers": "keys of people",
}
# Keys of the document that are spelled otherwise in envctl.toml.
_KEY_PATHS: Mapping[str, tuple[str, ...]] = {"ci.github_environment": ("ci", "github", "environments")}
_NOT_SET = "not set"
_ISSUERS = (("github", "", ("github:", "github-team:")), ("gitlab", GITLAB_URL, ("gitlab:",)))
"""Keys of `ci`, their defaults, and the patterns of people that they vouch for."""
T = TypeVar("T")


def list_differences(before: RulesDocument, after: RulesDocument) -> tuple[str, ...]:
    """Return the changes in the second document, like `gate quality goes`, conflicts first."""
    found = [*list_conflicts(before, after)]
    was, now = before.predecessors, after.predecessors
    if was != now and _keeps_promotion_path(was, now):
        found.append(f"its stages: {_describe_position(before)} -> {_describe_position(after)}")
    found += _list_table_changes(
        "gate",
        to_rules(before).approvals,
        to_rules(after).approvals,
        new=lambda count: f" ({count})",
        changed=lambda old, count: f" asks for {old} -> {count}",
    )
    found += _list_value_changes(before.content, after.content)
    tables = (before.content.get("checks", {}), after.content.get("checks", {}))
    found += _list_table_changes("check", *tables, new=lambda _: "", changed=lambda *_: " is different")
    found += _list_table_changes(
        "rollout of",
        before.content.get("rollouts", {}),
        after.content.get("rollouts", {}),
        new=lambda table: f": {_describe_rollout(table)}",
        changed=lambda old, table: f": {_describe_rollout(old)} -> {_describe_rollout(table)}",
    )
    return tuple(dict.fromkeys(found))


def list_conflicts(before: RulesDocument, after: RulesDocument) -> tuple[str, ...]:
    """Return the changes no deployment can satisfy: of account, region, GitLab or place in the order."""
    found = [
        f"{label} {was} -> {now or _NOT_SET}"
        for label, was, now in (
            ("account", before.account_id, after.account_id),
            ("region", before.region, after.region),
        )
        if was and was != now
    ]
    for key, default, prefixes in _ISSUERS:
        was, now = (each.content.get("ci", {}).get(key, _NOT_SET) for each in (before, after))
        is_same = (was if was != _NOT_SET else default) == (now if now != _NOT_SET else default)
        if _relies_on(before, prefixes) and not is_same:
            # Another issuer vouches for other people under the same names.
            found.append(f"{_LABELS[f'ci.{key}']} {was} -> {now}")
    if before.is_standalone != after.is_standalone or not _keeps_promotion_path(
        before.predecessors, after.predecessors
    ):
        found.append(f"place in the order: {_describe_position(before)} -> {_describe_position(after)}")
    return tuple(found)


@dataclass(frozen=True)
class RuleLine:
    """One rule of a document. `path` is its key path in envctl.toml; empty for defaults."""

    what: str
    value: str
    path: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        return f"{self.what}: {self.value}"


def list_rule_lines(document: RulesDocument) -> tuple[RuleLine, ...]:
    """Return a line for each rule, with gates resolved to today's defaults."""
    said, here = document.content, ("environments", document.environment)
    gates = ", ".join(f"{gate} {count}" for gate, count in to_rules(document).approvals.items()) or "none"
    is_said = "approvals" in said.get("gates", {})
    place = (*here, "pipeline") if document.is_standalone else ("pipeline", "order")
    lines = [
        RuleLine("place", _describe_position(document), place),
        RuleLine("approvals", gates, (*here, "gates", "approvals") if is_said else ()),
    ]
    for path, value in _walk_leaves(said):
        # These tables belong to the project.
        prefix = () if path.startswith(("ci.", "parity.", "protection.")) else here
        keys = _KEY_PATHS.get(path, (*prefix, *path.split(".")))
        lines.append(RuleLine(_LABELS.get(path, path), value, keys))
    for index, window in enumerate(_describe_windows(said)):
        lines.append(RuleLine("window", window, (*here, "gates", "windows", index)))
    lines += [RuleLine("check", name, ("checks", name)) for name in said.get("checks", {})]
    for name, table in said.get("rollouts", {}).items():
        lines.append(RuleLine(f"rollout of {name}", _describe_rollout(table), ("stacks", name, "rollout")))
    return tuple(lines)


def _relies_on(document: RulesDocument, prefixes: tuple[str, ...]) -> bool:
    """Check if an issuer says who may change the environment, or approve: people have these prefixes."""
    allow = document.content.get("allow", {})
    patterns = (*allow.get("apply", ()), *(each for gate in allow.get("approve", {}).values() for each in gate))
    return bool(allow.get("only_ci") or allow.get("machines")) or any(each.startswith(prefixes) for each in patterns)


def _keeps_promotion_path(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """Check that code still passes all earlier environments in order, the same one last; new ones may be added."""
    rest = iter(after)
    return before[-1:] == after[-1:] and all(name in rest for name in before)


def _describe_position(document: RulesDocument) -> str:
    if document.is_standalone:
        return "outside the pipeline"
    return f"after {', '.join(document.predecessors)}" if document.predecessors else "the entry"


def _list_table_changes(
    noun: str, was: Mapping[str, T], now: Mapping[str, T], *, new: Callable[[T], str], changed: Callable[[T, T], str]
) -> Iterator[str]:
    for name in dict.fromkeys((*was, *now)):
        if name not in now:
            yield f"{noun} {name} goes"
        elif name not in was:
            yield f"{noun} {name} is new{new(now[name])}"
        elif was[name] != now[name]:
            yield f"{noun} {name}{changed(was[name], now[name])}"


def _describe_rollout(table: Mapping[str, Any]) -> str:
    """Return steps in percent, their duration and the alarms aborting them."""
    steps = ", ".join(f"{percent} %" for percent in table.get("steps", ()))
    stopped = ", ".join(table.get("abort_on", ())) or "nothing"
    return f"{steps}, {format_duration(parse_duration(table['wait']))} each, stopped by {stopped}"


def _list_value_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    was, now = dict(_walk_leaves(before)), dict(_walk_leaves(after))
    for path in dict.fromkeys((*was, *now)):
        label, old, new = _LABELS.get(path, path), was.get(path, _NOT_SET), now.get(path, _NOT_SET)
        if old != new:
            yield f"{label} {old} -> {new}"
    old_windows, new_windows = list(_describe_windows(before)), list(_describe_windows(after))
    yield from (f"{window} goes" for window in old_windows if window not in new_windows)
    yield from (f"{window} is new" for window in new_windows if window not in old_windows)


def _walk_leaves(said: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and text of each value outside of the separately described keys."""
    for key, value in said.items():
        here = f"{path}{key}"
        if here in _SEPARATE_KEYS or here in {"gates.approvals", "gates.windows"}:
            continue
        if isinstance(value, Mapping):
            yield from _walk_leaves(value, f"{here}.")
        elif path == "gates." and key in DURATION_GATES:
            yield here, format_duration(parse_duration(value))
        elif isinstance(value, list):
            yield here, ", ".join(sorted(map(str, value))) or "none"
        else:
            yield here, str(value).lower() if isinstance(value, bool) else str(value)


def _describe_windows(said: Mapping[str, Any]) -> Iterator[str]:
    return (str(WindowTable.from_recorded(each)) for each in said.get("gates", {}).get("windows", ()))
