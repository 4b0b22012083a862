"""Server-side apply: merge a configuration into an object, and keep the owners of its fields.

Source: k8s.io/apimachinery v0.36.2, pkg/util/managedfields/internal/structuredmerge.go (Apply),
pkg/util/managedfields/internal/lastappliedmanager.go (allowedConflictsFromLastApplied).
"""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kube_api_emulator.server.rules.content_errors import ContentError
from kube_api_emulator.server.rules.field_sets import FieldPath, FieldSet, format_field_path, sort_paths
from kube_api_emulator.server.rules.managed_fields import (
    BEFORE_FIRST_APPLY,
    Manager,
    Ownership,
    drop_unowned,
    find_conflicts,
    read_ownership,
    set_ownership,
    track_update,
)
from kube_api_emulator.server.rules.structured_merge import StructuredMerge

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True)
class ApplyRequest:
    """An apply of one manager.

    Attributes:
        empty: a new object without content, as the server makes it before a create.
        ignored: fields that this request can't change.
    """

    manager: Manager
    time: str
    is_forced: bool
    empty: Mapping[str, Any]
    ignored: tuple[FieldPath, ...] = ()


def apply_configuration(
    merge: StructuredMerge,
    live: Mapping[str, Any] | None,
    config: Mapping[str, Any],
    request: ApplyRequest,
) -> dict[str, Any]:
    """Return the object with the configuration and its owners, before defaults. Raises ContentError 400, 409."""
    if (config.get("metadata") or {}).get("managedFields") is not None:
        raise ContentError(400, "BadRequest", "metadata.managedFields must be nil")
    before = _strip_ownership(live if live is not None else request.empty)
    ownership = read_ownership(((live or {}).get("metadata") or {}).get("managedFields"))
    if live is not None and not ownership.fields:
        earlier = Manager(BEFORE_FIRST_APPLY, "Update", request.manager.api_version)
        track_update(merge, ownership, earlier, request.empty, before, time=request.time, ignored=request.ignored)
    try:
        merged, owners = _apply(merge, before, config, ownership.copy(), request)
    except _ApplyConflictError as error:
        if not _is_allowed(merge, before, error, request.manager):
            raise to_content_error(error.conflicts) from None
        forced = ApplyRequest(request.manager, request.time, True, request.empty, request.ignored)
        merged, owners = _apply(merge, before, config, ownership.copy(), forced)
    merged = copy.deepcopy(merged)
    merged.setdefault("metadata", {})
    set_ownership(merged, owners)
    return merged


class _ApplyConflictError(Exception):
    def __init__(self, conflicts: Mapping[Manager, FieldSet]) -> None:
        super().__init__("conflict")
        self.conflicts = conflicts


def _apply(
    merge: StructuredMerge,
    before: dict[str, Any],
    config: Mapping[str, Any],
    ownership: Ownership,
    request: ApplyRequest,
) -> tuple[dict[str, Any], Ownership]:
    merged: dict[str, Any] = merge.merge(before, config)
    known = ownership.find(request.manager)
    former = dict(ownership.fields)
    last = ownership.fields.get(known, frozenset())
    applied = drop_unowned(merge.list_fields(config), request.ignored)
    others = {manager: fields for manager, fields in ownership.fields.items() if manager != known}
    if not last <= applied:
        merged = _prune(merge, merged, last, frozenset().union(applied, *others.values()))
    changes = merge.compare(before, merged)
    changes.leave_out(request.ignored)
    conflicts = find_conflicts(ownership, request.manager, changes)
    if conflicts and not request.is_forced:
        raise _ApplyConflictError(conflicts)
    ownership.take(changes.added | changes.modified | changes.removed, keeper=known)
    is_changed = bool(changes.added or changes.modified or changes.removed) or applied != last
    is_changed = (
        is_changed or {k: v for k, v in ownership.fields.items() if k != known} != others or known not in former
    )
    ownership.put(request.manager, applied, request.time if is_changed else None)
    return merged, ownership


def _prune(merge: StructuredMerge, merged: dict[str, Any], last: FieldSet, owned: FieldSet) -> dict[str, Any]:
    """Remove fields that the manager applied last time and no longer applies, without another owner."""
    last, owned = merge.add_parents(last), merge.add_parents(owned)
    pruned = merge.remove(merged, last) or {}
    everything = merge.add_parents(merge.list_fields(merged))
    rest = merge.add_parents(merge.list_fields(pruned))
    pruned = merge.remove(merged, everything - (rest | owned)) or {}
    rest = merge.add_parents(merge.list_fields(pruned))
    kept: dict[str, Any] = merge.remove(merged, (everything - rest) & last) or {}
    return kept


def _is_allowed(
    merge: StructuredMerge, before: Mapping[str, Any], error: _ApplyConflictError, manager: Manager
) -> bool:
    """Return whether kubectl may take over all fields, as its last client-side apply has set them."""
    if manager.name != "kubectl":
        return False
    text = ((before.get("metadata") or {}).get("annotations") or {}).get(LAST_APPLIED, "")
    try:
        last = json.loads(text)
    except ValueError:
        return False
    if not isinstance(last, dict):
        return False
    allowed = merge.list_fields(last)
    return all(fields <= allowed for fields in error.conflicts.values())


def to_content_error(conflicts: Mapping[Manager, FieldSet]) -> ContentError:
    """Return the refusal with each field and its owner (409)."""
    listed = [(manager, path) for manager in sorted(conflicts, key=str) for path in sort_paths(conflicts[manager])]
    causes = [
        {
            "reason": "FieldManagerConflict",
            "message": f"conflict with {_name_manager(manager)}",
            "field": format_field_path(path),
        }
        for manager, path in listed
    ]
    if len(listed) == 1:
        text = f"1 conflict: {causes[0]['message']}: {causes[0]['field']}"
    else:
        lines = []
        for manager in dict.fromkeys(manager for manager, _ in listed):
            lines.append(f"conflicts with {_name_manager(manager)}:")
            lines += [f"- {format_field_path(path)}" for owner, path in listed if owner == manager]
        text = f"{len(listed)} conflicts: " + "\n".join(lines)
    return ContentError(409, "Conflict", f"Apply failed with {text}", {"causes": causes})


def _name_manager(manager: Manager) -> str:
    name = f'"{manager.name}"'
    if manager.subresource:
        name += f' with subresource "{manager.subresource}"'
    return f"{name} using {manager.api_version}" if manager.operation == "Update" else name


def _strip_ownership(item: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {name: value for name, value in (item.get("metadata") or {}).items() if name != "managedFields"}
    return {**item, "metadata": metadata} if "metadata" in item else dict(item)
