"""The rules in CEL of custom resources: `x-kubernetes-validations`.

Source: k8s.io/apiextensions-apiserver v0.36.2, pkg/apiserver/schema/cel/validation.go (Validate, validateExpressions,
evalMessageExpression); k8s.io/apiserver v0.36.2, pkg/cel/escaping.go (Escape), pkg/cel/common/maplist.go (MakeMapList).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kube_api_emulator.schemas.schemas import Schema, Schemas
from kube_api_emulator.server.rules.cel.expressions import (
    ExpressionError,
    UnknownExpressionError,
    compile_expression,
)
from kube_api_emulator.server.rules.content_errors import Cause
from kube_api_emulator.server.rules.validation.causes import Causes, format_value

_RULES = "x-kubernetes-validations"
_OLD = re.compile(r"\boldSelf\b")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPES = (("__", "__underscores__"), (".", "__dot__"), ("-", "__dash__"), ("/", "__slash__"))
# Words of the language, which a rule writes in another way when they are fields.
_WORDS = frozenset(
    {
        *("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if"),
        *("import", "let", "loop", "package", "namespace", "return", "var", "void", "while"),
    }
)
_BLOCKING = (
    *("FieldValueNotSupported", "FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany"),
    "FieldValueTypeInvalid",
)
_NOT_CHECKED = (
    "Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing "
    "errors to complete validation"
)
_PREFIXES = {
    "FieldValueForbidden": "Forbidden",
    "FieldValueRequired": "Required value",
    "FieldValueDuplicate": "Duplicate value",
}


def check_custom_rules(schemas: Schemas, schema: Schema, item: Any, live: Any, causes: Causes) -> None:  # noqa: ANN401 (JSON)
    """Check an object with the rules of its schema, unless its content is wrong already."""
    if not _has_rules(schemas, schema):
        return
    if any(each.reason in _BLOCKING for each in causes):
        causes.append(Cause("<nil>", "FieldValueInvalid", _NOT_CHECKED))
        return
    causes.extend(_check(schemas, schema, "", item, live))


def _has_rules(schemas: Schemas, schema: Schema) -> bool:
    if schema.get(_RULES):
        return True
    inner = [*(schema.get("properties") or {}).values(), schema.get("items"), schema.get("additionalProperties")]
    return any(isinstance(each, Mapping) and "$ref" not in each and _has_rules(schemas, each) for each in inner)


def _check(schemas: Schemas, schema: Schema, path: str, value: Any, old: Any) -> Iterator[Cause]:  # noqa: ANN401
    """Yield what the rules of a value and of all values in it refuse."""
    if value is None or "$ref" in schema:
        return
    for rule in schema.get(_RULES) or ():
        cause = _check_rule(schemas, schema, path, rule, (value, old))
        if cause:
            yield cause
    if isinstance(value, dict):
        for name, inner in value.items():
            found = (schema.get("properties") or {}).get(name)
            is_map = found is None and isinstance(schema.get("additionalProperties"), Mapping)
            part = schema["additionalProperties"] if is_map else found
            if part is not None:
                place = f"{path}[{name}]" if is_map else f"{path}.{name}".lstrip(".")
                yield from _check(schemas, part, place, inner, old.get(name) if isinstance(old, dict) else None)
    elif isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        for index, inner in enumerate(value):
            before = _find_before(schemas, schema, inner, old)
            yield from _check(schemas, schema["items"], f"{path}[{index}]", inner, before)


def _find_before(schemas: Schemas, schema: Schema, item: Any, old: Any) -> Any:  # noqa: ANN401
    """Return the item of a list before a change; None if items have no identity."""
    keys = schemas.get_list_keys(schema)
    if schema.get("x-kubernetes-list-type") != "map" or not keys or not isinstance(old, list):
        return None
    wanted = [item.get(key) for key in keys]
    return next((each for each in old if [each.get(key) for key in keys] == wanted), None)


def _check_rule(
    schemas: Schemas, schema: Schema, path: str, rule: Mapping[str, Any], values: tuple[Any, Any]
) -> Cause | None:
    text = str(rule.get("rule", ""))
    known: dict[str, Any] = {"self": _convert(schemas, schema, values[0])}
    before = None if values[1] is None else _convert(schemas, schema, values[1])
    if _OLD.search(text):
        if rule.get("optionalOldSelf"):
            bound = "optional.none()" if before is None else "optional.of(variables.old)"
            text = f"cel.bind(oldSelf, {bound}, {text})"
            known["variables"] = {"old": before}
        elif before is None:
            return None
        else:
            known["oldSelf"] = before
    try:
        if compile_expression(text).evaluate(known) is True:
            return None
        detail = _read_message(rule, known)
    except UnknownExpressionError:
        # What cannot be judged here is not refused.
        return None
    except ExpressionError as error:
        shown = str(rule.get("message") or rule.get("rule", "")).strip()
        text = f'Invalid value: "{schema.get("type", "")}": {error} evaluating rule: {shown}'
        return Cause(path or "<nil>", "FieldValueInvalid", text)
    place = f"{path}{rule['fieldPath']}".lstrip(".") if rule.get("fieldPath") else path
    return _build_cause(place, values[0], str(rule.get("reason") or "FieldValueInvalid"), detail)


def _build_cause(path: str, value: object, reason: str, detail: str) -> Cause:
    """Return the refusal of a value, which the message shows if it is no list and no object."""
    parts = [_PREFIXES.get(reason, "Invalid value")]
    if reason in ("FieldValueInvalid", "FieldValueDuplicate") and not isinstance(value, dict | list):
        parts.append(format_value(value))
    # A duplicate has no words of its own.
    return Cause(path or "<nil>", reason, ": ".join(parts if reason == "FieldValueDuplicate" else [*parts, detail]))


def _read_message(rule: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    if text := rule.get("messageExpression"):
        try:
            message = compile_expression(str(text)).evaluate(known)
            if isinstance(message, str) and message.strip() and "\n" not in message:
                return message.strip()
        except (ExpressionError, UnknownExpressionError):
            pass
    message = str(rule.get("message") or "").strip()
    return message or f"failed rule: {str(rule.get('rule', '')).strip()}"


def _convert(schemas: Schemas, schema: Schema, value: Any) -> Any:  # noqa: ANN401
    """Return a value as rules see it: numbers of the type of the schema, and names of fields that a rule can write."""
    if isinstance(value, dict):
        fields, others = schema.get("properties") or {}, schema.get("additionalProperties")
        inner = others if isinstance(others, Mapping) else {}
        return {
            (_escape(name) if name in fields else name): _convert(schemas, fields.get(name, inner), each)
            for name, each in value.items()
        }
    if isinstance(value, list):
        items: Schema = schema.get("items") or {}
        return [_convert(schemas, items, each) for each in value]
    if schema.get("type") == "number" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def _escape(name: str) -> str:
    if name in _WORDS:
        return f"__{name}__"
    escaped = name
    for sign, word in _ESCAPES:
        escaped = escaped.replace(sign, word)
    return escaped if _NAME.fullmatch(escaped) else name
