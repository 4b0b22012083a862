"""Writes the JSON Schema of envctl.toml and the page of its keys, from the models of the project file.

python -m tools.project_schema

A model says what each key is for in the comment beside it. Nothing of this is loaded by a command.
"""

import ast
import inspect
import itertools
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from envctl.domain.config import fields
from envctl.domain.config.checks import check_table
from envctl.domain.config.checks.kinds import KINDS
from envctl.domain.config.ci import gitlab as ci_gitlab
from envctl.domain.config.project import Project
from envctl.domain.text.durations import format_duration

ROOT = Path(__file__).parents[1]
PUBLISHED = ROOT / "docs/schemas/envctl.toml.json"
PACKAGED = ROOT / "src/envctl/schemas/envctl.toml.json"
PAGE = ROOT / "docs/project-file.md"
DURATION = r"^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$"
COMMENT = re.compile(r"\s*# .*")
DURATION_ADAPTER = TypeAdapter(timedelta)
TYPE_NAMES = {"string": "text", "integer": "number", "number": "number", "boolean": "true or false"}
INTRODUCTION = """# The project file

Every table and key of `envctl.toml`, the file in the folder of the project. To check the file, with the line of each
fault:

```sh
envctl validate
```

Editors with Taplo or Even Better TOML complete and check the file with its
[JSON Schema](schemas/envctl.toml.json). Save it next to the file:

```sh
envctl schema > envctl.schema.json
```

and write this as the first line of `envctl.toml`:

```toml
#:schema ./envctl.schema.json
```

Text needs quotes. A *duration* is text such as `"90s"`, `"30m"`, `"8h"`, `"14d"`, `"2w"` or `"1d12h"`. NAME is a
name that you choose: a lower-case letter and up to 31 more of a-z, 0-9, _ and -."""
Schema = dict[str, Any]


class ProjectJsonSchema(GenerateJsonSchema):
    """JSON Schema of the models, with what their own validators ask for."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        function = schema["function"]["function"]
        if function in DURATIONS:
            return {"type": "string", "pattern": DURATION}
        inner = self.generate_inner(schema["schema"])
        if function is ci_gitlab.read_gitlab_table:
            return {"anyOf": [inner, {"type": "string", "pattern": f"^(?:{fields.GITLAB_URL_PATTERN})$"}]}
        return inner

    def function_after_schema(self, schema: core_schema.AfterValidatorFunctionSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        pattern = getattr(schema["function"]["function"], "pattern", "")
        return {**inner, "pattern": f"^(?:{pattern})$"} if pattern else inner

    def function_plain_schema(self, schema: core_schema.PlainValidatorFunctionSchema) -> JsonSchemaValue:  # noqa: ARG002
        return {"anyOf": [self.generate_inner(kind.__pydantic_core_schema__) for kind in KINDS.values()]}

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> JsonSchemaValue:  # noqa: ARG002
        return {"type": "string", "pattern": DURATION}


DURATIONS = {
    fields.parse_quoted_duration,
    fields.parse_session_duration,
    check_table.parse_check_duration,
}


def build_schema() -> Schema:
    """Return the schema of envctl.toml."""
    for kind in KINDS.values():
        kind.model_rebuild()
    schema = Project.model_json_schema(schema_generator=ProjectJsonSchema)
    comments = {cls.__name__: read_comments(cls) for cls in list_models(Project)}
    definitions = {name: _tidy(each, comments[name]) for name, each in schema["$defs"].items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:envctl:schema:envctl.toml",
        "title": "envctl.toml",
        **_tidy(schema, comments["Project"]),
        "description": "The project file of envctl: pipeline, environments, stacks and their rules.",
        "$defs": definitions,
    }


def list_models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield the model, and every model in the types of its fields."""
    yield model
    found = [cls for field in model.model_fields.values() for cls in _find_models(field.annotation)]
    for cls in dict.fromkeys([*found, *(KINDS.values() if model is Project else ())]):
        yield from list_models(cls)


def _find_models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from _find_models(each)


def read_comments(model: type[BaseModel]) -> Mapping[str, str]:
    """Return the comment of each field, as a key of the file: behind it, or in the lines before it."""
    comments: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        if cls.__module__.startswith("envctl."):
            comments |= _read_class_comments(cls)
    names = {name: field.alias or name for name, field in model.model_fields.items()}
    return {key: comments.get(name, "") for name, key in names.items()}


def _read_class_comments(cls: type) -> dict[str, str]:
    lines = textwrap.dedent(inspect.getsource(cls)).splitlines()
    (body,) = (node.body for node in ast.parse("\n".join(lines)).body if isinstance(node, ast.ClassDef))
    found = {}
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            behind = lines[(node.end_lineno or node.lineno) - 1].partition("  # ")[2]
            before = itertools.takewhile(COMMENT.fullmatch, reversed(lines[: node.lineno - 1]))
            found[node.target.id] = behind or " ".join(line.strip(" #") for line in reversed(list(before)))
    return found


