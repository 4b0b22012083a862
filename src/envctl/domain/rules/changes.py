"""What differs between two documents of rules, in words, and what of it can't hold for one deployment."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from envctl.domain.rules.document import RulesDocument, rules_of
from envctl.domain.text.durations import parse, spelt
from envctl.domain.text.lists import first_of

NAMED = 6
_DURATIONS = frozenset({"gates.expires", "gates.max_age", "gates.soak"})
# Said in words of their own.
_APART = frozenset({"checks", "order", "rollouts"})
_LABELS = {
    "account_id": "account",
    "drift.ignore": "ignored drift",
    "parity.may_differ": "settings that may differ",
    "protection.stateful": "types that hold data",
}
_UNSAID = "not said"


def list_differences(before: RulesDocument, after: RulesDocument) -> tuple[str, ...]:
    """What the second document says otherwise, like `gate quality goes`, what can't hold twice first."""
    return tuple(
        dict.fromkeys(
            (
                *list_conflicts(before, after),
                *_order(before, after),
                *_gates(before, after),
                *_values(before.said, after.said),
                *_checks(before, after),
                *_rollouts(before, after),
            )
        )
    )


def describe_differences(before: RulesDocument, after: RulesDocument) -> str:
    """The first of the differences; empty where there are none."""
    return first_of(list_differences(before, after), NAMED)


def list_conflicts(before: RulesDocument, after: RulesDocument) -> tuple[str, ...]:
    """What no deployment can satisfy in both: another account, another region, another place in the order."""
    found = [
        f"{label} {was} -> {now or _UNSAID}"
        for label, was, now in (
            ("account", before.account_id, after.account_id),
            ("region", before.region, after.region),
        )
        if was and was != now
    ]
    if before.is_beside != after.is_beside or not _keeps_its_way(before.predecessors, after.predecessors):
        found.append(f"place in the order: {_place(before)} -> {_place(after)}")
    return tuple(found)


@dataclass(frozen=True)
class RuleLine:
    """One thing that a document asks for. `path` is where envctl.toml says it; empty for what it does not say."""

    what: str
    value: str
    path: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        return f"{self.what}: {self.value}"


def list_rule_lines(document: RulesDocument) -> tuple[RuleLine, ...]:
    """What a document asks for, a line for each; the gates as they count today."""
    said, here = document.said, ("environments", document.environment)
    gates = ", ".join(f"{gate} {count}" for gate, count in rules_of(document).approvals.items()) or "none"
    is_said = "approvals" in said.get("gates", {})
    place = (*here, "pipeline") if document.is_beside else ("pipeline", "order")
    return (
        RuleLine("place", _place(document), place),
        RuleLine("approvals", gates, (*here, "gates", "approvals") if is_said else ()),
        *(RuleLine(_LABELS.get(path, path), value, _path(here, path)) for path, value in _leaves(said)),
        *(RuleLine("window", value, (*here, "gates", "windows", index)) for index, value in enumerate(_windows(said))),
        *(RuleLine("check", name, ("checks", name)) for name in said.get("checks", {})),
        *(
            RuleLine(f"rollout of {name}", _describe_rollout(table), ("stacks", name, "rollout"))
            for name, table in said.get("rollouts", {}).items()
        ),
    )


def describe_rules_in_words(document: RulesDocument) -> tuple[str, ...]:
    return tuple(map(str, list_rule_lines(document)))


def _path(here: tuple[str, str], path: str) -> tuple[str | int, ...]:
    keys = tuple(path.split("."))
    # Those two tables are the project's.
    return keys if keys[0] in {"parity", "protection"} else (*here, *keys)


def _keeps_its_way(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """Whether code still comes from the same environment, through all the others and in their order. A new one on the
    way takes nothing from it.
    """
    rest = iter(after)
    return before[-1:] == after[-1:] and all(name in rest for name in before)


def _order(before: RulesDocument, after: RulesDocument) -> Iterator[str]:
    if before.predecessors != after.predecessors and _keeps_its_way(before.predecessors, after.predecessors):
        yield f"the way to it: {_place(before)} -> {_place(after)}"


def _place(document: RulesDocument) -> str:
    if document.is_beside:
        return "beside the pipeline"
    return f"after {', '.join(document.predecessors)}" if document.predecessors else "the entry"


def _gates(before: RulesDocument, after: RulesDocument) -> Iterator[str]:
    was, now = rules_of(before).approvals, rules_of(after).approvals
    for gate in dict.fromkeys((*was, *now)):
        if gate not in now:
            yield f"gate {gate} goes"
        elif gate not in was:
            yield f"gate {gate} is new ({now[gate]})"
        elif was[gate] != now[gate]:
            yield f"gate {gate} asks for {was[gate]} -> {now[gate]}"


def _checks(before: RulesDocument, after: RulesDocument) -> Iterator[str]:
    was, now = before.said.get("checks", {}), after.said.get("checks", {})
    for name in dict.fromkeys((*was, *now)):
        if name not in now:
            yield f"check {name} goes"
        elif name not in was:
            yield f"check {name} is new"
        elif was[name] != now[name]:
            yield f"check {name} asks something else"


def _rollouts(before: RulesDocument, after: RulesDocument) -> Iterator[str]:
    was, now = before.said.get("rollouts", {}), after.said.get("rollouts", {})
    for name in dict.fromkeys((*was, *now)):
        if name not in now:
            yield f"rollout of {name} goes"
        elif name not in was:
            yield f"rollout of {name} is new: {_describe_rollout(now[name])}"
        elif was[name] != now[name]:
            yield f"rollout of {name}: {_describe_rollout(was[name])} -> {_describe_rollout(now[name])}"


def _describe_rollout(table: Mapping[str, Any]) -> str:
    """The steps in percent, how long each is watched, and what stops it."""
    steps = ", ".join(f"{percent} %" for percent in table.get("steps", ()))
    stopped = ", ".join(table.get("abort_on", ())) or "nothing"
    return f"{steps}, {spelt(parse(table['wait']))} each, stopped by {stopped}"


def _values(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    was, now = dict(_leaves(before)), dict(_leaves(after))
    for path in dict.fromkeys((*was, *now)):
        label, old, new = _LABELS.get(path, path), was.get(path, _UNSAID), now.get(path, _UNSAID)
        if old != new:
            yield f"{label} {old} -> {new}"
    old_windows, new_windows = list(_windows(before)), list(_windows(after))
    yield from (f"{window} goes" for window in old_windows if window not in new_windows)
    yield from (f"{window} is new" for window in new_windows if window not in old_windows)


def _leaves(said: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """The path and the text of each value that has no words of its own."""
    for key, value in said.items():
        here = f"{path}{key}"
        if here in _APART or here in {"gates.approvals", "gates.windows"}:
            continue
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{here}.")
        elif here in _DURATIONS:
            yield here, spelt(parse(value))
        elif isinstance(value, list):
            yield here, ", ".join(sorted(map(str, value))) or "none"
        else:
            yield here, str(value).lower() if isinstance(value, bool) else str(value)


def _windows(said: Mapping[str, Any]) -> Iterator[str]:
    tables = said.get("gates", {}).get("windows", ())
    if tables:
        from envctl.domain.config.rules.windows import spelt as in_words

        document = RulesDocument("", {"order": {}, "gates": {"windows": tables, "approvals": {}}})
        yield from (in_words(window) for window in rules_of(document).windows)
