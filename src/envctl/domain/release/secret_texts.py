"""The text of a secret as the value of a variable: one key of a JSON object, converted to the type of the variable."""

import json
from dataclasses import dataclass, field

from envctl.domain.terraform.conversion import convert_value, format_path
from envctl.domain.terraform.expressions import format_tf_var
from envctl.domain.terraform.literals import parse_number
from envctl.domain.terraform.variables import AnyType, Primitive, parse_type

MAX_VARIABLE_BYTES = 128 * 1024 - 512
"""Linux takes no longer environment variable, with its name."""


class UnusableSecretError(ValueError):
    """A secret can't be the value of its variable. The message never quotes it."""


@dataclass(frozen=True)
class SecretText:
    """The text for `TF_VAR_`, and the value in it for redaction."""

    text: str = field(repr=False)
    value: object = field(repr=False)


def encode_secret(text: str, key: str, variable: str, type_text: str) -> SecretText:
    """Return the value: the text for `string`, JSON for other types but `any`. Raises UnusableSecretError."""
    value, type_ = _select_key(text, key) if key else text, parse_type(type_text)
    if isinstance(value, str) and not isinstance(type_, Primitive | AnyType):
        value = _parse_json(value, f"it is not JSON, and the type of {variable} is {type_text}")
    if value is None or value == "":
        raise UnusableSecretError("it is null" if value is None else "it is empty")
    converted, mismatches = convert_value(value, type_)
    if mismatches:
        found = mismatches[0]
        where = format_path(found.path, reveal=False)
        raise UnusableSecretError(f"{variable}{where} must be {found.expected}, and it is {found.kind}")
    encoded = format_tf_var(converted, type_text)
    if "\0" in encoded:
        raise UnusableSecretError("it holds a NUL character: encode it, for example as base64")
    try:
        size = len(encoded.encode())
    except UnicodeEncodeError:
        raise UnusableSecretError("it is not UTF-8 text: encode it, for example as base64") from None
    if size > MAX_VARIABLE_BYTES:
        raise UnusableSecretError(f"it has {size} bytes, and an environment variable takes {MAX_VARIABLE_BYTES}")
    return SecretText(encoded, converted)


def _select_key(text: str, key: str) -> object:
    document = _parse_json(text, "it is not a JSON object")
    if not isinstance(document, dict):
        raise UnusableSecretError("it is not a JSON object")
    if key not in document:
        raise UnusableSecretError(f"its JSON object has no key {key}")
    return document[key]


def _parse_json(text: str, fault: str) -> object:
    try:
        return json.loads(text, parse_int=parse_number, parse_float=parse_number, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise UnusableSecretError(fault) from None


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
