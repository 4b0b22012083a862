"""Terraform states moved to another stack: the resources stay, lineage and serial fit the state of the target."""

import json
from typing import Any


class StateConflictError(ValueError):
    """The target holds a state with other resources."""


def build_moved_state(source: bytes, target: bytes) -> bytes:
    """Return the state to write over `target`; empty if there is none to write, or `target` already has this content.

    Raises StateConflictError if `target` holds other resources.
    """
    old, new = _parse_state(source), _parse_state(target)
    if not old or has_same_content(source, target):
        return b""
    if not new or not new.get("lineage"):
        return source
    ours = new["lineage"] == old["lineage"] and new["serial"] <= old["serial"]
    if new.get("resources") and not ours:
        count = len(new["resources"])
        raise StateConflictError(
            f"a state with {count} {'resource' if count == 1 else 'resources'} exists there already"
        )
    return _encode_state({**old, "lineage": new["lineage"], "serial": max(old["serial"], new["serial"]) + 1})


def clear_state(state: bytes) -> bytes:
    """Return the state with its resources and outputs removed, and the next serial."""
    old = _parse_state(state)
    return _encode_state({**old, "serial": old["serial"] + 1, "resources": [], "outputs": {}, "check_results": None})


def has_resources(state: bytes) -> bool:
    return bool(_parse_state(state).get("resources"))


def has_same_content(one: bytes, other: bytes) -> bool:
    """Check that both states hold the same resources and outputs."""
    first, second = _parse_state(one), _parse_state(other)
    return all(first.get(key) == second.get(key) for key in ("resources", "outputs")) and bool(first) == bool(second)


def read_lineage_and_serial(state: bytes) -> tuple[str, int]:
    """Return lineage and serial of a state; an empty text and 0 without a state."""
    document = _parse_state(state)
    return str(document.get("lineage", "")), int(document.get("serial", 0))


def has_same_lineage(one: bytes, other: bytes) -> bool:
    """Check that both are versions of one state."""
    first, second = _parse_state(one).get("lineage"), _parse_state(other).get("lineage")
    return bool(first) and first == second


def _parse_state(state: bytes) -> dict[str, Any]:
    return dict(json.loads(state)) if state.strip() else {}


def _encode_state(document: dict[str, Any]) -> bytes:
    return json.dumps(document, indent=2, ensure_ascii=False).encode()
