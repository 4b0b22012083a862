"""The attributes of one resource as lines of a diff, which GitHub colours."""

from collections.abc import Iterator, Sequence
from hashlib import sha256

from envctl.cli.render.console.plan.attributes import ToldApart, known_now, told_apart, uncounted
from envctl.cli.render.markdown.page.budget import LARGEST, size
from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.text import one_line, padded, shortened, widest
from envctl.cli.render.values.hcl_text import spelt
from envctl.cli.render.values.nested_diff import extent, extents, inside, whole
from envctl.domain.plan.changes import Action, AttributeChange, Marker, ResourceChange

# More of one value nobody reads in a comment.
LONGEST_VALUE = 2_000
LONGEST_ATTRIBUTE = 6_000
# Longer paths have their value further to the right than the others.
PATHS = 48
LONGEST_PATH = 200
# The other side of a long value is told all the same.
SHORT = 600
# Where nothing but what is known later changes.
NAMED = 8


def attributes(resource: ResourceChange) -> list[str]:
    """As many whole attributes as one resource may take, and how many more there are."""
    match resource.action:
        case Action.DELETE | Action.FORGET:
            return []
        case Action.CREATE | Action.IMPORT | Action.READ | Action.INVOKE:
            return _within(known_now(resource.attributes))
        case _:
            return _changed(told_apart(resource.attributes))


def forcing(resource: ResourceChange) -> list[str]:
    """Only what forces its replacement."""
    return _within(told_apart(resource.attributes).forced)


def changes_more(resource: ResourceChange) -> bool:
    """Whether there is anything to tell of a replacement beyond what forces it."""
    return bool(told_apart(resource.attributes).rest)


def _changed(told: ToldApart) -> list[str]:
    kept = [*told.forced, *told.rest]
    named = [] if kept else told.later[:NAMED]
    rest = uncounted(len(told.later) - len(named), told.emptied)
    return [*_within(kept or named), *(f"# and {remark}" for remark in rest)]


def _within(kept: Sequence[AttributeChange]) -> list[str]:
    width = widest((attribute.path for attribute in kept), PATHS)
    shown: list[str] = []
    room = LARGEST - 1_000
    for number, attribute in enumerate(kept):
        lines = attribute_lines(attribute, width)
        room -= size("\n".join(lines)) + 1
        if room < 0:
            return [*shown, f"# … and {counted(len(kept) - number, 'more attribute')}"]
        shown += lines
    return shown


def attribute_lines(attribute: AttributeChange, width: int) -> list[str]:
    lines = list(_lines(attribute, width))
    if any(size(line) > LONGEST_VALUE for line in lines) or size("\n".join(lines)) > LONGEST_ATTRIBUTE:
        return list(_sides(attribute, width, brief=True))
    return lines


def _lines(attribute: AttributeChange, width: int) -> Iterator[str]:
    within = inside(attribute.before, attribute.after)
    if not within:
        yield from _sides(attribute, width)
        return
    told = extents(attribute.before, attribute.after)
    yield f"! {_path(attribute)}{f' {told}' if told else ''}{_forces(attribute)}"
    yield from (f"{line.sign.replace('…', ' ')}   {line.told or line.sign}" for line in within)


def _sides(attribute: AttributeChange, width: int, *, brief: bool = False) -> Iterator[str]:
    path = padded(_path(attribute), width)
    if attribute.before is attribute.after is Marker.SENSITIVE:
        yield f"! {path} = {Marker.SENSITIVE.value}, and other than before{_forces(attribute)}"
        return
    sides = [(sign, side) for sign, side in (("-", attribute.before), ("+", attribute.after)) if side is not None]
    hidden = any(isinstance(side, Marker) for _, side in sides)
    for number, (sign, side) in enumerate(sides, 1):
        mark = _forces(attribute) if number == len(sides) else ""
        # That all its lines go would be a lie where nobody knows yet which of them come again.
        counted_alone = [extent(side)] if hidden and extent(side) else []
        lines = counted_alone or ([_digest(side)] if brief else whole(side))
        if len(lines) == 1:
            yield f"{sign} {path} = {lines[0]}{mark}"
        else:
            yield f"{sign} {path} ={mark}"
            yield from (f"{sign}   {line}" for line in lines)


def _path(attribute: AttributeChange) -> str:
    return shortened(one_line(attribute.path), LONGEST_PATH)


def digest(text: str) -> str:
    """In place of a value that is too long to be shown: two that differ are seen to."""
    return f"({len(text):,} characters, sha256 {sha256(text.encode(errors='surrogatepass')).hexdigest()[:12]})"


def _digest(value: object) -> str:
    text = value if isinstance(value, str) else spelt(value)
    return spelt(value) if size(text) <= SHORT else digest(text)


def _forces(attribute: AttributeChange) -> str:
    return "  # forces replacement" if attribute.forces_replacement else ""
