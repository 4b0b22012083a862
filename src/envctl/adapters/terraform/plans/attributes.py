"""Attribute-level differences of one change. Secrets are replaced by markers here."""

import json
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from envctl.adapters.terraform.plans.repeated_blocks import UNCHANGED, mark_unchanged_blocks
from envctl.domain.plan.changes import AttributeChange, Marker, is_same_value
from envctl.domain.redaction.plan_secrets import PlanSecrets, build_search, format_long_number
from envctl.domain.terraform.workdir_names import SESSION_VARIABLE


def diff_attributes(change: Mapping[str, Any], secrets: PlanSecrets) -> Iterator[AttributeChange]:
    forcing = {_format_path(path) for path in change.get("replace_paths", ())}
    marks = merge_sensitive_marks(change)
    unknown = change.get("after_unknown")
    old, new = mark_unchanged_blocks(change.get("before"), change.get("after"), unknown)
    before = _redact_leaves(dict(_walk_leaves("", old, marks, None)), secrets)
    after = _redact_leaves(dict(_walk_leaves("", new, marks, unknown)), secrets)
    paths = _drop_filled_blocks(before, after) | _drop_filled_blocks(after, before)
    for path in sorted(paths, key=_to_natural_key):
        old, new = before.get(path), after.get(path)
        # Redacted secrets look equal: compare their values in the plan.
        if not is_same_value(old, new) or (old is Marker.SENSITIVE and _has_hidden_change(change, path)):
            yield AttributeChange(path, old, new, _is_within(path, forcing))


def list_new_attributes(
    value: object, marks: object, unknown: object, secrets: PlanSecrets
) -> Iterator[AttributeChange]:
    leaves = _redact_leaves(dict(_walk_leaves("", value, marks, unknown)), secrets)
    yield from (AttributeChange(path, None, leaves[path]) for path in sorted(leaves, key=_to_natural_key))


def merge_sensitive_marks(change: Mapping[str, Any]) -> object:
    """Merge the sensitive marks of both sides: a value marked on one side is often the same on the other."""
    return _merge_marks(change.get("before_sensitive"), change.get("after_sensitive"))


def redact_value(value: object, sensitive: object, unknown: object, secrets: PlanSecrets) -> object:
    """Return the value with sensitive and unknown parts replaced by markers."""
    if sensitive is True and (value is not None or unknown):
        return Marker.SENSITIVE
    if unknown is True:
        return Marker.UNKNOWN
    if isinstance(value, Mapping) or (isinstance(unknown, Mapping) and unknown):
        own = value if isinstance(value, Mapping) else {}
        keys = {**own, **(unknown if isinstance(unknown, Mapping) else {})}
        return {
            key: redact_value(own.get(key), select_marks(sensitive, key), select_marks(unknown, key), secrets)
            for key in keys
        }
    if isinstance(value, list):
        return [
            redact_value(item, select_marks(sensitive, i), select_marks(unknown, i), secrets)
            for i, item in enumerate(value)
        ]
    secret = (sensitive and value is not None) or secrets.is_secret(value)
    return Marker.SENSITIVE if secret else value


def collect_secrets(stack: str, *documents: Mapping[str, Any]) -> PlanSecrets:
    """Return each text and long number marked sensitive anywhere: providers repeat them in unmarked attributes."""
    return build_search(frozenset(text for each in documents for text in _walk_secrets(each)), stack)


def _walk_secrets(document: Mapping[str, Any]) -> Iterator[str]:
    values: list[tuple[object, object]] = [
        (variable.get("value"), _is_sensitive_variable(name, document))
        for name, variable in document.get("variables", {}).items()
    ]
    changes = [raw["change"] for raw in (*document.get("resource_changes", ()), *document.get("resource_drift", ()))]
    for change in (*changes, *document.get("output_changes", {}).values()):
        values += [(change.get(side), change.get(f"{side}_sensitive")) for side in ("before", "after")]
    for raw in document.get("action_invocations") or ():
        values.append((raw.get("config_values"), raw.get("config_sensitive")))
    # A refresh-only plan lists drifted resources only; the others are in the state.
    state = document.get("prior_state", {}).get("values", {})
    values += [(output.get("value"), output.get("sensitive")) for output in state.get("outputs", {}).values()]
    for raw in walk_resources(state.get("root_module", {}), "managed"):
        values.append((raw.get("values"), raw.get("sensitive_values")))
    for value, sensitive in values:
        yield from _walk_sensitive_texts(value, sensitive)


def _is_sensitive_variable(name: str, document: Mapping[str, Any]) -> bool:
    """Return whether the root module declares a variable as sensitive. An unknown declaration counts as one."""
    declared = document.get("configuration", {}).get("root_module", {}).get("variables", {})
    return bool(declared[name].get("sensitive")) if name in declared else name != SESSION_VARIABLE


