"""`terraform show -json` of a saved plan, as what it means. Sensitive values are replaced here and go no further."""

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from envctl.domain.changes import Action, AttributeChange, Marker, OutputChange, ResourceChange, StackPlan

_ACTIONS: dict[tuple[str, ...], Action | None] = {
    ("no-op",): None,
    ("create",): Action.CREATE,
    ("read",): Action.READ,
    ("update",): Action.UPDATE,
    ("delete",): Action.DELETE,
    ("forget",): Action.FORGET,
    ("delete", "create"): Action.REPLACE,
    ("create", "delete"): Action.REPLACE,
    ("create", "forget"): Action.REPLACE,
}


def meaning(stack: str, document: Mapping[str, Any], warnings: tuple[str, ...]) -> StackPlan:
    """Raises ValueError for an action that this version does not know: it must not pass for no change."""
    secrets = frozenset(_secrets(document))
    resources = tuple(_resources(document, f"module.{stack}.", secrets))
    return StackPlan(stack, resources, tuple(_outputs(document, secrets)), warnings=warnings)


def _secrets(document: Mapping[str, Any]) -> Iterator[str]:
    """Every text that is a secret somewhere: providers give them back in attributes that nothing marks."""
    for variable in document.get("variables", {}).values():
        # A root module of envctl has variables for sensitive settings alone.
        yield from _texts(variable.get("value"), sensitive=True)
    for raw in document.get("resource_changes", ()):
        for side in ("before", "after"):
            yield from _texts(raw["change"].get(side), raw["change"].get(f"{side}_sensitive"))


def _texts(value: object, sensitive: object) -> Iterator[str]:
    if not sensitive:
        return
    if sensitive is True:
        yield from (leaf for _, leaf in _leaves("", value, None, None) if isinstance(leaf, str) and leaf)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, _below(sensitive, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, _below(sensitive, index))


def _resources(document: Mapping[str, Any], prefix: str, secrets: frozenset[str]) -> Iterator[ResourceChange]:
    for raw in document.get("resource_changes", ()):
        change = raw["change"]
        action = _action(change["actions"])
        moved_from = raw.get("previous_address", "")
        if change.get("importing") and action is None:
            action = Action.IMPORT
        if action is None and moved_from:
            action = Action.MOVE
        if action is None or (action is Action.READ and raw.get("mode") == "data"):
            continue
        yield ResourceChange(
            raw["address"].removeprefix(prefix),
            raw["type"],
            action,
            tuple(_attributes(change, secrets)),
            moved_from.removeprefix(prefix),
            raw.get("action_reason", "").replace("_", " "),
        )


def _outputs(document: Mapping[str, Any], secrets: frozenset[str]) -> Iterator[OutputChange]:
    for name, change in sorted(document.get("output_changes", {}).items()):
        action = _action(change["actions"])
        if action is not None:
            marks = _sensitive(change)
            before = _shown(change.get("before"), marks, None, secrets)
            after = _shown(change.get("after"), marks, change.get("after_unknown"), secrets)
            yield OutputChange(name, action, before, after)


def _action(actions: list[str]) -> Action | None:
    key = tuple(actions)
    if key not in _ACTIONS:
        raise ValueError(f"Terraform plans an action that envctl does not know: {actions}")
    return _ACTIONS[key]


def _attributes(change: Mapping[str, Any], secrets: frozenset[str]) -> Iterator[AttributeChange]:
    forcing = {_path(path) for path in change.get("replace_paths", ())}
    marks = _sensitive(change)
    before = _hidden(dict(_leaves("", change.get("before"), marks, None)), secrets)
    after = _hidden(dict(_leaves("", change.get("after"), marks, change.get("after_unknown"))), secrets)
    for path in sorted({**before, **after}, key=_natural):
        was, will = before.get(path), after.get(path)
        # Two secrets that are hidden may differ: what hides them says so.
        if was != will or (was is Marker.SENSITIVE and _differs(change, path)):
            yield AttributeChange(path, was, will, _forces(path, forcing))


