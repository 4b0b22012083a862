"""A reading as lines, for the terminal, for pages and for files: important first, and nothing cut."""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal

from envctl.cli.render.text.escapes import escape_text, to_one_line
from envctl.cli.render.text.sentences import format_count
from envctl.cli.render.values.hcl_text import format_hcl, format_hcl_lines
from envctl.cli.render.words.plan.actions import SYMBOLS
from envctl.domain.plan.changes import Action, Marker
from envctl.domain.plan.fingerprint import SENSITIVE, SENSITIVE_UNKNOWN, UNKNOWN
from envctl.domain.reading.folds import OBJECT, EqualChanges, find_usual_provider, fold_changes, fold_values
from envctl.domain.reading.importance import (
    DANGERS,
    DESTROYED,
    LOSES,
    is_dangerous,
    list_dangers,
    rank_change,
    rank_value,
)
from envctl.domain.reading.reading import ReadChange, Reading, ReadStack, ReadValue
from envctl.domain.text.json_documents import ABSENT, parse_json_document
from envctl.domain.text.lists import join_names

Style = Literal["", "head", "bad", "warn", "good", "dim"]
# Comparing takes quadratic time: longer texts stand whole, the old one before the new one.
MAX_COMPARED = 2_000
# Up to here, both sides of a change stand on one line.
MAX_BESIDE = 60
_ACTION_STYLES: dict[str, Style] = {
    Action.CREATE: "good",
    Action.UPDATE: "warn",
    Action.REPLACE: "bad",
    Action.DELETE: "bad",
    Action.FORGET: "bad",
    Action.RENEW: "warn",
    Action.INVOKE: "bad",
}
_DECODER = json.JSONDecoder(parse_float=Decimal)
# What JSON and HCL write differently, or what begins a document.
_PLAIN = frozenset("\\{[")
_HIDDEN = json.dumps(Marker.SENSITIVE.value)
_MARKERS = {UNKNOWN: Marker.UNKNOWN, SENSITIVE_UNKNOWN: Marker.SENSITIVE}


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One line, of any width, with control characters escaped. `indent` is in cells."""

    text: str
    indent: int = 0
    style: Style = ""


def list_lines(reading: Reading, *, folds: bool) -> Iterator[ReadLine]:
    """Yield all lines of a reading. Without `folds` each value of each change has a line of its own."""
    yield ReadLine(describe_reading(reading), style="head")
    if reading.written:
        yield ReadLine(to_one_line(reading.written), style="dim")
    yield from _list_warnings(reading)
    for stack in sorted(reading.stacks, key=_rank_stack):
        yield ReadLine("")
        yield from _list_stack(stack, folds=folds)
    for name, values in (("settings", reading.settings), ("place", reading.place), ("rules", reading.rules)):
        if values:
            yield ReadLine("")
            yield from _list_section(name, values, reading.environment)


def describe_reading(reading: Reading) -> str:
    if not (reading.release or reading.stacks):
        return f"{reading.environment}: rules of envctl.toml"
    return f"{reading.environment}: release {to_one_line(reading.label or reading.release or 'of this folder')}"


def _rank_stack(stack: ReadStack) -> int:
    return min(map(rank_change, (*stack.changes, *stack.forecast)), default=DESTROYED if stack.notes else len(SYMBOLS))


def _list_warnings(reading: Reading) -> Iterator[ReadLine]:
    """Yield a line for each thing that is lost, then for each danger, the worst first."""
    accounts = re.findall(r"\d{12}", " ".join(each.after for each in reading.place if "account" in each.path))
    found = list[tuple[int, str]]()
    changes = [(stack.stack, each) for stack in reading.stacks for each in (*stack.changes, *stack.forecast)]
    for stack, change in (*changes, ("", ReadChange("", "", "", reading.settings))):
        address = f"{stack}: {escape_text(change.address)}  " if change.address else "setting "
        if change.address and change.action in LOSES:
            yield ReadLine(f"! {SYMBOLS[Action(change.action)]} {change.action}  {address.rstrip()}", style="bad")
        for word, value in list_dangers(change, accounts):
            found.append(
                (DANGERS.index(word), f"! {word}  {address}{next(_list_values((value,), 0)).text.removesuffix(' =')}")
            )
    yield from (ReadLine(text, style="bad") for _, text in sorted(found, key=lambda each: each[0]))


def _list_stack(stack: ReadStack, *, folds: bool) -> Iterator[ReadLine]:
    counted = Counter(change.action for change in stack.changes if change.type)
    outputs = sum(not change.type for change in stack.changes)
    # As the question says it.
    parts = [f"{counted[action]} to {action}" for action in SYMBOLS if counted[action]]
    count = ", ".join([*parts, *([format_count(outputs, "output")] if outputs else [])])
    yield ReadLine(f"{stack.stack}: {count or ('no plan' if stack.notes else 'no changes')}", style="head")
    yield from (ReadLine(escape_text(note), 2, "warn") for note in stack.notes)
    usual = find_usual_provider(stack.changes) if folds else ()
    if usual:
        yield ReadLine(f"{', '.join(map(_format_value, usual))}, unless a change says otherwise", 2, "dim")
    yield from _list_changes(stack.changes, usual, folds=folds)
    if stack.forecast:
        yield ReadLine("forecast, which binds nothing: what comes may differ", 2, "head")
        yield from _list_changes(stack.forecast, (), folds=folds)


def _list_changes(changes: Sequence[ReadChange], usual: Collection[ReadValue], *, folds: bool) -> Iterator[ReadLine]:
    ranked = sorted(changes, key=rank_change)
    for group in fold_changes(ranked) if folds else (EqualChanges((each,)) for each in ranked):
        yield from _list_change(group, usual if folds else None)


def _format_value(value: ReadValue) -> str:
    return f"{_format_path(value.path)} = {', '.join(_format_side(value.after))}"


def _list_change(group: EqualChanges, usual: Collection[ReadValue] | None) -> Iterator[ReadLine]:
    """Yield the lines of equal changes. `usual` are values that the stack has said; None: nothing is folded."""
    change, others = group.first, group.changes[1:]
    kind = f"  {change.type}" if change.type and change.type not in change.address else ""
    head = f"{SYMBOLS[Action(change.action)]:<3} {change.action:<7}  {escape_text(change.address)}{kind}"
    yield ReadLine(head, 2, _ACTION_STYLES.get(change.action, ""))
    yield from (ReadLine(to_one_line(remark), 6, "dim") for remark in change.remarks)
    found = fold_values(change.values, usual) if usual is not None else None
    yield from _list_values(found.values if found else change.values, 6)
    if found and found.labels:
        yield ReadLine(f"{format_count(found.labels, 'label')} of helm and envctl", 6, "dim")
    if found and found.tags:
        yield ReadLine("tags_all: as tags", 6, "dim")
    if others:
        yield ReadLine(f"the same {format_count(len(others), 'more time')}:", 6, "head")
        yield from (ReadLine(_name_other(each), 8) for each in others)


def _name_other(change: ReadChange) -> str:
    """Return what differs from the first of equal changes."""
    own = next((f"  {_format_side(each.after)[0]}" for each in change.values if each.path == OBJECT), "")
    return f"{escape_text(change.address)}{own}"


def _list_section(name: str, values: Sequence[ReadValue], environment: str) -> Iterator[ReadLine]:
    changed = [each for each in values if each.before and each.before != each.after]
    yield ReadLine(f"{name} of {environment}: {len(changed)} changed, {len(values)} in all", style="head")
    ordered = sorted(values, key=_rank_line)
    if name != "place":
        yield from _list_values(ordered, 2)
        return
    # Stacks share most values of a place: each stands once, with its stacks.
    groups: dict[ReadValue, list[str]] = {}
    for each in ordered:
        stack, *steps = json.loads(each.path)
        own = ReadValue(json.dumps(steps), each.before, each.after, each.sign)
        groups.setdefault(own, []).append(stack)
    for value, stacks in groups.items():
        for line in _list_values((value,), 2):
            named = f"  ({join_names(stacks)})" if any(stacks) else ""
            yield ReadLine(f"{line.text}{named}", line.indent, line.style)


def _list_values(values: Sequence[ReadValue], indent: int) -> Iterator[ReadLine]:
    later = [_format_path(each.path) for each in values if each.sign == UNKNOWN and not each.before]
    for value in sorted(values, key=_rank_line):
        if value.sign == UNKNOWN and not value.before:
            continue
        path, changed = _format_path(value.path), bool(value.before) and value.before != value.after
        after = _format_side(value.after, value.sign)
        if value.before == value.after == _HIDDEN:
            after = ["another (sensitive) value"]
        before = _format_side(value.before, SENSITIVE) if changed else []
        style: Style = "bad" if is_dangerous(value) else "warn" if changed else ""
        if not before and len(after) == 1:
            yield ReadLine(f"{path} = {after[0]}", indent, style)
        elif len(before) == len(after) == 1 and len(before[0]) + len(after[0]) <= MAX_BESIDE:
            yield ReadLine(f"{path} = {before[0]} → {after[0]}", indent, style)
        else:
            yield ReadLine(f"{path} =", indent, style)
            for sign, text in _diff(before, after):
                yield ReadLine(f"{sign} {text}", indent + 2, _SIGN_STYLES[sign])
    if later:
        yield ReadLine(f"known after apply: {', '.join(later)}", indent, "dim")


def _rank_line(value: ReadValue) -> tuple[bool, int]:
    """What stays as it is comes last."""
    return value.before == value.after != _HIDDEN, rank_value(value)


_SIGN_STYLES: dict[str, Style] = {"-": "bad", "+": "good", " ": ""}


def _diff(before: list[str], after: list[str]) -> Iterator[tuple[str, str]]:
    """Yield all lines of both sides, each with a sign; a space for lines that stay."""
    if not before or max(len(before), len(after)) > MAX_COMPARED:
        yield from (("-", line) for line in before)
        yield from (("+" if before else " ", line) for line in after)
        return
    for tag, one, one_end, other, other_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from ((" ", line) for line in after[other:other_end])
        else:
            yield from (("-", line) for line in before[one:one_end])
            yield from (("+", line) for line in after[other:other_end])


def _format_side(text: str, sign: str = "") -> list[str]:
    """Return the lines of one side; JSON documents and texts of several lines have several."""
    if sign in _MARKERS:
        return [_MARKERS[sign].value]
    if sign == SENSITIVE and text == _HIDDEN:
        return [Marker.SENSITIVE.value]
    if not text:
        return ["(none)"]
    if text.startswith('"') and text.isascii() and text.isprintable() and _PLAIN.isdisjoint(text):
        # The same in HCL, as most values of a large plan are.
        return [text]
    try:
        value = _DECODER.decode(text)
    except ValueError:
        # A secret was replaced in it.
        return [escape_text(text)]
    if (parsed := parse_json_document(value)) is not ABSENT:
        return list(format_hcl_lines(parsed))
    if isinstance(value, str) and "\n" in value:
        # The last line is empty if the text ends with a line break.
        return [escape_text(line).replace("\t", "\\t") for line in value.split("\n")]
    return [format_hcl(value)]


@lru_cache(maxsize=8192)
def _format_path(path: str) -> str:
    """Return a path for people, like `tags["a b"].c[0]`; a name beside the paths as it is."""
    if not path.startswith("["):
        return escape_text(path)
    text = ""
    for step in json.loads(path):
        if isinstance(step, str) and step.replace("_", "").replace("-", "").isalnum():
            text += f".{step}" if text else step
        else:
            text += f"[{_format_item(step) or json.dumps(step, ensure_ascii=False)}]"
    return escape_text(text) or "value"


def _format_item(step: str | int) -> str:
    """Return the keys of an item in a list of Kubernetes, like `name="web"`; empty for another step."""
    if not isinstance(step, str) or not step.startswith("{"):
        return ""
    try:
        keys = json.loads(step)
    except ValueError:
        return ""
    is_item = json.dumps(keys, sort_keys=True) == step
    return ", ".join(f"{name}={json.dumps(value)}" for name, value in keys.items()) if is_item else ""
