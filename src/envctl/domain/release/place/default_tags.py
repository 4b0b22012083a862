"""The default tags of a stack, and tags in its code that AWS or its provider refuses beside them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from envctl.domain.errors import Location, Problem
from envctl.domain.plan.tag_keys import CASE_INSENSITIVE_PREFIX, are_all_default, find_similar_keys
from envctl.domain.release.place.environment_place import Place
from envctl.domain.release.wiring import Wiring


class ComputedValue(Enum):
    """A placeholder for a value that code computes."""

    COMPUTED = "computed"


COMPUTED = ComputedValue.COMPUTED


@dataclass(frozen=True)
class FromVariable:
    """A value that is a variable of the module."""

    name: str


@dataclass(frozen=True, kw_only=True)
class ResourceTags:
    """The tags of a resource that is created in any case: without `count` and `for_each`."""

    type: str  # its type, such as `aws_iam_role`
    location: Location
    # Literal keys, each with its literal value, a FromVariable or COMPUTED.
    tags: Mapping[str, object] = field(default_factory=dict)
    lines: Mapping[str, Location] = field(default_factory=dict)  # the line of each key
    variables: tuple[str, ...] = ()  # variables that are maps of further tags
    is_complete: bool = True  # no other part of the expression can add tags
    is_called: bool = False  # it is in a module called by that of the stack: its variables are no settings


@dataclass(frozen=True)
class StackTags:
    """What is known of the tags of a stack in one environment."""

    stack: str
    default: Mapping[str, object]  # default tags of its AWS provider
    arguments: Mapping[str, object] = field(default_factory=dict)  # its settings
    locations: Mapping[str, Location] = field(default_factory=dict)  # the lines of its settings
    has_merging_provider: bool = True  # the locked AWS provider accepts tags equal to default tags


def list_default_tags(wiring: Wiring, place: Place, stack: str) -> dict[str, str]:
    # Never the release: each promotion would change every resource.
    return {"project": wiring.project, "environment": place.environment, "stack": stack, "managed_by": "envctl"}


def describe_tag_conflicts(found: Sequence[ResourceTags], known: StackTags) -> Iterator[Problem]:
    """Yield a problem (E186) for each resource with tags that can't stand beside the default tags."""
    section = f"[stacks.{known.stack}]"
    for each in found if known.default else ():
        tags, lines = _resolve_tags(each, known)
        if each.type.startswith(CASE_INSENSITIVE_PREFIX):
            for key in tags:
                if similar := find_similar_keys([*known.default, key]):
                    message = f"IAM refuses the tag {key} beside the default tag {similar[0]}: its keys have no case"
                    hint = f"write {similar[0]} in place of {key}, or set default_tags = false in {section}"
                    yield Problem("E186", message, hint, lines.get(key, each.location))
        if not known.has_merging_provider and each.is_complete and are_all_default(tags, known.default):
            message = f"the AWS provider before version 5 refuses tags that are all default tags: {', '.join(tags)}"
            hint = f"remove the tags, or set default_tags = false in {section}"
            yield Problem("E186", message, hint, each.location)


def _resolve_tags(each: ResourceTags, known: StackTags) -> tuple[dict[str, object], dict[str, Location]]:
    """Return the tags with the values of settings, and the line of each."""
    tags, lines = dict(each.tags), dict(each.lines)
    if each.is_called:
        return tags, lines
    for name in each.variables:
        value = known.arguments.get(name)
        for key, item in value.items() if isinstance(value, Mapping) else ():
            tags.setdefault(str(key), item)
            if str(key) not in lines and name in known.locations:
                lines[str(key)] = known.locations[name]
    for key, item in tags.items():
        if isinstance(item, FromVariable):
            tags[key] = known.arguments.get(item.name, COMPUTED)
    return tags, lines
