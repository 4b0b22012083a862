"""Values in Terraform's JSON syntax."""

import json
from collections.abc import Mapping

from envctl.domain.terraform.literals import encode_json


def escape_templates(value: object) -> object:
    """Return the value for Terraform's JSON syntax, with `${` and `%{` escaped: strings are templates there."""
    match value:
        case str():
            return value.replace("${", "$${").replace("%{", "%%{")
        case Mapping():
            return {escape_templates(str(key)): escape_templates(item) for key, item in value.items()}
        case list() | tuple():
            return [escape_templates(item) for item in value]
        case set() | frozenset():
            return [escape_templates(item) for item in sorted(value, key=repr)]
        case _:
            return value


def to_plain_json(value: object) -> object:
    """Return the value for a settings file in JSON: strings are no templates there."""
    match value:
        case Mapping():
            return {str(key): to_plain_json(item) for key, item in value.items()}
        case list() | tuple():
            return [to_plain_json(item) for item in value]
        case set() | frozenset():
            return [to_plain_json(item) for item in sorted(value, key=repr)]
        case _:
            return value


def format_tf_var(value: object, type_text: str) -> str:
    """Return the `TF_VAR_` text of a value: plain for primitive types, an HCL expression for all others."""
    if type_text.strip() in ("string", "number", "bool"):
        return value if isinstance(value, str) else json.dumps(value)
    return encode_json(escape_templates(value))
