"""JSON Schemas of result types. They have to agree with `to_json` in `json.document`."""

import ast
import inspect
import io
import re
import textwrap
import tokenize
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from importlib import import_module
from types import FunctionType, NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from envctl.cli.render.json.document import COMPUTED_FIELDS, OMITTED_FIELDS, list_json_fields
from envctl.domain.config.gates import WindowTable
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.config.rules.rule_text import find_rule_texts
from envctl.domain.plan.changes import Marker
from envctl.domain.rules.environment_rules import Rules
from envctl.domain.settings.settings import Setting

Schema = dict[str, Any]

TIMESTAMP_PATTERN = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$"
SCALAR_SCHEMAS: dict[object, Schema] = {
    # A guard of a later envctl is no reason to reject its document.
    GuardCode: {"type": "string"},
    WindowTable: {"type": "string"},
    NoneType: {"type": "null"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    Decimal: {"type": "string"},
    datetime: {"type": "string", "format": "date-time", "pattern": TIMESTAMP_PATTERN},
    timedelta: {"type": "number", "description": "seconds"},
    object: {"description": "any JSON value"},
    Any: {"description": "any JSON value"},
}
STRING_KEYWORDS = {"type", "format", "pattern"}
REDACTION_RULES: dict[type, Schema] = {
    Setting: {
        "if": {"properties": {"sensitive": {"const": True}}},
        "then": {"properties": {"value": {"const": Marker.SENSITIVE.value}}},
    }
}


@dataclass
class SchemaBuilder:
    """Builder of schemas, collecting those of dataclasses in `found`, for `$defs`."""

    found: dict[str, Schema] = field(default_factory=dict)
    _names: dict[type, str] = field(default_factory=dict)

    def build_schema(self, annotation: object) -> Schema:
        """Build the schema of a type; raises TypeError for a type without a JSON form."""
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin in (Union, UnionType):
            return self._build_union(arguments)
        if isinstance(origin, type) and arguments:
            return self._build_collection(origin, arguments)
        if isinstance(annotation, type):
            if issubclass(annotation, Enum) and annotation not in SCALAR_SCHEMAS:
                return {"enum": [str(member.value) for member in annotation]}
            if is_dataclass(annotation) or issubclass(annotation, Rules):
                return self._build_reference(annotation)
        if annotation in SCALAR_SCHEMAS:
            return dict(SCALAR_SCHEMAS[annotation])
        raise TypeError(f"{annotation} has no place in a JSON document")

    def _build_union(self, members: Sequence[object]) -> Schema:
        schemas = [self.build_schema(member) for member in members]
        first, types = schemas[0], list(dict.fromkeys(str(schema.get("type")) for schema in schemas))
        plain = set(first) <= STRING_KEYWORDS and all(set(schema) == {"type"} for schema in schemas[1:])
        # Format and pattern apply to strings only, and only the first type is a string.
        return {**first, "type": types} if plain and len(types) == len(schemas) else {"anyOf": schemas}

    def _build_collection(self, origin: type, arguments: tuple[object, ...]) -> Schema:
        if issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.build_schema(arguments[1])}
        if issubclass(origin, tuple) and arguments[-1] is not Ellipsis:
            items = [self.build_schema(each) for each in arguments]
            return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}
        if issubclass(origin, list | tuple):
            return {"type": "array", "items": self.build_schema(arguments[0])}
        if issubclass(origin, Set):
            return {"type": "array", "items": self.build_schema(arguments[0]), "uniqueItems": True}
        raise TypeError(f"{origin.__name__} has no place in a JSON document")

    def _build_reference(self, cls: type) -> Schema:
        if cls not in self._names:
            taken = cls.__name__ in self.found
            name = f"{cls.__module__}.{cls.__name__}" if taken else cls.__name__
            self._names[cls] = name
            # Registered before it is described: a type may contain itself.
            self.found[name] = {}
            self.found[name] |= self._build_object(cls)
        return {"$ref": f"#/$defs/{self._names[cls]}"}

    def _build_object(self, cls: type) -> Schema:
        properties = self._build_properties(cls)
        return {
            **({} if cls.__name__ in OMITTED_FIELDS else describe_class(cls)),
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
            **REDACTION_RULES.get(cls, {}),
        }

    def _build_properties(self, cls: Any) -> dict[str, Schema]:  # noqa: ANN401 (any dataclass)
        hints = load_type_hints(cls)
        names = list(find_rule_texts(cls)) if issubclass(cls, Rules) else list_json_fields(cls)
        kind = getattr(cls, "kind", None)
        known = {"kind": {"const": kind}} if isinstance(kind, str) and "kind" not in names else {}
        schemas = {name: self.build_schema(hints[name]) for name in names}
        getters = {name: getattr(cls, name).fget for name in COMPUTED_FIELDS.get(cls.__name__, ())}
        worked_out = {name: self.build_schema(load_type_hints(getter)["return"]) for name, getter in getters.items()}
        return known | schemas | worked_out


def load_type_hints(annotated: type | FunctionType) -> dict[str, Any]:
    return get_type_hints(annotated, localns=_load_type_checking_names(annotated.__module__))


def describe_class(cls: type) -> dict[str, str]:
    """Return the docstring with `None` as `null`; empty if it has only the one made by `dataclass`."""
    text = cls.__doc__ or ""
    if not text or text.startswith(f"{cls.__name__}("):
        return {}
    paragraphs = [" ".join(paragraph.split()) for paragraph in inspect.cleandoc(text).split("\n\n")]
    fields = read_field_comments(cls).items()
    # One comment may name the fields that it explains: `have and need: …`.
    said = [text if re.match(rf"{name}(?:,| and) .*?:", text) else f"{name}: {text}" for name, text in fields]
    if said:
        paragraphs.append(" ".join(("Attributes:", *(f"{each.rstrip('.')}." for each in said))))
    return {"description": re.sub(r"\bNone\b", "null", "\n".join(paragraphs))}


def read_field_comments(cls: type) -> dict[str, str]:
    """Return what the comments beside and above the fields of a class say, by field, in the order of the fields."""
    source = textwrap.dedent(inspect.getsource(cls))
    (tree,) = ast.parse(source).body
    comments: dict[int, tuple[str, bool]] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not re.match(r"# (?:noqa|type:)", token.string):
            comments[token.start[0]] = (
                token.string.removeprefix("#").strip(),
                not token.line[: token.start[1]].strip(),
            )
    found: dict[str, str] = {}
    for node in tree.body if isinstance(tree, ast.ClassDef) else ():
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)):
            continue
        line, words = node.lineno - 1, list[str]()
        while line in comments and comments[line][1]:
            words.insert(0, comments[line][0])
            line -= 1
        beside = comments.get(node.end_lineno or node.lineno)
        text = " ".join([*words, *([beside[0]] if beside else [])])
        if text and not node.target.id.startswith("_"):
            found[node.target.id] = text
    return found


def _load_type_checking_names(module: str) -> dict[str, object]:
    """Load the names imported by a module only under `if TYPE_CHECKING:`."""
    conditions = [node for node in ast.parse(inspect.getsource(import_module(module))).body if isinstance(node, ast.If)]
    blocks = [node.body for node in conditions if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"]
    imports = [each for block in blocks for each in block if isinstance(each, ast.ImportFrom)]
    return {
        alias.asname or alias.name: getattr(import_module(each.module or ""), alias.name)
        for each in imports
        for alias in each.names
    }