def _tidy(schema: Schema, comments: Mapping[str, str]) -> Schema:
    """Return the schema of a table as TOML has it: without nulls and titles, with durations as text."""
    properties = {
        key: {**_tidy_value(each), **({"description": comments[key]} if comments.get(key) else {})}
        for key, each in schema["properties"].items()
    }
    rest = {key: each for key, each in schema.items() if key not in {"$defs", "title", "properties", "description"}}
    return {"description": schema.get("description", ""), **rest, "properties": properties}


def _tidy_value(schema: Any) -> Any:  # noqa: ANN401 (any part of a schema)
    if isinstance(schema, list):
        return [_tidy_value(each) for each in schema if each != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _tidy_value(each) for key, each in schema.items() if key != "title"}
    if len(kept.get("anyOf", ())) == 1:
        kept |= kept.pop("anyOf")[0]
    if kept.get("default") in (None, [], {}, ""):
        kept.pop("default", None)
    elif kept.get("pattern") == DURATION:
        kept["default"] = format_duration(DURATION_ADAPTER.validate_python(kept["default"]))
        if kept["default"] == "0s":
            del kept["default"]
    if "patternProperties" in kept:
        kept["additionalProperties"] = False
    return kept


def format_page(schema: Schema) -> str:
    """Return the page with every key."""
    return "\n".join(_list_page_lines(schema)) + "\n"


def _list_page_lines(schema: Schema) -> Iterator[str]:
    yield from INTRODUCTION.splitlines()
    for name, table in _list_tables(schema, schema, ()):
        kind = table["properties"].get("kind", {}).get("const")
        yield ""
        yield f'## `[{name}]` of kind `"{kind}"`' if kind else f"## `{name}`" if name[0] == "[" else f"## `[{name}]`"
        yield ""
        yield table["description"]
        yield ""
        yield "| key | value | default | meaning |"
        yield "|---|---|---|---|"
        for key, value in table["properties"].items():
            if _find_table(schema, value) is None:
                yield f"| `{key}` | {_describe_type(value)} | {_describe_default(table, key)} | {_to_cell(value)} |"
    yield from _list_free_tables(schema)


def _list_free_tables(schema: Schema) -> Iterator[str]:
    """Yield the sections of tables whose keys envctl passes on."""
    for name, value in schema["properties"].items():
        if _find_table(schema, value) is None:
            yield from ("", f"## `[{name}.NAME]`", "", _to_cell(value))


def _list_tables(schema: Schema, table: Schema, path: tuple[str, ...]) -> Iterator[tuple[str, Schema]]:
    """Yield the name and schema of each table with keys of its own, in the order of the models."""
    for key, value in table["properties"].items():
        for placeholder, found in _find_table(schema, value) or ():
            here = (*path, key, *([placeholder] if placeholder else []))
            name = ".".join(here)
            if any(_find_table(schema, each) is None for each in found["properties"].values()):
                yield f"[[{name}]]" if value.get("type") == "array" else name, found
            yield from _list_tables(schema, found, here)


def _find_table(schema: Schema, value: Schema) -> list[tuple[str, Schema]] | None:
    """Return the tables that a key holds: itself, one for each NAME, or one for each kind. None for a plain value."""
    if "$ref" in value:
        found = schema["$defs"][value["$ref"].rpartition("/")[2]]
        return [("", found)]
    if tables := [each for each in value.get("anyOf", ()) if "$ref" in each]:
        # A table, or a plain value in its place.
        return _find_table(schema, tables[0])
    if value.get("type") == "array" and "$ref" in value["items"]:
        return [("", schema["$defs"][value["items"]["$ref"].rpartition("/")[2]])]
    if "patternProperties" in value:
        (item,) = value["patternProperties"].values()
        kinds = item.get("anyOf", [item])
        if all("$ref" in each for each in kinds):
            return [("NAME", schema["$defs"][each["$ref"].rpartition("/")[2]]) for each in kinds]
    return None


def _describe_type(value: Schema) -> str:
    if "enum" in value or "const" in value:
        return " or ".join(f"`{json.dumps(each)}`" for each in value.get("enum", [value.get("const")]))
    if value.get("pattern") == DURATION:
        return "duration"
    if value.get("type") == "array":
        return f"list of {_describe_type(value['items'])}" if "$ref" not in value["items"] else "list of tables"
    if value.get("type") == "object":
        return "table"
    if "anyOf" in value:
        return " or ".join(dict.fromkeys(map(_describe_type, value["anyOf"])))
    return TYPE_NAMES.get(value.get("type", ""), "any value")


def _describe_default(table: Schema, key: str) -> str:
    if key in table.get("required", ()):
        return "must be set"
    default = table["properties"][key].get("default")
    return "" if default is None else f"`{json.dumps(default)}`"


def _to_cell(value: Schema) -> str:
    text = str(value.get("description", "")).replace("|", "\\|")
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") or not text else ".")


def write_files() -> None:
    schema = build_schema()
    text = json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
    for place in (PUBLISHED, PACKAGED):
        place.write_text(text)
    PAGE.write_text(format_page(schema))


if __name__ == "__main__":
    write_files()
