"""Values in HCL, as a person would write them: on one line, or spread over several."""

from collections.abc import Iterator, Mapping

from envctl.cli.render.terminal.text import visible
from envctl.domain.plan.changes import Marker
from envctl.domain.terraform.literals import literal


def spelt(value: object) -> str:
    """In HCL, on one line. What stands for a hidden value is not quoted, so that it can't be taken for a value."""
    match value:
        case Marker():
            return value.value
        case Mapping():
            return f"{{{', '.join(f'{_key(key)} = {spelt(item)}' for key, item in value.items())}}}"
        case list() | tuple():
            return f"[{', '.join(spelt(item) for item in value)}]"
        case _:
            return visible(literal(value))


def _key(key: object) -> str:
    return visible(literal({str(key): None})[1 : -len(" = null}")])


def spread(value: object, key: str = "") -> Iterator[str]:
    """With an item on each line, and no commas: so that one more item changes no other line."""
    lead = f"{key} = " if key else ""
    match value:
        case Mapping() if value:
            yield f"{lead}{{"
            yield from (f"  {line}" for name, item in value.items() for line in spread(item, _key(name)))
            yield "}"
        case list() | tuple() if value:
            yield f"{lead}["
            yield from (f"  {line}" for item in value for line in spread(item))
            yield "]"
        case _:
            yield lead + spelt(value)
