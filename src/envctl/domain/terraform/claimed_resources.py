"""Resources in the states of two stacks: each stack would undo the changes of the other, and could delete them."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

UNIQUE_ID = re.compile(r"(?:[a-z]+-)+[0-9a-f]{8,}|arn:.*|https?://.*|/subscriptions/.*|projects/.*")
"""Identifiers with one meaning in the whole cloud. Others, such as names of permissions, are used many times."""
Instance = tuple[str, str, Mapping[str, object]]
"""A resource in a state: its address, its type and its attributes."""


@dataclass(frozen=True, order=True)
class HeldResource:
    """A resource in a state: its type, its unique identifier, its address, and its `id`."""

    type: str
    identity: str
    address: str
    id: str = ""


@dataclass(frozen=True)
class SharedResource:
    """A resource in the states of two stacks."""

    identity: str
    first: tuple[str, str]  # stack and address
    second: tuple[str, str]


def list_held_resources(instances: Iterable[Instance]) -> tuple[HeldResource, ...]:
    """Return the resources with an id unique in the cloud."""
    found = []
    for address, type_, values in instances:
        texts = [text for key in ("arn", "id") if isinstance(text := values.get(key), str)]
        if identity := next((text for text in texts if UNIQUE_ID.fullmatch(text)), ""):
            found.append(HeldResource(type_, identity, address, str(values.get("id", ""))))
    return tuple(found)


def list_instances(state: bytes) -> tuple[Instance, ...]:
    """Return the managed resources of a state. Raises ValueError for other bytes."""
    if not state:
        return ()
    try:
        return tuple(_walk_instances(json.loads(state)))
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a Terraform state: {error}") from error


def _walk_instances(document: Mapping[str, object]) -> Iterator[Instance]:
    resources = document.get("resources")
    for raw in resources if isinstance(resources, list) else ():
        if not isinstance(raw, Mapping) or raw.get("mode") != "managed":
            continue
        address = ".".join(part for part in (raw.get("module"), raw["type"], raw["name"]) if part)
        for instance in raw.get("instances") or ():
            key = f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else ""
            yield f"{address}{key}", raw["type"], instance.get("attributes") or {}


def find_shared_resources(held: Mapping[str, tuple[HeldResource, ...]]) -> tuple[SharedResource, ...]:
    """Return each resource that the states of two stacks hold. `held` is keyed by stack."""
    known: dict[tuple[str, str], tuple[str, str]] = {}
    found = []
    for stack, resources in held.items():
        for each in resources:
            first = known.setdefault((each.type, each.identity), (stack, each.address))
            if first[0] != stack:
                found.append(SharedResource(each.identity, first, (stack, each.address)))
    return tuple(found)


def find_imported_resources(
    held: Mapping[str, tuple[HeldResource, ...]], imports: Iterable[tuple[str, HeldResource]]
) -> tuple[SharedResource, ...]:
    """Return each resource that one stack imports and another one holds. Each import is a stack and its resource."""
    return tuple(
        SharedResource(wanted.identity, (stack, each.address), (importer, wanted.address))
        for importer, wanted in imports
        for stack, resources in held.items()
        for each in resources
        if stack != importer and each.type == wanted.type and wanted.identity in (each.identity, each.id)
    )
