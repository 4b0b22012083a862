"""Attributes of one resource: values of a new one, or changes of an existing one."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.text import join_text, print_nowrap, print_rest, print_text
from envctl.cli.render.text.widths import measure_width, pad_text, shorten_middle
from envctl.cli.render.values.hcl_text import format_hcl
from envctl.cli.render.values.nested_diff import format_value_lines
from envctl.cli.render.values.value_diff import format_change, shorten_value
from envctl.cli.render.words.plan.attributes import describe_omitted, group_attributes, list_known_attributes
from envctl.domain.plan.changes import AttributeChange

MAX_NEW = 8
MAX_CHANGED = 24


def show_all_values(attributes: Sequence[AttributeChange], out: Console) -> None:
    """Print each known attribute of a new resource whole: a value that does not fit beside its path is a block."""
    known = list_known_attributes(attributes)
    width = measure_path_width((attribute.path for attribute in known), out)
    for attribute in known:
        text = format_hcl(attribute.after)
        if cell_len(text) <= measure_value_room(width, out):
            show_attribute(attribute.path, width, text, [], out)
        else:
            show_attribute(attribute.path, width, "", [], out)
            for line in format_value_lines(attribute.after):
                print_text(out, line, indent=8)


def show_new_attributes(attributes: Sequence[AttributeChange], out: Console) -> None:
    known = list_known_attributes(attributes)
    # False, empty and zero values come last and are left out first.
    telling = sorted(known, key=lambda attribute: attribute.after in (False, "", 0))
    shown = {attribute.path for attribute in (telling if len(known) <= MAX_NEW + 1 else telling[:MAX_NEW])}
    kept = [attribute for attribute in known if attribute.path in shown]
    width = measure_path_width((attribute.path for attribute in kept), out)
    for attribute in kept:
        show_attribute(attribute.path, width, shorten_value(attribute.after, measure_value_room(width, out)), [], out)
    if left := len(known) - len(kept):
        print_text(out, (f"… and {left} more", "dim"), indent=6)


def show_changed_attributes(attributes: Sequence[AttributeChange], out: Console) -> None:
    groups = group_attributes(attributes)
    kept = [*groups.forced, *groups.rest][: max(MAX_CHANGED, len(groups.forced))] or groups.later[:MAX_NEW]
    # A change that does not fit beside its path becomes a block, and needs no aligned path.
    beside = (a for a in kept if format_change(a.before, a.after, out.width - 24, out.width)[0])
    width = measure_path_width((attribute.path for attribute in beside), out)
    for attribute in kept:
        change = format_change(attribute.before, attribute.after, measure_value_room(width, out), out.width - 10)
        show_attribute(attribute.path, width, *change, out, forces=attribute.forces_replacement)
    print_rest(out, len(groups.forced) + len(groups.rest) - len(kept), indent=6)
    later = len([attribute for attribute in groups.later if attribute not in kept])
    for remark in describe_omitted(later, groups.emptied):
        print_text(out, (f"… and {remark}", "dim"), indent=6)


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
        print_nowrap(out, each, indent=8)
    if forces and not beside:
        print_nowrap(out, mark, indent=8)


def measure_value_room(width: int, out: Console) -> int:
    return max(12, out.width - 6 - width - 2)


def measure_path_width(paths: Iterable[str], out: Console) -> int:
    return measure_width(paths, max(16, out.width // 2))
