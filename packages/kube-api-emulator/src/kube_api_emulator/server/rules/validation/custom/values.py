"""The values of a custom resource against its schema, in the order and in the words of kube-openapi.

Source: k8s.io/kube-openapi v0.0.0-20260317180543-43fb72c5454a, pkg/validation/validate/schema.go (Validate),
pkg/validation/validate/type.go (schemaInfoForType, Validate), pkg/validation/validate/schema_props.go (Validate).
"""

import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from kube_api_emulator.schemas.schemas import Schema
from kube_api_emulator.server.rules.content_errors import Cause
from kube_api_emulator.server.rules.validation.causes import Causes, format_value
from kube_api_emulator.server.rules.validation.custom.formats import fits_format

_TYPES = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (dict, "object"), (list, "array"))
# Numbers with other powers of ten have an exponent in messages.
_LEAST_POWER, _MOST_POWER = -4, 6
_INT_OR_STRING = "x-kubernetes-int-or-string"
_RANGES = {"int32": 2**31, "int64": 2**63}


def check_value(schema: Schema, value: object, path: str, causes: Causes) -> None:
    """Check a value and all values in it."""
    if "$ref" in schema:
        return
    if value is None:
        _check_type(schema, value, path, causes)
        _check_enum(schema, value, path, causes)
        return
    _check_type(schema, value, path, causes)
    _check_choices(schema, value, path, causes)
    for type_, check in _CHECKS:
        if isinstance(value, type_) and not (isinstance(value, bool) and type_ is not bool):
            check(schema, value, path, causes)
    _check_enum(schema, value, path, causes)
    if isinstance(value, dict):
        _check_fields(schema, value, path, causes)


def name_type(value: object) -> str:
    """Return the type of a value in JSON schema."""
    return next((name for type_, name in _TYPES if isinstance(value, type_)), "null")


def _refuse(causes: Causes, path: str, value: object, text: str) -> None:
    causes.append(Cause(path or "<nil>", "FieldValueInvalid", f"Invalid value: {format_value(value)}: {text}"))


def _refuse_type(causes: Causes, path: str, wanted: str, found: object, value: object) -> None:
    text = f"{path} in body must be of type {wanted}: {format_value(found)}"
    causes.append(Cause(path, "FieldValueTypeInvalid", f"Invalid value: {format_value(value)}: {text}"))


def _refuse_whole(causes: Causes, text: str) -> None:
    """Add a problem that the server assigns to no field."""
    causes.append(Cause("<nil>", "FieldValueInvalid", f'Invalid value: "": {text}'))


def _check_type(schema: Schema, value: object, path: str, causes: Causes) -> None:
    is_open = bool(schema.get(_INT_OR_STRING))
    wanted = ["integer", "string"] if is_open else [schema["type"]] if schema.get("type") else []
    found = name_type(value)
    is_whole = isinstance(value, float) and value == math.floor(value) and "integer" in wanted
    is_number = found == "integer" and "number" in wanted
    form = schema.get("format") or ""
    if value is None or not form:
        if wanted and not (found in wanted or is_whole or is_number or (value is None and schema.get("nullable"))):
            _refuse_type(causes, path, ",".join(wanted), found, found)
        return
    if not isinstance(value, str | list):
        have = {int: "int64", float: "float64"}.get(type(value), "")
        if not (found in wanted or have == form or is_whole or is_number):
            _refuse_type(causes, path, form, have, have)
            return
    elif not {"integer", "number"} & set(wanted):
        return
    if found in wanted or is_whole or is_number:
        return
    _refuse_type(causes, path, ",".join(wanted), found, found)


def _check_enum(schema: Schema, value: object, path: str, causes: Causes) -> None:
    choices = schema.get("enum")
    if choices and value not in choices:
        listed = ", ".join(format_value(each if isinstance(each, str) else format_value(each)) for each in choices)
        message = f"Unsupported value: {format_value(value)}: supported values: {listed}"
        causes.append(Cause(path, "FieldValueNotSupported", message))


# -- schemas within a schema -------------------------------------------------------------------------------------------


def _find_failures(schema: Schema, value: object, path: str) -> Causes:
    failures = Causes()
    check_value(schema, value, path, failures)
    return failures


def _choose_shortest(failures: list[Causes]) -> Causes:
    shortest = min(len(each) for each in failures)
    return next(each for each in failures if len(each) == shortest)


def _check_choices(schema: Schema, value: object, path: str, causes: Causes) -> None:
    shown = format_value(path)
    if schema.get("anyOf"):
        found = [_find_failures(each, value, path) for each in schema["anyOf"]]
        if all(found):
            _refuse_whole(causes, f"{shown} must validate at least one schema (anyOf)")
            causes.extend(_choose_shortest(found))
    if schema.get("oneOf"):
        found = [_find_failures(each, value, path) for each in schema["oneOf"]]
        valid = sum(1 for each in found if not each)
        if valid != 1:
            count = f"Found {valid} valid alternatives" if valid else "Found none valid"
            _refuse_whole(causes, f"{shown} must validate one and only one schema (oneOf). {count}")
            causes.extend([] if valid else _choose_shortest(found))
    if schema.get("allOf"):
        found = [_find_failures(each, value, path) for each in schema["allOf"]]
        causes.extend(cause for each in found for cause in each)
        if any(found):
            none = ". None validated" if all(found) else ""
            _refuse_whole(causes, f"{shown} must validate all the schemas (allOf){none}")
    if schema.get("not") is not None and not _find_failures(schema["not"], value, path):
        _refuse_whole(causes, f"{shown} must not validate the schema (not)")


