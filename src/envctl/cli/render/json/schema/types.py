"""The JSON Schema of what `machine.as_json` makes of a value, from the value's type. The two have to agree."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from envctl.cli.render.json.document import WORKED_OUT
from envctl.cli.render.json.schema.annotations import described, hints_of, returned_by
from envctl.domain.plan.changes import Marker, ResourceChange, StackPlan
from envctl.domain.settings.values import EnvironmentSettings, Setting

Schema = dict[str, Any]

MOMENT = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$"
SCALARS: dict[object, Schema] = {
    NoneType: {"type": "null"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    Decimal: {"type": "string"},
    datetime: {"type": "string", "format": "date-time", "pattern": MOMENT},
    timedelta: {"type": "number", "description": "seconds"},
    object: {"description": "any JSON value"},
    Any: {"description": "any JSON value"},
}
OF_TEXT = {"type", "format", "pattern"}
LEFT_OUT = {EnvironmentSettings: ("arguments",), ResourceChange: ("planned",), StackPlan: ("providers",)}
MASKED: dict[type, Schema] = {
    Setting: {
        "if": {"properties": {"sensitive": {"const": True}}},
        "then": {"properties": {"value": {"const": Marker.SENSITIVE.value}}},
    }
}


class Definitions:
    """Gives schemas; the dataclasses that it met on the way are in `found`, for `$defs`."""

    def __init__(self) -> None:
        self.found: dict[str, Schema] = {}
        self._names: dict[type, str] = {}

    def schema(self, annotation: object) -> Schema:
        """Raises TypeError for a type that has no place in a document."""
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin in (Union, UnionType):
            return self._union(arguments)
        if isinstance(origin, type) and arguments:
            return self._collection(origin, arguments)
        if isinstance(annotation, type):
            if issubclass(annotation, Enum):
                return {"enum": [str(member.value) for member in annotation]}
            if is_dataclass(annotation):
                return self._reference(annotation)
        if annotation in SCALARS:
            return dict(SCALARS[annotation])
        raise TypeError(f"{annotation} has no place in a JSON document")

    def _union(self, members: Sequence[object]) -> Schema:
        schemas = [self.schema(member) for member in members]
        first, types = schemas[0], list(dict.fromkeys(str(schema.get("type")) for schema in schemas))
        plain = set(first) <= OF_TEXT and all(set(schema) == {"type"} for schema in schemas[1:])
        # A format and a pattern speak of text alone, and so of the first where no other is text.
        return {**first, "type": types} if plain and len(types) == len(schemas) else {"anyOf": schemas}

    def _collection(self, origin: type, arguments: tuple[object, ...]) -> Schema:
        if issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.schema(arguments[1])}
        if issubclass(origin, tuple) and arguments[-1] is not Ellipsis:
            items = [self.schema(each) for each in arguments]
            return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}
        if issubclass(origin, list | tuple):
            return {"type": "array", "items": self.schema(arguments[0])}
        if issubclass(origin, Set):
            return {"type": "array", "items": self.schema(arguments[0]), "uniqueItems": True}
        raise TypeError(f"{origin.__name__} has no place in a JSON document")

    def _reference(self, cls: type) -> Schema:
        if cls not in self._names:
            taken = cls.__name__ in self.found
            name = f"{cls.__module__}.{cls.__name__}" if taken else cls.__name__
            self._names[cls] = name
            # Known before it is described, for types that hold themselves.
            self.found[name] = {}
            self.found[name] |= self._object(cls)
        return {"$ref": f"#/$defs/{self._names[cls]}"}

    def _object(self, cls: type) -> Schema:
        properties = self._properties(cls)
        return {
            **({} if cls in LEFT_OUT else described(cls)),
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
            **MASKED.get(cls, {}),
        }

    def _properties(self, cls: Any) -> dict[str, Schema]:  # noqa: ANN401 (any dataclass)
        hints, names = hints_of(cls), [each.name for each in fields(cls)]
        kind = getattr(cls, "kind", None)
        known = {"kind": {"const": kind}} if isinstance(kind, str) and "kind" not in names else {}
        told = {name: self.schema(hints[name]) for name in names if name not in LEFT_OUT.get(cls, ())}
        worked_out = {name: self.schema(returned_by(cls, name)) for name in WORKED_OUT.get(cls.__name__, ())}
        return known | told | worked_out
