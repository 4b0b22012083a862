"""The values of one change, attribute by attribute. What is secret is replaced here and goes no further."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from envctl.adapters.terraform.plans.repeated_blocks import SAME, without_same
from envctl.domain.plan.changes import AttributeChange, Marker, same
from envctl.domain.redaction.parts import SHORTEST_NUMBER
from envctl.domain.terraform.literals import number_text
from envctl.domain.terraform.workdir_names import SESSION


def all_secrets(document: Mapping[str, Any]) -> frozenset[str]:
    """Every text, and every long number, that is a secret somewhere: providers give them back in attributes that
    nothing marks.
    """
    return frozenset(_secrets(document))


def attributes(change: Mapping[str, Any], secrets: frozenset[str]) -> Iterator[AttributeChange]:
    """What differs between its two sides."""
    forcing = {_path(path) for path in change.get("replace_paths", ())}
    marks = marks_of(change)
    unknown = change.get("after_unknown")
    was_whole, will_whole = without_same(change.get("before"), change.get("after"), unknown)
    before = _hidden(dict(_leaves("", was_whole, marks, None)), secrets)
    after = _hidden(dict(_leaves("", will_whole, marks, unknown)), secrets)
    for path in sorted({**_besides(before, after), **_besides(after, before)}, key=_natural):
        was, will = before.get(path), after.get(path)
        # Two secrets that are hidden may differ: what hides them says so.
        if not same(was, will) or (was is Marker.SENSITIVE and _differs(change, path)):
            yield AttributeChange(path, was, will, _forces(path, forcing))


def all_of(value: object, marks: object, unknown: object, secrets: frozenset[str]) -> Iterator[AttributeChange]:
    """Of something that is new as a whole."""
    leaves = _hidden(dict(_leaves("", value, marks, unknown)), secrets)
    yield from (AttributeChange(path, None, leaves[path]) for path in sorted(leaves, key=_natural))


def marks_of(change: Mapping[str, Any]) -> object:
    """What is sensitive before or after: the value that is one today was often the same before it was marked."""
    return _either(change.get("before_sensitive"), change.get("after_sensitive"))


def shown(value: object, sensitive: object, unknown: object, secrets: frozenset[str]) -> object:
    """A whole value with what must not be shown replaced."""
    if sensitive is True and (value is not None or unknown):
        return Marker.SENSITIVE
    if unknown is True:
        return Marker.UNKNOWN
    if isinstance(value, Mapping) or (isinstance(unknown, Mapping) and unknown):
        own = value if isinstance(value, Mapping) else {}
        keys = {**own, **(unknown if isinstance(unknown, Mapping) else {})}
        return {key: shown(own.get(key), below(sensitive, key), below(unknown, key), secrets) for key in keys}
    if isinstance(value, list):
        return [shown(item, below(sensitive, i), below(unknown, i), secrets) for i, item in enumerate(value)]
    secret = (sensitive and value is not None) or is_secret(value, secrets)
    return Marker.SENSITIVE if secret else value


def is_secret(value: object, secrets: frozenset[str]) -> bool:
    """A text, or a number that is long enough: nearly every document holds a 1."""
    return (value if isinstance(value, str) else _long_number(value)) in secrets


def _long_number(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    text = number_text(value)
    return text if sum(character.isdigit() for character in text) >= SHORTEST_NUMBER else None


def _secrets(document: Mapping[str, Any]) -> Iterator[str]:
    for name, variable in document.get("variables", {}).items():
        # A root module of envctl has variables for sensitive settings, and one that only says who is at work.
        yield from _texts(variable.get("value"), sensitive=name != SESSION)
    changes = [raw["change"] for raw in (*document.get("resource_changes", ()), *document.get("resource_drift", ()))]
    for change in (*changes, *document.get("output_changes", {}).values()):
        for side in ("before", "after"):
            yield from _texts(change.get(side), change.get(f"{side}_sensitive"))
    for raw in document.get("action_invocations") or ():
        yield from _texts(raw.get("config_values"), raw.get("config_sensitive"))
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
        for _, leaf in _leaves("", value, None, None):
            if text := leaf if isinstance(leaf, str) else _long_number(leaf):
                yield text
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, below(sensitive, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, below(sensitive, index))


def _hidden(leaves: Mapping[str, object], secrets: frozenset[str]) -> dict[str, object]:
    return {path: Marker.SENSITIVE if is_secret(leaf, secrets) else leaf for path, leaf in leaves.items()}


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
    """Every value that is not a container, by its path. null and empty containers are nothing to show, but for a block
    that holds nothing: `allow {}` is an empty object in a list, and says as much as any value.
    """
    if value is SAME:
        return
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
            yield from _leaves(_joined(path, str(key)), own.get(key), below(sensitive, key), below(unknown, key))
    elif isinstance(value, list) or isinstance(unknown, list):
        own_list = value if isinstance(value, list) else []
        length = max(len(own_list), len(unknown) if isinstance(unknown, list) else 0)
        for index in range(length):
            item = own_list[index] if index < len(own_list) else None
            inner = list(_leaves(f"{path}[{index}]", item, below(sensitive, index), below(unknown, index)))
            yield from inner or ([(f"{path}[{index}]", {})] if _is_bare(item) else [])
    elif value is not None:
        yield path, value


def _is_bare(item: object) -> bool:
    """Whether it is a block that holds nothing, and no rest of one whose other parts stay."""
    return isinstance(item, Mapping) and not _has_same(item)


def _has_same(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_same, value.values()))
    return any(map(_has_same, value)) if isinstance(value, list) else value is SAME


def _besides(ours: Mapping[str, object], theirs: Mapping[str, object]) -> dict[str, object]:
    """Without blocks that hold nothing here and something there: what they hold is told."""
    bare = {path for path, leaf in ours.items() if leaf == {}}
    filled = {path for path in bare if any(_forces(other, {path}) for other in theirs if other != path)}
    return {path: leaf for path, leaf in ours.items() if path not in filled}


def below(marks: object, key: str | int) -> object:
    """The marks of a part."""
    if marks is True:
        return True
    if isinstance(marks, Mapping):
        return marks.get(key)
    if isinstance(marks, list) and isinstance(key, int) and key < len(marks):
        return marks[key]
    return None


def _joined(path: str, key: str) -> str:
    plain = key.replace("_", "").replace("-", "").isalnum()
    step = key if plain else f"[{json.dumps(key, ensure_ascii=False)}]"
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