def walk_resources(module: Mapping[str, Any], mode: str) -> Iterator[Mapping[str, Any]]:
    """Yield the managed resources ("managed") or data sources ("data") of a module of the state."""
    yield from (raw for raw in module.get("resources", ()) if raw.get("mode") == mode)
    for child in module.get("child_modules", ()):
        yield from walk_resources(child, mode)


def _walk_sensitive_texts(value: object, sensitive: object) -> Iterator[str]:
    if not sensitive:
        return
    if sensitive is True:
        for _, leaf in _walk_leaves("", value, None, None):
            if text := leaf if isinstance(leaf, str) else format_long_number(leaf):
                yield text
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _walk_sensitive_texts(item, select_marks(sensitive, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk_sensitive_texts(item, select_marks(sensitive, index))


def _redact_leaves(leaves: Mapping[str, object], secrets: PlanSecrets) -> dict[str, object]:
    return {path: Marker.SENSITIVE if secrets.is_secret(leaf) else leaf for path, leaf in leaves.items()}


def _merge_marks(one: object, other: object) -> object:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return {key: _merge_marks(one.get(key), other.get(key)) for key in {**one, **other}}
    if isinstance(one, list) and isinstance(other, list):
        return [_merge_marks(*pair) for pair in zip_longest(one, other)]
    # Marks of different shapes can't be merged: then the whole value is sensitive.
    return True if one and other else one or other


def _is_within(path: str, forcing: set[str]) -> bool:
    return any(path == forced or path.startswith((f"{forced}.", f"{forced}[")) for forced in forcing)


def _has_hidden_change(change: Mapping[str, Any], path: str) -> bool:
    before = dict(_walk_leaves("", change.get("before"), None, None))
    after = dict(_walk_leaves("", change.get("after"), None, change.get("after_unknown")))
    paths = [each for each in {**before, **after} if _is_within(each, {path})]
    return not all(is_same_value(before.get(each), after.get(each)) for each in paths)


def _walk_leaves(path: str, value: object, sensitive: object, unknown: object) -> Iterator[tuple[str, object]]:
    """Yield each value other than a container, by its path. Skip null and empty containers, except empty blocks:
    `allow {}` is an empty object in a list, and has a meaning.
    """
    if value is UNCHANGED:
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
            marks = select_marks(sensitive, key), select_marks(unknown, key)
            yield from _walk_leaves(_join_path(path, str(key)), own.get(key), *marks)
    elif isinstance(value, list) or isinstance(unknown, list):
        own_list = value if isinstance(value, list) else []
        length = max(len(own_list), len(unknown) if isinstance(unknown, list) else 0)
        for index in range(length):
            item = own_list[index] if index < len(own_list) else None
            marks = select_marks(sensitive, index), select_marks(unknown, index)
            inner = list(_walk_leaves(f"{path}[{index}]", item, *marks))
            is_empty_block = not inner and isinstance(item, Mapping) and not _has_unchanged_block(item)
            yield from [(f"{path}[{index}]", {})] if is_empty_block else inner
    elif value is not None:
        yield path, value


def _has_unchanged_block(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_unchanged_block, value.values()))
    return any(map(_has_unchanged_block, value)) if isinstance(value, list) else value is UNCHANGED


def _drop_filled_blocks(ours: Mapping[str, object], theirs: Mapping[str, object]) -> dict[str, object]:
    """Drop blocks empty in `ours` and filled in `theirs`: the parts of the filled block are reported."""
    bare = {path for path, leaf in ours.items() if leaf == {}}
    filled = {path for path in bare if any(_is_within(other, {path}) for other in theirs if other != path)}
    return {path: leaf for path, leaf in ours.items() if path not in filled}


def select_marks(marks: object, key: str | int) -> object:
    if marks is True:
        return True
    if isinstance(marks, Mapping):
        return marks.get(key)
    if isinstance(marks, list) and isinstance(key, int) and key < len(marks):
        return marks[key]
    return None


def _join_path(path: str, key: str) -> str:
    plain = key.replace("_", "").replace("-", "").isalnum()
    step = key if plain else f"[{json.dumps(key, ensure_ascii=False)}]"
    return step if not path else (f"{path}.{step}" if plain else f"{path}{step}")


def _format_path(steps: list[str | int]) -> str:
    path = ""
    for step in steps:
        path = f"{path}[{step}]" if isinstance(step, int) else _join_path(path, step)
    return path


def _to_natural_key(path: str) -> tuple[tuple[bool, int, str], ...]:
    """Return a key for sorting `a[2]` before `a[10]`."""
    parts = path.replace("]", "").replace("[", ".").split(".")
    return tuple((part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts)
