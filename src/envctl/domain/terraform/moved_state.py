"""A state of Terraform as the state of another stack: its resources stay, and its head fits what lies there already."""

import json
from typing import Any


class StateClashError(ValueError):
    """What lies there is a state of something else."""


def take_over(source: bytes, target: bytes) -> bytes:
    """The state to be written in place of `target`; empty where nothing is to be written, because `source` is none or
    lies there already. Raises StateClashError where `target` holds something else.
    """
    old, new = _read(source), _read(target)
    if not old or is_same(source, target):
        return b""
    if not new or not new.get("lineage"):
        return source
    ours = new["lineage"] == old["lineage"] and new["serial"] <= old["serial"]
    if new.get("resources") and not ours:
        count = len(new["resources"])
        raise StateClashError(f"a state with {count} {'resource' if count == 1 else 'resources'} lies there already")
    return _write({**old, "lineage": new["lineage"], "serial": max(old["serial"], new["serial"]) + 1})


def empty_state(state: bytes) -> bytes:
    """The state once nothing is in it any more."""
    old = _read(state)
    return _write({**old, "serial": old["serial"] + 1, "resources": [], "outputs": {}, "check_results": None})


def holds_resources(state: bytes) -> bool:
    return bool(_read(state).get("resources"))


def is_same(one: bytes, other: bytes) -> bool:
    """Whether both know of the same resources and outputs."""
    first, second = _read(one), _read(other)
    return all(first.get(key) == second.get(key) for key in ("resources", "outputs")) and bool(first) == bool(second)


def find_version(state: bytes) -> tuple[str, int]:
    """Return lineage and serial of a state; no text and 0 where there is none."""
    document = _read(state)
    return str(document.get("lineage", "")), int(document.get("serial", 0))


def is_same_lineage(one: bytes, other: bytes) -> bool:
    """Whether one became the other."""
    first, second = _read(one).get("lineage"), _read(other).get("lineage")
    return bool(first) and first == second


def _read(state: bytes) -> dict[str, Any]:
    return dict(json.loads(state)) if state.strip() else {}


def _write(document: dict[str, Any]) -> bytes:
    return json.dumps(document, indent=2, ensure_ascii=False).encode()
