"""`metadata.managedFields`: the owners of the fields of an object.

Source: k8s.io/apimachinery v0.36.2, pkg/util/managedfields/internal/managedfields.go (DecodeManagedFields,
sortEncodedManagedFields, BuildManagerIdentifier), pkg/util/managedfields/internal/stripmeta.go (stripFields).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from kube_api_emulator.server.rules.field_sets import (
    FieldPath,
    FieldSet,
    from_fields_v1,
    remove_below,
    to_fields_v1,
)
from kube_api_emulator.server.rules.structured_merge import Comparison, StructuredMerge

Operation = Literal["Apply", "Update"]

BEFORE_FIRST_APPLY = "before-first-apply"
"""The owner of what was there before an object had managed fields."""
_ANCIENT = "ancient-changes"
_MOST_UPDATERS = 10
_UNOWNED: FieldSet = frozenset(
    {
        ("f:apiVersion",),
        ("f:kind",),
        ("f:metadata",),
        *(
            ("f:metadata", f"f:{name}")
            for name in ("name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields")
        ),
        ("f:metadata", "f:resourceVersion"),
    }
)


class Manager(NamedTuple):
    """An owner of fields.

    Attributes:
        api_version: that of the fields; no part of the identity of an applier.
        subresource: of the request; empty for the object itself.
    """

    name: str
    operation: Operation
    api_version: str
    subresource: str = ""

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """The identity of a manager: equal for all of its entries."""
        version = "" if self.operation == "Apply" else self.api_version
        return self.name, self.operation, version, self.subresource


@dataclass
class Ownership:
    """The owners of an object's fields, with the times of their last changes."""

    fields: dict[Manager, FieldSet] = field(default_factory=dict)
    times: dict[Manager, str] = field(default_factory=dict)

    def find(self, manager: Manager) -> Manager:
        """Return the manager as it is known here, perhaps with an earlier API version."""
        return next((each for each in self.fields if each.identity == manager.identity), manager)

    def copy(self) -> "Ownership":
        return Ownership(dict(self.fields), dict(self.times))

    def put(self, manager: Manager, fields: FieldSet, time: str | None) -> None:
        """Set the fields of a manager; an empty set removes it. Without a time, its last time stays."""
        known = self.find(manager)
        self.fields.pop(known, None)
        last = self.times.pop(known, "")
        if fields:
            self.fields[manager] = fields
            self.times[manager] = time or last

    def take(self, fields: Iterable[FieldPath], keeper: Manager | None = None) -> None:
        """Take fields from all managers but one. A manager without fields is removed."""
        taken = frozenset(fields)
        for manager in list(self.fields):
            if manager != keeper:
                self.fields[manager] -= taken
                if not self.fields[manager]:
                    del self.fields[manager]


def read_ownership(entries: object) -> Ownership:
    """Return the owners in `managedFields`."""
    ownership = Ownership()
    for entry in entries if isinstance(entries, list) else ():
        if not entry.get("operation"):
            continue
        manager = Manager(
            entry.get("manager", ""), entry["operation"], entry.get("apiVersion", ""), entry.get("subresource", "")
        )
        known = ownership.fields.get(manager, frozenset())
        ownership.fields[manager] = known | from_fields_v1(entry.get("fieldsV1") or {})
        ownership.times[manager] = entry.get("time") or ""
    return ownership


def write_ownership(ownership: Ownership) -> list[dict[str, Any]]:
    """Return `managedFields`: appliers first, then by time."""
    entries = []
    for manager, fields in ownership.fields.items():
        entry = {
            "manager": manager.name,
            "operation": manager.operation,
            "apiVersion": manager.api_version,
            "time": ownership.times.get(manager, ""),
            "fieldsType": "FieldsV1",
            "fieldsV1": to_fields_v1(fields),
        }
        entries.append(entry | ({"subresource": manager.subresource} if manager.subresource else {}))
    return sorted(entries, key=_rank_entry)


def _rank_entry(entry: Mapping[str, Any]) -> tuple[str, ...]:
    names = ("operation", "time", "manager", "apiVersion", "subresource")
    return tuple(str(entry.get(name, "")) for name in names)


def set_ownership(item: dict[str, Any], ownership: Ownership) -> None:
    """Write the owners into the metadata of an object."""
    entries = write_ownership(ownership)
    item["metadata"].pop("managedFields", None)
    if entries:
        item["metadata"]["managedFields"] = entries


def drop_unowned(fields: FieldSet, ignored: Iterable[FieldPath] = ()) -> FieldSet:
    """Return the set without ignored fields and without the metadata that the server writes."""
    return remove_below(fields - _UNOWNED, ignored)


def track_update(
    merge: StructuredMerge,
    ownership: Ownership,
    manager: Manager,
    before: object,
    after: object,
    *,
    time: str,
    ignored: tuple[FieldPath, ...] = (),
) -> None:
    """Give a manager the fields that its update has changed, and take them from all others."""
    changes = merge.compare(before, after)
    changes.leave_out(ignored)
    changed = changes.added | changes.modified
    ownership.take(changed | changes.removed)
    gained = drop_unowned(frozenset(changed))
    if gained:
        known = ownership.fields.get(ownership.find(manager), frozenset())
        ownership.put(manager, known | gained, time)
    _join_old_updaters(ownership)


def _join_old_updaters(ownership: Ownership) -> None:
    """Join the entries of the oldest updates, as the server keeps ten of them."""
    updaters = [each for each in ownership.fields if each.operation == "Update" and not each.subresource]
    excess = len(updaters) - _MOST_UPDATERS
    if excess <= 0:
        return
    for old in sorted(updaters, key=lambda each: (ownership.times.get(each, ""), each.name))[: excess + 1]:
        ancient = Manager(_ANCIENT, "Update", old.api_version)
        known = ownership.fields.get(ancient, frozenset())
        fields, time = ownership.fields.pop(old), ownership.times.get(old, "")
        ownership.fields[ancient] = known | fields
        ownership.times[ancient] = max(time, ownership.times.get(ancient, ""))


def find_conflicts(ownership: Ownership, manager: Manager, changes: Comparison) -> dict[Manager, FieldSet]:
    """Return the fields of other managers that a change gives another value."""
    changed = changes.added | changes.modified
    own = ownership.find(manager)
    found = {each: fields & changed for each, fields in ownership.fields.items() if each != own}
    return {each: frozenset(fields) for each, fields in found.items() if fields}
