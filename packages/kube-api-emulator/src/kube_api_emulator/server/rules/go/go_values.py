"""Objects as the Go types of kube-apiserver keep them: without nulls and most empty values, amounts in one spelling.

Source: k8s.io/apimachinery v0.36.2, pkg/runtime/converter.go (FromUnstructured, ToUnstructured, structToUnstructured),
pkg/api/resource/quantity.go (UnmarshalJSON, CanonicalizeBytes), pkg/util/intstr/intstr.go (UnmarshalJSON).
"""

import base64
import binascii
import copy
import re
from decimal import Decimal
from typing import Any

from kube_api_emulator.schemas.quantity import MILLI, NANO, explain_quantity, format_quantity
from kube_api_emulator.schemas.schema_check import find_problems
from kube_api_emulator.schemas.schemas import ANY, Schema, Schemas
from kube_api_emulator.server.rules.go.decode_errors import describe_wrong_type, find_large_number
from kube_api_emulator.server.rules.go.go_times import find_time_problem
from kube_api_emulator.server.rules.go.go_types import GoTypes, get_zero, is_left_out
from kube_api_emulator.server.rules.go.json_types import name_type
from kube_api_emulator.server.rules.schema_parts import (
    SCHEMA_STRUCT,
    is_schema_or_bool,
    is_schema_part,
)

_FRACTION = re.compile(r"\.\d+(?=[Z+-])")
_DROP: Any = object()
_INT32 = 2**31
# What a null in a list is read as.
_ZEROS: dict[str, Any] = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": []}


class ConversionError(ValueError):
    """A value that the Go type of its field can't read. The text is the message of the API server."""


def convert_to_go(
    types: GoTypes,
    schemas: Schemas,
    schema: Schema,
    item: dict[str, Any],
    *,
    keeps_empty: bool = False,
    is_stored: bool = False,
) -> bool:
    """Change an object of one of Kubernetes' own kinds to what the server keeps of it. Raises ConversionError.

    `keeps_empty` keeps empty lists and maps, which validation tells from none, and which are not written at last.
    `is_stored` writes null for empty lists that are always written, as the store does not tell them from none.
    Returns whether there are any.
    """
    converter = _Converter(types, schemas, keeps_empty=keeps_empty, is_stored=is_stored)
    converted = converter.convert_struct(schema, item)
    item.clear()
    item |= converted
    return converter.has_empty


def drop_nulls(schemas: Schemas, schema: Schema, value: object) -> Any:  # noqa: ANN401 (a part of JSON)
    """Return a custom resource without the nulls of fields that its schema names and doesn't allow to be null."""
    if isinstance(value, dict):
        fields = {name: schemas.get_field(schema, name) or ANY for name in value}
        return {
            name: drop_nulls(schemas, fields[name], inner) if name != "metadata" else inner
            for name, inner in value.items()
            if inner is not None or not fields[name] or name == "metadata" or schemas.is_nullable(fields[name])
        }
    if isinstance(value, list):
        return [drop_nulls(schemas, schemas.get_items(schema), inner) for inner in value]
    return value


