"""Attributes of a resource: which ones to show, by relevance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from envctl.cli.render.text.sentences import format_count
from envctl.cli.render.values.json_documents import merge_list_elements
from envctl.domain.plan.changes import AttributeChange, Marker


def describe_omitted(later: int, emptied: int) -> Iterator[str]:
    if later:
        yield f"{format_count(later, 'attribute')} known after apply"
    if emptied:
        yield f"{format_count(emptied, 'attribute')} off or empty before"


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
    # Providers store many attributes that are not set as false or empty. Zero may be a port.
    blank = [a for a in merged if a.after is None and (a.before is False or a.before == "")]
    relevant = [a for a in merged if a.forces_replacement or a not in blank]
    forced = [a for a in relevant if a.forces_replacement]
    later = [a for a in relevant if is_unknown(a.after) and not a.forces_replacement]
    rest = [a for a in relevant if a not in forced and a not in later]
    return AttributeGroups(forced, rest, later, len(merged) - len(relevant))


def drop_repeated(attributes: Sequence[AttributeChange]) -> list[AttributeChange]:
    return [attribute for attribute in attributes if not _is_repeated(attribute, attributes)]


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
