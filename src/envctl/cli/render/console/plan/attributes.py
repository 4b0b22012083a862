"""What an operator has to know of the attributes of one resource: the new ones, or those that become others."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.text import joined, padded, plain, say, shortened, whole, widest
from envctl.cli.render.values.list_elements import gathered
from envctl.cli.render.values.value_diff import brief, from_to
from envctl.domain.plan.changes import AttributeChange, Marker

ATTRIBUTES = 8
CHANGED = 24


def created(attributes: Sequence[AttributeChange], out: Console) -> None:
    known = known_now(attributes)
    # What is off or empty is seldom what a reader looks for.
    telling = sorted(known, key=lambda attribute: attribute.after in (False, "", 0))
    shown = {attribute.path for attribute in (telling if len(known) <= ATTRIBUTES + 1 else telling[:ATTRIBUTES])}
    kept = [attribute for attribute in known if attribute.path in shown]
    width = path_width((attribute.path for attribute in kept), out)
    for attribute in kept:
        line(attribute.path, width, brief(attribute.after, room_beside(width, out)), [], out)
    _rest(len(known) - len(kept), out)


def changed(attributes: Sequence[AttributeChange], out: Console) -> None:
    told = told_apart(attributes)
    kept = [*told.forced, *told.rest][: max(CHANGED, len(told.forced))] or told.later[:ATTRIBUTES]
    width = path_width((attribute.path for attribute in kept if _beside_its_path(attribute, out)), out)
    for attribute in kept:
        change = from_to(attribute.before, attribute.after, room_beside(width, out), out.width - 10)
        line(attribute.path, width, *change, out, forces=attribute.forces_replacement)
    left = len(told.forced) + len(told.rest) - len(kept)
    if left > 0:
        say(out, plain(f"… and {left} more: --json has them all", "dim"), 6)
    later = len([attribute for attribute in told.later if attribute not in kept])
    for remark in uncounted(later, told.emptied):
        say(out, plain(f"… and {remark}", "dim"), 6)


def uncounted(later: int, emptied: int) -> Iterator[str]:
    """What is told by number alone."""
    if later:
        yield f"{counted(later, 'attribute')} known after apply"
    if emptied:
        yield f"{counted(emptied, 'attribute')} that {'was' if emptied == 1 else 'were'} off or empty"


def known_now(attributes: Sequence[AttributeChange]) -> list[AttributeChange]:
    """Of something new: what it will be, without what only the provider knows and what says it all again."""
    known = (a for a in attributes if a.after is not None and not known_later(a.after) and not _repeated(a, ()))
    return list(gathered(known))


@dataclass(frozen=True)
class ToldApart:
    """What forces a replacement, what else changes, what is only computed anew, and how many were off or empty and are
    not set any more: the cause of a change must not drown in that.
    """

    forced: list[AttributeChange]
    rest: list[AttributeChange]
    later: list[AttributeChange]
    emptied: int


def told_apart(attributes: Sequence[AttributeChange]) -> ToldApart:
    all_of_them = list(gathered(own(attributes)))
    told = [a for a in all_of_them if a.forces_replacement or not _emptied(a)]
    forced = [a for a in told if a.forces_replacement]
    later = [a for a in told if known_later(a.after) and not a.forces_replacement]
    rest = [a for a in told if a not in forced and a not in later]
    return ToldApart(forced, rest, later, len(all_of_them) - len(told))


def _emptied(attribute: AttributeChange) -> bool:
    """Providers store what nobody has set as off or empty, and do not plan it. Zero may well be a port."""
    return attribute.after is None and (attribute.before is False or attribute.before == "")


def _beside_its_path(attribute: AttributeChange, out: Console) -> bool:
    """Whether there is a chance to tell it in one line. What takes a block has its path for itself."""
    told, _ = from_to(attribute.before, attribute.after, out.width - 24, out.width)
    return bool(told)


def own(attributes: Sequence[AttributeChange]) -> list[AttributeChange]:
    """Without those that only say again what others say."""
    return [attribute for attribute in attributes if not _repeated(attribute, attributes)]


def line(path: str, width: int, told: str, block: Sequence[str], out: Console, *, forces: bool = False) -> None:
    name = padded(shortened(path, width), width) if told else path
    text = joined("      ", (name, "cyan"), "  ", told)
    mark = Text("forces replacement", "bold red")
    beside = text.cell_len + 3 + mark.cell_len <= out.width
    text.rstrip()
    whole(out, text.append("   ").append_text(mark) if forces and beside else text)
    for each in block:
        whole(out, each, 8)
    if forces and not beside:
        whole(out, mark, 8)


def room_beside(width: int, out: Console) -> int:
    return max(12, out.width - 6 - width - 2)


def path_width(paths: Iterable[str], out: Console) -> int:
    return widest(paths, max(16, out.width // 2))


def _rest(number: int, out: Console) -> None:
    if number:
        say(out, plain(f"… and {number} more", "dim"), 6)


def known_later(value: object) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(known_later(item) for item in value)
    return value is Marker.UNKNOWN


def _repeated(attribute: AttributeChange, others: Sequence[AttributeChange]) -> bool:
    """`tags_all` says again what `tags` says, together with the tags that every resource gets."""
    if not attribute.path.startswith("tags_all"):
        return False
    if attribute.before is None and not others:
        return True
    twin = attribute.path.replace("tags_all", "tags", 1)
    return any((o.path, o.before, o.after) == (twin, attribute.before, attribute.after) for o in others)
