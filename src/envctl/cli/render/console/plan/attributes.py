"""Attributes of one resource: values of a new one, or changes of an existing one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.counting import format_count
from envctl.cli.render.terminal.text import (
    join_text,
    measure_width,
    pad_text,
    print_nowrap,
    print_text,
    shorten_middle,
    to_text,
)
from envctl.cli.render.values.list_elements import merge_list_elements
from envctl.cli.render.values.value_diff import format_change, shorten_value
from envctl.domain.plan.changes import AttributeChange, Marker

MAX_NEW = 8
MAX_CHANGED = 24


def show_new_attributes(attributes: Sequence[AttributeChange], out: Console) -> None:
    known = list_known_attributes(attributes)
    # False, empty and zero values come last and are left out first.
    telling = sorted(known, key=lambda attribute: attribute.after in (False, "", 0))
    shown = {attribute.path for attribute in (telling if len(known) <= MAX_NEW + 1 else telling[:MAX_NEW])}
    kept = [attribute for attribute in known if attribute.path in shown]
    width = measure_path_width((attribute.path for attribute in kept), out)
    for attribute in kept:
        show_attribute(attribute.path, width, shorten_value(attribute.after, measure_value_room(width, out)), [], out)
    _print_rest(len(known) - len(kept), out)


def show_changed_attributes(attributes: Sequence[AttributeChange], out: Console) -> None:
    groups = group_attributes(attributes)
    kept = [*groups.forced, *groups.rest][: max(MAX_CHANGED, len(groups.forced))] or groups.later[:MAX_NEW]
    width = measure_path_width((attribute.path for attribute in kept if _fits_beside_path(attribute, out)), out)
    for attribute in kept:
        change = format_change(attribute.before, attribute.after, measure_value_room(width, out), out.width - 10)
        show_attribute(attribute.path, width, *change, out, forces=attribute.forces_replacement)
    left = len(groups.forced) + len(groups.rest) - len(kept)
    if left > 0:
        print_text(out, to_text(f"… and {left} more: --json has them all", "dim"), 6)
    later = len([attribute for attribute in groups.later if attribute not in kept])
    for remark in describe_omitted(later, groups.emptied):
        print_text(out, to_text(f"… and {remark}", "dim"), 6)


def describe_omitted(later: int, emptied: int) -> Iterator[str]:
    """Yield the counts of attributes not shown."""
    if later:
        yield f"{format_count(later, 'attribute')} known after apply"
    if emptied:
        yield f"{format_count(emptied, 'attribute')} that {'was' if emptied == 1 else 'were'} off or empty"


def list_known_attributes(attributes: Sequence[AttributeChange]) -> list[AttributeChange]:
    """Return known values of a new resource, without those known after apply or repeated in `tags_all`."""
    known = (a for a in attributes if a.after is not None and not is_unknown(a.after) and not _is_repeated(a, ()))
    return list(merge_list_elements(known))


@dataclass(frozen=True)
class AttributeGroups:
    """Changed attributes by relevance: the cause of a change must stand out."""

    forced: list[AttributeChange]  # Forces a replacement.
    rest: list[AttributeChange]
    later: list[AttributeChange]  # Known after apply.
    emptied: int  # Count of unset attributes with a former value of false or "".


def group_attributes(attributes: Sequence[AttributeChange]) -> AttributeGroups:
    merged = list(merge_list_elements(drop_repeated(attributes)))
    relevant = [a for a in merged if a.forces_replacement or not _is_emptied(a)]
    forced = [a for a in relevant if a.forces_replacement]
    later = [a for a in relevant if is_unknown(a.after) and not a.forces_replacement]
    rest = [a for a in relevant if a not in forced and a not in later]
    return AttributeGroups(forced, rest, later, len(merged) - len(relevant))


def _is_emptied(attribute: AttributeChange) -> bool:
    """Check if an unset attribute was false or empty, as stored by providers by default. Zero may be a port."""
    return attribute.after is None and (attribute.before is False or attribute.before == "")


def _fits_beside_path(attribute: AttributeChange, out: Console) -> bool:
    """Check if the change fits on the line of its path, without a block."""
    inline, _ = format_change(attribute.before, attribute.after, out.width - 24, out.width)
    return bool(inline)


def drop_repeated(attributes: Sequence[AttributeChange]) -> list[AttributeChange]:
    """Remove attributes repeating others."""
    return [attribute for attribute in attributes if not _is_repeated(attribute, attributes)]


def show_attribute(
    path: str, width: int, value: str, block: Sequence[str], out: Console, *, forces: bool = False
) -> None:
    name = pad_text(shorten_middle(path, width), width) if value else path
    text = join_text("      ", (name, "cyan"), "  ", value)
    mark = Text("forces replacement", "bold red")
    beside = text.cell_len + 3 + mark.cell_len <= out.width
    text.rstrip()
    print_nowrap(out, text.append("   ").append_text(mark) if forces and beside else text)
    for each in block:
        print_nowrap(out, each, 8)
    if forces and not beside:
        print_nowrap(out, mark, 8)


def measure_value_room(width: int, out: Console) -> int:
    return max(12, out.width - 6 - width - 2)


def measure_path_width(paths: Iterable[str], out: Console) -> int:
    return measure_width(paths, max(16, out.width // 2))


def _print_rest(number: int, out: Console) -> None:
    if number:
        print_text(out, to_text(f"… and {number} more", "dim"), 6)


def is_unknown(value: object) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(is_unknown(item) for item in value)
    return value is Marker.UNKNOWN


def _is_repeated(attribute: AttributeChange, others: Sequence[AttributeChange]) -> bool:
    """Check if the attribute is a copy in `tags_all` of one in `tags`."""
    if not attribute.path.startswith("tags_all"):
        return False
    if attribute.before is None and not others:
        return True
    twin = attribute.path.replace("tags_all", "tags", 1)
    return any((o.path, o.before, o.after) == (twin, attribute.before, attribute.after) for o in others)
