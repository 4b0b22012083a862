"""The values of one change, attribute by attribute. What is secret is replaced here and goes no further."""

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from envctl.adapters.terraform.plans.blocks import without_same
from envctl.domain.changes import AttributeChange, Marker, same
from envctl.domain.layout import SESSION


def all_secrets(document: Mapping[str, Any]) -> frozenset[str]:
    """Every text that is a secret somewhere: providers give them back in attributes that nothing marks."""
    return frozenset(_secrets(document))


def attributes(change: Mapping[str, Any], secrets: frozenset[str]) -> Iterator[AttributeChange]:
    """What differs between its two sides."""
    forcing = {_path(path) for path in change.get("replace_paths", ())}
    marks = marks_of(change)
    unknown = change.get("after_unknown")
    was_whole, will_whole = without_same(change.get("before"), change.get("after"), unknown)
    before = _hidden(dict(_leaves("", was_whole, marks, None)), secrets)
    after = _hidden(dict(_leaves("", will_whole, marks, unknown)), secrets)
    for path in sorted({**before, **after}, key=_natural):
        was, will = before.get(path), after.get(path)
        # Two secrets that are hidden may differ: what hides them says so.
        if not same(was, will) or (was is Marker.SENSITIVE and _differs(change, path)):
            yield AttributeChange(path, was, will, _forces(path, forcing))


def marks_of(change: Mapping[str, Any]) -> object:
    """What is sensitive before or after: the value that is one today was often the same before it was marked."""
    return _either(change.get("before_sensitive"), change.get("after_sensitive"))


def shown(value: object, sensitive: object, unknown: object, secrets: frozenset[str]) -> object:
    """A whole value with what must not be shown replaced."""
    if sensitive is True and (value is not None or unknown):
        return Marker.SENSITIVE
    if unknown is True:
        return Marker.UNKNOWN
    if isinstance(value, Mapping):
        keys = {**value, **(unknown if isinstance(unknown, Mapping) else {})}
        return {key: shown(value.get(key), _below(sensitive, key), _below(unknown, key), secrets) for key in keys}
    if isinstance(value, list):
        return [shown(item, _below(sensitive, i), _below(unknown, i), secrets) for i, item in enumerate(value)]
    secret = (sensitive and value is not None) or (isinstance(value, str) and value in secrets)
    return Marker.SENSITIVE if secret else value


def _secrets(document: Mapping[str, Any]) -> Iterator[str]:
    for name, variable in document.get("variables", {}).items():
        # A root module of envctl has variables for sensitive settings, and one that only says who is at work.
        yield from _texts(variable.get("value"), sensitive=name != SESSION)
    changes = [raw["change"] for raw in (*document.get("resource_changes", ()), *document.get("resource_drift", ()))]
    for change in (*changes, *document.get("output_changes", {}).values()):
        for side in ("before", "after"):
            yield from _texts(change.get(side), change.get(f"{side}_sensitive"))
    # A refresh-only plan names what has drifted alone: the rest is in the state.
    state = document.get("prior_state", {}).get("values", {})
    for output in state.get("outputs", {}).values():
        yield from _texts(output.get("value"), output.get("sensitive"))
    for raw in managed(state.get("root_module", {})):
        yield from _texts(raw.get("values"), raw.get("sensitive_values"))


def managed(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from (raw for raw in module.get("resources", ()) if raw.get("mode") == "managed")
    for child in module.get("child_modules", ()):
        yield from managed(child)


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


def _hidden(leaves: Mapping[str, object], secrets: frozenset[str]) -> dict[str, object]:
    return {
        path: Marker.SENSITIVE if isinstance(leaf, str) and leaf in secrets else leaf for path, leaf in leaves.items()
    }


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
    return not all(same(before.get(p), after.get(p)) for p in below)


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
