"""Values as HCL, on one line or over several."""

from collections.abc import Iterator, Mapping

from envctl.cli.render.text.escapes import escape_text
from envctl.domain.plan.changes import Marker
from envctl.domain.terraform.literals import format_literal


def format_hcl(value: object) -> str:
    """Format a value as HCL on one line. A marker of a hidden value stays unquoted, unlike a string."""
    match value:
        case Marker():
            return value.value
        case Mapping():
            return f"{{{', '.join(f'{_format_key(key)} = {format_hcl(item)}' for key, item in value.items())}}}"
        case list() | tuple():
            return f"[{', '.join(format_hcl(item) for item in value)}]"
        case _:
            return escape_text(format_literal(value))


def _format_key(key: object) -> str:
    return escape_text(format_literal({str(key): None})[1 : -len(" = null}")])


def format_hcl_lines(value: object, key: str = "") -> Iterator[str]:
    """Format a value with one item per line and no commas: a new item changes no other line."""
    lead = f"{key} = " if key else ""
    match value:
        case Mapping() if value:
            yield f"{lead}{{"
            yield from (
                f"  {line}" for name, item in value.items() for line in format_hcl_lines(item, _format_key(name))
            )
            yield "}"
        case list() | tuple() if value:
            yield f"{lead}["
            yield from (f"  {line}" for item in value for line in format_hcl_lines(item))
            yield "]"
        case _:
            yield lead + format_hcl(value)
