"""A plan whose keys hold a secret: `nonsensitive()` makes one the key of a map, or of an instance in an address.

Each such key gets another name before anything is read from the plan, the same wherever it stands: so it is in nothing
that is shown, kept or compared. Two secret keys stay two. Names of attributes and of resources are not touched.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from envctl.adapters.terraform.plans.attributes import all_secrets
from envctl.domain.redaction import Redactor
from envctl.domain.redaction.addresses import INSTANCE
from envctl.domain.redaction.redactor import MARK

# Code, and what stands elsewhere in the document too: nothing of it is shown or kept.
_PASSED_OVER = frozenset({"configuration", "planned_values"})
_OUTPUTS = "output_changes"
_VALUES = frozenset(
    (
        "before",
        "after",
        "after_unknown",
        "before_sensitive",
        "after_sensitive",
        "values",
        "sensitive_values",
        "config_values",
        "config_sensitive",
        "config_unknown",
    )
)
# Those of outputs and variables have no attributes: all their keys are a person's own.
_WHOLE = "value"
# Steps of a path, and the key of an instance.
_STEPS = frozenset({"replace_paths", "index"})
# How deep something stands within a value. Outside of values it is one of these two.
_OUTSIDE, _OUTSIDE_OF_OUTPUT = -1, -2


def take_secrets(document: dict[str, Any], stack: str) -> tuple[dict[str, Any], frozenset[str]]:
    """The document without keys that hold a secret, and the secrets that it holds."""
    secrets = all_secrets(document)
    return (hide_keys(document, secrets, stack) if secrets else document), secrets


def hide_keys(document: dict[str, Any], secrets: frozenset[str], stack: str) -> dict[str, Any]:
    """The document with other names for keys that hold a secret; the very same one where there are none."""
    redactor = Redactor.of(secrets, (stack,))
    keys = sorted(_keys(document)) if redactor.parts else []
    text = "\n".join(keys)
    if redactor.redact(text) == text:
        return document
    secret = [key for key in keys if redactor.redact(key) != key]
    names = {key: MARK if not number else f"{MARK[:-1]} {number + 1})" for number, key in enumerate(secret)}
    hidden: dict[str, Any] = _rename(document, names, _OUTSIDE)
    return hidden


def _keys(document: Mapping[str, Any]) -> set[str]:
    """All keys of persons, of maps and of instances."""
    found = set[str]()
    left: list[tuple[Any, int]] = [(document, _OUTSIDE)]
    while left:
        value, depth = left.pop()
        if isinstance(value, Mapping):
            if depth > 0:
                found.update(value)
            left += [(item, _below(key, depth)) for key, item in value.items() if depth >= 0 or key not in _PASSED_OVER]
        elif isinstance(value, list):
            left += [(item, depth) for item in value]
        elif isinstance(value, str) and depth < 0 and "[" in value:
            found.update(_unquoted(each) for each in INSTANCE.findall(value))
    return found


def _below(key: str, depth: int) -> int:
    """How deep that stands which has that key."""
    if depth >= 0:
        return depth + 1
    if key in _VALUES:
        return 1 if depth == _OUTSIDE_OF_OUTPUT else 0
    return 1 if key == _WHOLE else _OUTSIDE_OF_OUTPUT if key == _OUTPUTS else depth


def _rename(value: Any, names: Mapping[str, str], depth: int, *, steps: bool = False) -> Any:  # noqa: ANN401
    match value:
        case Mapping():
            return {
                names.get(key, key) if depth > 0 else key: item
                if depth < 0 and key in _PASSED_OVER
                else _rename(item, names, _below(key, depth), steps=depth < 0 and key in _STEPS)
                for key, item in value.items()
            }
        case list():
            return [_rename(item, names, depth, steps=steps) for item in value]
        case str() if steps:
            return names.get(value, value)
        case str() if depth < 0:
            return INSTANCE.sub(lambda found: _instance(found, names), value)
        case _:
            return value


def _instance(found: re.Match[str], names: Mapping[str, str]) -> str:
    name = names.get(_unquoted(found[1]))
    return found[0] if name is None else f'["{name}"]'


def _unquoted(text: str) -> str:
    """A key as it is, of how Terraform spells it in an address: there a template begins with a second sign."""
    try:
        spelled = str(json.loads(f'"{text}"'))
    except ValueError:
        spelled = text
    return spelled.replace("$${", "${").replace("%%{", "%{")
