"""Redaction of secret keys in a plan: `nonsensitive()` can make a secret the key of a map or of an instance.

Each such key is renamed before anything else is read from the plan, the same way everywhere: it is never displayed,
saved or compared. Two secret keys stay distinct. Names of attributes and resources are kept.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from envctl.domain.redaction.plan_secrets import PlanSecrets
from envctl.domain.redaction.redactor import INSTANCE_KEY, SENSITIVE_MARK

# The code, and a copy of the changes: neither is displayed or saved.
_SKIPPED = frozenset({"configuration", "planned_values"})
_CHANGE_FIELDS = frozenset({"before", "after", "after_unknown", "before_sensitive", "after_sensitive"})
_CONFIG_FIELDS = frozenset({"config_values", "config_sensitive", "config_unknown"})
_VALUE_FIELDS = _CHANGE_FIELDS | _CONFIG_FIELDS | {"values", "sensitive_values"}
# A value of an output or a variable has no attributes: all its keys come from the user.
_VALUE_FIELD = "value"
# Fields with keys as their values: steps of a path, and the key of an instance.
_KEY_FIELDS = frozenset({"replace_paths", "index"})
# Depths outside of values. Within a value, depth counts from 0.
_OUTSIDE, _OUTSIDE_OF_OUTPUT = -1, -2


def redact_keys(document: dict[str, Any], secrets: PlanSecrets) -> dict[str, Any]:
    """Return the document with secret keys renamed; the same object if there are none."""
    keys = sorted(_collect_keys(document)) if secrets.texts else []
    if secrets.redactor.check_all(keys):
        return document
    secret = [key for key in keys if secrets.redactor.has_secret(key)]
    names = {
        key: SENSITIVE_MARK if not number else f"{SENSITIVE_MARK[:-1]} {number + 1})"
        for number, key in enumerate(secret)
    }
    renamed: dict[str, Any] = _rename_keys(document, names, _OUTSIDE)
    return renamed


def _collect_keys(document: Mapping[str, Any]) -> set[str]:
    """Return all keys chosen by users: those of maps and of instances."""
    found = set[str]()
    pending: list[tuple[Any, int]] = [(document, _OUTSIDE)]
    while pending:
        value, depth = pending.pop()
        if isinstance(value, Mapping):
            if depth > 0:
                found.update(value)
            items = ((key, item) for key, item in value.items() if depth >= 0 or key not in _SKIPPED)
            pending += [(item, _find_depth(key, depth)) for key, item in items]
        elif isinstance(value, list):
            pending += [(item, depth) for item in value]
        elif isinstance(value, str) and depth < 0 and "[" in value:
            found.update(_unquote_key(each) for each in INSTANCE_KEY.findall(value))
    return found


def _find_depth(key: str, depth: int) -> int:
    """Return the depth of the value at the key."""
    if depth >= 0:
        return depth + 1
    if key in _VALUE_FIELDS:
        return 1 if depth == _OUTSIDE_OF_OUTPUT else 0
    return 1 if key == _VALUE_FIELD else _OUTSIDE_OF_OUTPUT if key == "output_changes" else depth


def _rename_keys(value: Any, names: Mapping[str, str], depth: int, *, steps: bool = False) -> Any:  # noqa: ANN401
    match value:
        case Mapping():
            return {
                names.get(key, key) if depth > 0 else key: item
                if depth < 0 and key in _SKIPPED
                else _rename_keys(item, names, _find_depth(key, depth), steps=depth < 0 and key in _KEY_FIELDS)
                for key, item in value.items()
            }
        case list():
            return [_rename_keys(item, names, depth, steps=steps) for item in value]
        case str() if steps:
            return names.get(value, value)
        case str() if depth < 0:
            return INSTANCE_KEY.sub(lambda found: _rename_instance(found, names), value)
        case _:
            return value


def _rename_instance(found: re.Match[str], names: Mapping[str, str]) -> str:
    name = names.get(_unquote_key(found[1]))
    return found[0] if name is None else f'["{name}"]'


def _unquote_key(text: str) -> str:
    """Return a key from its spelling in an address. Terraform escapes templates there, such as `$${`."""
    try:
        key = str(json.loads(f'"{text}"'))
    except ValueError:
        key = text
    return key.replace("$${", "${").replace("%%{", "%{")
