"""The attributes of a resource as lines of a diff, colored by GitHub."""

from collections.abc import Iterator, Sequence
from hashlib import sha256

from envctl.cli.render.markdown.page.budget import MAX_PIECE_SIZE, count_utf16
from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.text.sentences import format_count
from envctl.cli.render.text.widths import measure_width, pad_text, shorten_middle
from envctl.cli.render.values import nested_diff
from envctl.cli.render.values.hcl_text import format_hcl
from envctl.cli.render.words.plan.attributes import describe_omitted, group_attributes, list_known_attributes
from envctl.domain.plan.changes import Action, AttributeChange, Marker, ResourceChange

# Larger values are replaced by a digest.
MAX_VALUE_SIZE = 2_000
MAX_ATTRIBUTE_SIZE = 6_000
# Values are aligned behind paths up to this width.
MAX_PATH_COLUMN = 48
MAX_PATH_WIDTH = 200
# Beside a digest, a shorter side is still shown.
MAX_BRIEF_SIZE = 600
# Attributes listed if all changed values are unknown until apply.
MAX_NAMED = 8


def render_attributes(resource: ResourceChange) -> list[str]:
    match resource.action:
        case Action.DELETE | Action.FORGET:
            return []
        case Action.CREATE | Action.IMPORT | Action.READ | Action.INVOKE:
            return render_within_budget(list_known_attributes(resource.attributes))
        case _:
            groups = group_attributes(resource.attributes)
            shown = [*groups.forced, *groups.rest]
            named = [] if shown else groups.later[:MAX_NAMED]
            rest = describe_omitted(len(groups.later) - len(named), groups.emptied)
            return [*render_within_budget(shown or named), *(f"# and {remark}" for remark in rest)]


def render_within_budget(changes: Sequence[AttributeChange]) -> list[str]:
    """Return the attributes up to the size limit of a resource, and the number of omitted ones."""
    width = measure_width((attribute.path for attribute in changes), MAX_PATH_COLUMN)
    shown: list[str] = []
    room = MAX_PIECE_SIZE - 1_000
    for number, attribute in enumerate(changes):
        lines = render_attribute(attribute, width)
        room -= count_utf16("\n".join(lines)) + 1
        if room < 0:
            return [*shown, f"# … and {format_count(len(changes) - number, 'more attribute')}"]
        shown += lines
    return shown


def render_attribute(attribute: AttributeChange, width: int) -> list[str]:
    lines = list(_render_values(attribute, width))
    if any(count_utf16(line) > MAX_VALUE_SIZE for line in lines) or count_utf16("\n".join(lines)) > MAX_ATTRIBUTE_SIZE:
        return list(_render_sides(attribute, width, brief=True))
    return lines


def _render_values(attribute: AttributeChange, width: int) -> Iterator[str]:
    nested = nested_diff.diff_contents(attribute.before, attribute.after)
    if not nested:
        yield from _render_sides(attribute, width)
        return
    extent = nested_diff.format_line_counts(attribute.before, attribute.after)
    path, note = shorten_middle(to_one_line(attribute.path), MAX_PATH_WIDTH), _format_replacement_note(attribute)
    yield f"! {path}{f' {extent}' if extent else ''}{note}"
    yield from (f"{line.sign.replace('…', ' ')}   {line.text_with_path or line.sign}" for line in nested)


def _render_sides(attribute: AttributeChange, width: int, *, brief: bool = False) -> Iterator[str]:
    path = pad_text(shorten_middle(to_one_line(attribute.path), MAX_PATH_WIDTH), width)
    if attribute.before is attribute.after is Marker.SENSITIVE:
        yield f"! {path} = {Marker.SENSITIVE.value}, changed{_format_replacement_note(attribute)}"
        return
    sides = [(sign, side) for sign, side in (("-", attribute.before), ("+", attribute.after)) if side is not None]
    hidden = any(isinstance(side, Marker) for _, side in sides)
    for number, (sign, side) in enumerate(sides, 1):
        mark = _format_replacement_note(attribute) if number == len(sides) else ""
        # With one side unknown or sensitive, only the size of the other: its lines may stay.
        line_count = nested_diff.format_line_count(side) if hidden else ""
        shown = line_count or (_format_brief_value(side) if brief else "")
        lines = [shown] if shown else nested_diff.format_value_lines(side)
        if len(lines) == 1:
            yield f"{sign} {path} = {lines[0]}{mark}"
        else:
            yield f"{sign} {path} ={mark}"
            yield from (f"{sign}   {line}" for line in lines)


def _format_brief_value(value: object) -> str:
    """Return the value; of one too long to be shown, the length and hash."""
    text = value if isinstance(value, str) else format_hcl(value)
    if count_utf16(text) <= MAX_BRIEF_SIZE:
        return format_hcl(value)
    return f"({len(text):,} characters, sha256 {sha256(text.encode(errors='surrogatepass')).hexdigest()[:12]})"


def _format_replacement_note(attribute: AttributeChange) -> str:
    return "  # forces replacement" if attribute.forces_replacement else ""