class _Converter:
    def __init__(self, types: GoTypes, schemas: Schemas, *, keeps_empty: bool, is_stored: bool) -> None:
        self.has_empty = False
        self._types = types
        self._is_stored = is_stored
        self._keeps_empty = keeps_empty
        self._schemas = schemas
        self._is_in_part = False

    def convert_struct(self, schema: Schema, value: dict[str, Any]) -> dict[str, Any]:
        codes = self._types.find_codes(schema)
        converted = {}
        for name, inner in value.items():
            if self._is_in_part and self._schemas.get_field(schema, name) is None:
                continue
            kept = self._convert_field(schema, name, codes.get(name, ""), inner)
            if kept is not _DROP:
                converted[name] = kept
        for name, code in codes.items():
            if name in converted or code[0] == "e":
                continue
            if code == "S":
                converted[name] = self.convert_struct(self._schemas.get_field(schema, name) or ANY, {})
            else:
                converted[name] = get_zero(code)
        return converted

    def _convert_field(self, owner: Schema, name: str, code: str, value: object) -> Any:  # noqa: ANN401
        if value is None:
            return _DROP
        schema = self._schemas.get_field(owner, name) or ANY
        converted = self._convert_value(schema, value)
        if is_left_out(code, converted):
            return _DROP
        if self._keeps_empty:
            return converted
        is_empty_list = not converted and isinstance(converted, dict | list | str) and self._is_list(schema)
        if not is_empty_list:
            return converted
        if code != "N":
            return _DROP
        self.has_empty = True
        return None if self._is_stored else converted

    def _is_list(self, schema: Schema) -> bool:
        """Return whether the field is a list, a map or bytes, which are left out when they are empty."""
        definition = self._schemas.resolve(schema)
        if definition.get("format") == "byte" or self._schemas.get_type(schema) == "array":
            return True
        return isinstance(definition.get("additionalProperties"), dict)

    def _convert_value(self, schema: Schema, value: object) -> Any:  # noqa: ANN401
        if value is None:
            return self._get_zero_item(schema)
        if self._schemas.is_quantity(schema):
            return _convert_quantity(value)
        if is_schema_part(schema):
            return self._convert_part(schema, value)
        return self._convert_plain(schema, value)

    def _convert_part(self, schema: Schema, value: object) -> Any:  # noqa: ANN401
        """Return a schema, or what stands in its place. Raises ConversionError for what can't stand there."""
        if is_schema_or_bool(schema) and not isinstance(value, dict):
            if isinstance(value, bool):
                return value
            raise ConversionError("boolean or JSON schema expected")
        if not isinstance(value, dict | list) or value == []:
            # Neither a schema nor a list: the validation tells it from an empty list.
            return (value if value == [] else False) if self._keeps_empty else None
        if self._is_in_part:
            return self._convert_plain(schema, value)
        _check_part(self._schemas, schema, value)
        self._is_in_part = True
        try:
            return self._convert_plain(schema, value)
        finally:
            self._is_in_part = False

    def _convert_plain(self, schema: Schema, value: object) -> Any:  # noqa: ANN401
        schemas = self._schemas
        if isinstance(value, dict | list) and schemas.is_int_or_string(schema):
            name = "object" if isinstance(value, dict) else "array"
            raise ConversionError(f"json: cannot unmarshal {name} into Go value of type int32")
        if isinstance(value, dict):
            return self._convert_map(schema, value)
        if isinstance(value, list):
            items = schemas.get_items(schema)
            return [self._convert_value(items, each) for each in value]
        return self._convert_scalar(schema, value)

    def _convert_scalar(self, schema: Schema, value: object) -> object:
        form = self._schemas.resolve(schema).get("format")
        if form == "byte":
            return _convert_bytes(value)
        if form == "date-time" and not isinstance(value, str):
            raise ConversionError(f"json: cannot unmarshal {name_type(value)} into Go value of type string")
        if form == "date-time" and isinstance(value, str):
            is_micro = str(schema.get("$ref", "")).endswith("MicroTime")
            if problem := find_time_problem(value, is_micro=is_micro):
                raise ConversionError(problem)
            # A time has whole seconds.
            return value if is_micro else _FRACTION.sub("", value)
        if self._schemas.is_int_or_string(schema) and isinstance(value, bool):
            raise ConversionError("json: cannot unmarshal bool into Go value of type int32")
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        if self._schemas.is_int_or_string(schema):
            if isinstance(value, float) or not -_INT32 <= value < _INT32:
                raise ConversionError(f"json: cannot unmarshal number {value} into Go value of type int32")
        elif self._schemas.get_type(schema) == "integer":
            return _convert_integer(value, str(form or "int64"))
        return value

    def _convert_map(self, schema: Schema, value: dict[str, Any]) -> dict[str, Any]:
        definition = self._schemas.resolve(schema)
        if "properties" in definition:
            return self.convert_struct(schema, value)
        extra = definition.get("additionalProperties")
        if not isinstance(extra, dict):
            return value
        if self._schemas.is_quantity(extra):
            return {name: _convert_quantity("0" if inner is None else inner, MILLI) for name, inner in value.items()}
        return {name: self._convert_value(extra, inner) for name, inner in value.items()}

    def _get_zero_item(self, schema: Schema) -> Any:  # noqa: ANN401
        if self._schemas.is_quantity(schema):
            return "0"
        if self._schemas.resolve(schema).get("format") == "byte":
            return ""
        type_ = self._schemas.get_type(schema)
        return self.convert_struct(schema, {}) if type_ == "object" else copy.copy(_ZEROS.get(type_))


def _check_part(schemas: Schemas, schema: Schema, value: dict[str, Any] | list[Any]) -> None:
    """Check the types of a schema that is decoded on its own. Raises ConversionError."""
    where = schemas, schema, SCHEMA_STRUCT, value
    for problem in find_problems(schemas, schema, value):
        if problem.kind == "type":
            raise ConversionError(describe_wrong_type(*where, problem))
        if problem.kind == "bounds" and (text := find_large_number(*where, problem.path)):
            raise ConversionError(text)


def _convert_integer(value: float, form: str) -> int:
    """Return a number as Go converts it: without a fraction, and without the bits that have no place."""
    if value != int(value):
        raise ConversionError(f"cannot convert float64 to {form}")
    return (int(value) + _INT32) % (2 * _INT32) - _INT32 if form == "int32" else int(value)


def _convert_quantity(value: object, least: Decimal = NANO) -> str:
    try:
        return format_quantity(value, least)  # type: ignore[arg-type]
    except ValueError:
        raise ConversionError(explain_quantity(str(value))) from None


def _convert_bytes(value: object) -> str:
    text = str(value)
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode()
    except (binascii.Error, ValueError):
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
        place = next((index for index, letter in enumerate(text) if letter not in alphabet), len(text) // 4 * 4)
        raise ConversionError(f"error decoding from json: illegal base64 data at input byte {place}") from None