# -- values of one type ------------------------------------------------------------------------------------------------


def _check_text(schema: Schema, value: str, path: str, causes: Causes) -> None:
    most, least, pattern = schema.get("maxLength"), schema.get("minLength"), schema.get("pattern")
    if most is not None and len(value) > most:
        causes.report_length(path, most)
    elif least is not None and len(value) < least:
        _refuse(causes, path, value, f"{path} in body should be at least {least} chars long")
    elif pattern and not _search(pattern, value):
        _refuse(causes, path, value, f"{path} in body should match '{pattern}'")
    if schema.get("format") and not fits_format(schema["format"], value):
        _refuse_type(causes, path, schema["format"], value, value)


def _search(pattern: str, value: str) -> bool:
    try:
        return re.search(pattern, value) is not None
    except re.error:  # Go's syntax has parts that Python's does not have
        return True


def _check_number(schema: Schema, value: float, path: str, causes: Causes) -> None:
    factor, least, most = schema.get("multipleOf"), schema.get("minimum"), schema.get("maximum")
    limits = (("Checked", value), ("MultipleOf", factor), ("Minimum boundary", least), ("Maximum boundary", most))
    for name, number in limits:
        _check_range(schema, number, name, path, causes)
    is_rounded = isinstance(value, int) and factor is not None and _fits_range(schema, factor)
    factor = int(factor) if is_rounded and factor is not None else factor
    if factor is not None and factor <= 0:
        shown = _show_number(factor)
        _refuse(causes, path, factor, f"factor MultipleOf declared for {path} must be positive: {shown}")
    elif factor and not float(value / factor).is_integer():
        _refuse(causes, path, value, f"{path} in body should be a multiple of {_show_number(factor)}")
    if least is not None and (value < least or (value == least and schema.get("exclusiveMinimum"))):
        word = "greater than" if schema.get("exclusiveMinimum") else "greater than or equal to"
        _refuse(causes, path, value, f"{path} in body should be {word} {_show_number(least)}")
    if most is not None and (value > most or (value == most and schema.get("exclusiveMaximum"))):
        word = "less than" if schema.get("exclusiveMaximum") else "less than or equal to"
        _refuse(causes, path, value, f"{path} in body should be {word} {_show_number(most)}")


def _check_range(schema: Schema, number: float | None, name: str, path: str, causes: Causes) -> None:
    """Check that a number can be of the type and format of its schema."""
    if number is None or _fits_range(schema, number):
        return
    form = f"with format {schema['format']}" if schema.get("format") else "(default format)"
    _refuse_whole(causes, f"{name} value must be of type integer {form} in {path}")


def _fits_range(schema: Schema, number: float) -> bool:
    is_integer = schema.get("type") == "integer" or (not schema.get("type") and schema.get(_INT_OR_STRING))
    limit = _RANGES.get(schema.get("format") or "", 2**63)
    return not is_integer or (number == int(number) and -limit <= number < limit)


def _show_number(value: float) -> str:
    """Return a number as Go shows one: large and small ones with an exponent."""
    number = Decimal(repr(float(value))).normalize()
    power = number.adjusted()
    if not value or _LEAST_POWER <= power < _MOST_POWER:
        return f"{number:f}"
    return f"{number.scaleb(-power):f}e{'-' if power < 0 else '+'}{abs(power):02d}"


def _check_items(schema: Schema, value: list[Any], path: str, causes: Causes) -> None:
    items = schema.get("items")
    for index, inner in enumerate(value if isinstance(items, Mapping) else ()):
        check_value(items or {}, inner, f"{path}[{index}]", causes)
    least, most = schema.get("minItems"), schema.get("maxItems")
    if least is not None and len(value) < least:
        _refuse(causes, path, len(value), f"{path} in body should have at least {least} items")
    if most is not None and len(value) > most:
        causes.report_count(path, len(value), most)
    if schema.get("uniqueItems") and any(each in value[:index] for index, each in enumerate(value)):
        _refuse(causes, path, "", f"{path} in body shouldn't contain duplicates")


def _check_fields(schema: Schema, value: dict[str, Any], path: str, causes: Causes) -> None:
    least, most = schema.get("minProperties"), schema.get("maxProperties")
    if least is not None and len(value) < least:
        _refuse(causes, path, len(value), f"{path} in body should have at least {least} properties")
    if most is not None and len(value) > most:
        causes.report_count(path, len(value), most)
    fields, others = schema.get("properties") or {}, schema.get("additionalProperties")
    for name, inner in value.items():
        place = f"{path}.{name}" if path else name
        if name in fields:
            check_value(fields[name], inner, place, causes)
        elif isinstance(others, Mapping):
            check_value(others, inner, f"{path}.{name}", causes)
    for name in schema.get("required") or ():
        if name not in value:
            causes.require(f"{path}.{name}" if path else name)


_Check = Callable[[Schema, Any, str, Causes], None]
_CHECKS: tuple[tuple[type | tuple[type, ...], _Check], ...] = (
    (str, _check_text),
    ((int, float), _check_number),
    (list, _check_items),
)
