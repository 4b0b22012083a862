"""The attributes of one resource as lines of a diff, which GitHub colours."""

from collections.abc import Iterator, Sequence
from hashlib import sha256

from envctl.cli.render.attributes import known_now, told_apart
from envctl.cli.render.insides import extent, inside, whole
from envctl.cli.render.line import counted
from envctl.cli.render.markdown.budget import LARGEST, size
from envctl.cli.render.spelling import spelt
from envctl.cli.render.text import one_line, padded, shortened, widest
from envctl.domain.changes import Action, AttributeChange, Marker, ResourceChange

# More of one value nobody reads in a comment.
LONGEST_VALUE = 2_000
LONGEST_ATTRIBUTE = 6_000
# Longer paths have their value further to the right than the others.
PATHS = 48
LONGEST_PATH = 200
# The other side of a long value is told all the same.
SHORT = 600
NOTHING = (Action.DELETE, Action.FORGET)


def attributes(resource: ResourceChange) -> list[str]:
    """As many whole attributes as one resource may take, and how many more there are."""
    if resource.action in NOTHING:
        return []
    kept, later = _told(resource)
    width = widest((attribute.path for attribute in kept), PATHS)
    shown: list[str] = []
    room = LARGEST - 1_000
    for number, attribute in enumerate(kept):
        lines = attribute_lines(attribute, width)
        room -= size("\n".join(lines)) + 1
        if room < 0:
            return [*shown, f"# … and {counted(len(kept) - number, 'more attribute')}"]
        shown += lines
    return [*shown, *([f"# and {counted(later, 'attribute')} known after apply"] if later else [])]


def attribute_lines(attribute: AttributeChange, width: int) -> list[str]:
    lines = list(_lines(attribute, width))
    if any(size(line) > LONGEST_VALUE for line in lines) or size("\n".join(lines)) > LONGEST_ATTRIBUTE:
        return list(_sides(attribute, width, brief=True))
    return lines


def _told(resource: ResourceChange) -> tuple[Sequence[AttributeChange], int]:
    """The attributes to show, and how many are only known after the apply."""
    if resource.action in (Action.CREATE, Action.IMPORT, Action.READ):
        return known_now(resource.attributes), 0
    forced, rest, later = told_apart(resource.attributes)
    return [*forced, *rest], len(later)


def _lines(attribute: AttributeChange, width: int) -> Iterator[str]:
    within = inside(attribute.before, attribute.after)
    if not within:
        yield from _sides(attribute, width)
        return
    one, other = extent(attribute.before), extent(attribute.after)
    told = f" {one[:-1]} → {other[1:]}" if one and other else ""
    yield f"! {_path(attribute)}{told}{_forces(attribute)}"
    yield from (f"{line.sign.replace('…', ' ')}   {line.told or line.sign}" for line in within)


def _sides(attribute: AttributeChange, width: int, *, brief: bool = False) -> Iterator[str]:
    path = padded(_path(attribute), width)
    if attribute.before is attribute.after is Marker.SENSITIVE:
        yield f"! {path} = {Marker.SENSITIVE.value}, and other than before{_forces(attribute)}"
        return
    sides = [(sign, side) for sign, side in (("-", attribute.before), ("+", attribute.after)) if side is not None]
    for number, (sign, side) in enumerate(sides, 1):
        mark = _forces(attribute) if number == len(sides) else ""
        lines = [_digest(side)] if brief else whole(side)
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