def _hidden(leaves: Mapping[str, object], secrets: frozenset[str]) -> dict[str, object]:
    return {
        path: Marker.SENSITIVE if isinstance(leaf, str) and leaf in secrets else leaf for path, leaf in leaves.items()
    }


def _sensitive(change: Mapping[str, Any]) -> object:
    """What is sensitive before or after: the value that is one today was often the same before it was marked."""
    return _either(change.get("before_sensitive"), change.get("after_sensitive"))


def _either(one: object, other: object) -> object:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return {key: _either(one.get(key), other.get(key)) for key in {**one, **other}}
    if isinstance(one, list) and isinstance(other, list):
        return [_either(*pair) for pair in zip_longest(one, other)]
    # Marks of different shapes can't be laid over each other: then the whole is hidden.
    return True if one and other else one or other


def _forces(path: str, forcing: set[str]) -> bool:
    return any(path == forced or path.startswith((f"{forced}.", f"{forced}[")) for forced in forcing)


def _differs(change: Mapping[str, Any], path: str) -> bool:
    before = dict(_leaves("", change.get("before"), None, None))
    after = dict(_leaves("", change.get("after"), None, change.get("after_unknown")))
    below = [p for p in {**before, **after} if _forces(p, {path})]
    return any(before.get(p) != after.get(p) for p in below)


def _leaves(path: str, value: object, sensitive: object, unknown: object) -> Iterator[tuple[str, object]]:
    """Every value that is not a container, by its path. null and empty containers are nothing to show."""
    if sensitive is True:
        if value is not None or unknown is True:
            yield path, Marker.SENSITIVE
        return
    if unknown is True:
        yield path, Marker.UNKNOWN
        return
    if isinstance(value, Mapping) or isinstance(unknown, Mapping):
        own = value if isinstance(value, Mapping) else {}
        keys = [*own, *(key for key in (unknown if isinstance(unknown, Mapping) else {}) if key not in own)]
        for key in keys:
            yield from _leaves(_joined(path, str(key)), own.get(key), _below(sensitive, key), _below(unknown, key))
    elif isinstance(value, list) or isinstance(unknown, list):
        own_list = value if isinstance(value, list) else []
        length = max(len(own_list), len(unknown) if isinstance(unknown, list) else 0)
        for index in range(length):
            item = own_list[index] if index < len(own_list) else None
            yield from _leaves(f"{path}[{index}]", item, _below(sensitive, index), _below(unknown, index))
    elif value is not None:
        yield path, value


def _below(marks: object, key: str | int) -> object:
    if isinstance(marks, Mapping):
        return marks.get(key)
    if isinstance(marks, list) and isinstance(key, int) and key < len(marks):
        return marks[key]
    return None


def _shown(value: object, sensitive: object, unknown: object, secrets: frozenset[str]) -> object:
    """A whole value with what must not be shown replaced."""
    if sensitive is True and (value is not None or unknown):
        return Marker.SENSITIVE
    if unknown is True:
        return Marker.UNKNOWN
    if isinstance(value, Mapping):
        keys = {**value, **(unknown if isinstance(unknown, Mapping) else {})}
        return {key: _shown(value.get(key), _below(sensitive, key), _below(unknown, key), secrets) for key in keys}
    if isinstance(value, list):
        return [_shown(item, _below(sensitive, i), _below(unknown, i), secrets) for i, item in enumerate(value)]
    secret = (sensitive and value is not None) or (isinstance(value, str) and value in secrets)
    return Marker.SENSITIVE if secret else value


def _joined(path: str, key: str) -> str:
    plain = key.replace("_", "").replace("-", "").isalnum()
    step = key if plain else f'["{key}"]'
    return step if not path else (f"{path}.{step}" if plain else f"{path}{step}")


def _path(steps: list[str | int]) -> str:
    path = ""
    for step in steps:
        path = f"{path}[{step}]" if isinstance(step, int) else _joined(path, step)
    return path


def _natural(path: str) -> tuple[tuple[bool, int, str], ...]:
    """Sorts `a[2]` before `a[10]`."""
    parts = path.replace("]", "").replace("[", ".").split(".")
    return tuple((part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts)
