"""Schemas of whole documents: the envelope with the result types of each command."""

from importlib import import_module
from typing import get_args

from envctl.cli.command_table import RESULTS
from envctl.cli.render.json.document import FORMAT
from envctl.domain.errors import StackEnd
from envctl.domain.exit_codes import ExitCode
from tools.result_schemas.types import TIMESTAMP_PATTERN, Schema, SchemaBuilder

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# Exit codes of success.
SUCCESS_CODES = (ExitCode.DONE, ExitCode.CHANGES)
ENVELOPE_NAME = "envelope"

_NULLABLE_TIMESTAMP: Schema = {"type": ["string", "null"], "format": "date-time", "pattern": TIMESTAMP_PATTERN}
PROBLEM_PROPERTIES: dict[str, Schema] = {
    "code": {"type": "string", "pattern": "^[EG][0-9]{3}$", "description": "stable; docs/errors.md and docs/guards.md"},
    "message": {"type": "string", "description": "for people; may be worded otherwise tomorrow"},
    "hint": {"type": "string", "description": "the next step, mostly a command; may be empty"},
    "advice": {"type": ["string", "null"], "description": "the words of the hint, without its command"},
    "command": {"type": ["string", "null"], "description": "the command of the hint, to be run as it is"},
    "file": {"type": ["string", "null"], "description": "relative to the project's folder"},
    "line": {"type": ["integer", "null"], "minimum": 1},
    "stack": {"type": ["string", "null"], "description": "the stack of the problem, if known"},
    "address": {"type": ["string", "null"], "description": "the address of the resource, if known"},
    "for_now": {"type": "boolean", "description": "a temporary refusal of a guard: the same command can succeed later"},
    "opens": {**_NULLABLE_TIMESTAMP, "description": "the time of its automatic end, if known"},
    "since": {**_NULLABLE_TIMESTAMP, "description": "the time of its start, if known"},
    "who": {"type": ["string", "null"], "description": "the people with permission to remove it, in words"},
}
OUTCOME_PROPERTIES: dict[str, Schema] = {
    "stack": {"type": "string"},
    "end": {"enum": list(get_args(StackEnd)), "description": "how far it got"},
    "because": {"type": "array", "items": {"type": "string"}, "description": "the failed stacks that stopped it"},
}
USAGE_PROPERTIES: dict[str, Schema] = {
    "at_once": {"type": "integer", "description": "how many stacks were worked on at the same time"},
    "memory": {"type": "integer", "description": "peak memory of all processes together in bytes; 0 if unknown"},
}


def build_schemas() -> dict[str, Schema]:
    """Build all schemas, by file name."""
    return {
        f"{to_slug(name)}.schema.json": build_command_schema(name) if name in RESULTS else build_envelope_schema()
        for name in (ENVELOPE_NAME, *RESULTS)
    }


def to_slug(command: str) -> str:
    return command.lstrip("-").replace(" ", "-")


def build_envelope_schema() -> Schema:
    """Build the schema shared by all commands."""
    command = {"type": "string", "description": "its name, without arguments; empty for an unknown command"}
    description = "Every command prints one document with --json, whether it succeeds or fails."
    header = _build_header(ENVELOPE_NAME, "envctl --json", description)
    return header | _build_body(command, {"type": ["object", "null"]}, in_part=True)


def build_command_schema(command: str) -> Schema:
    definitions = SchemaBuilder()
    results = [definitions.build_schema(cls) for cls in load_result_types(command)]
    title = f"envctl {command} --json"
    result = {"anyOf": [*results, {"type": "null"}]}
    return {
        **_build_header(to_slug(command), title, f"The output of `{title}`."),
        **_build_body({"const": command}, result, in_part=any(each.is_partial for each in RESULTS[command])),
        "$defs": definitions.found,
    }


def load_result_types(command: str) -> tuple[type, ...]:
    paths = [each.path.rpartition(".") for each in RESULTS[command]]
    return tuple(getattr(import_module(f"envctl.{module}"), name) for module, _, name in paths)


def _build_header(name: str, title: str, description: str) -> Schema:
    return {"$schema": DIALECT, "$id": f"urn:envctl:schema:{FORMAT}:{name}", "title": title, "description": description}


def _build_body(command: Schema, result: Schema, *, in_part: bool) -> Schema:
    codes = ", ".join(f"{code.value} {code.name.lower().replace('_', ' ')}" for code in ExitCode)
    properties = {
        "envctl": {"const": FORMAT, "description": "the version of this format; it rises when a reader has to change"},
        "command": command,
        "ok": {"type": "boolean"},
        "exit_code": {"enum": [code.value for code in ExitCode], "description": codes},
        "result": result,
        "problems": {"type": "array", "items": _build_object(PROBLEM_PROPERTIES)},
        "stacks": {
            "type": "array",
            "items": _build_object(OUTCOME_PROPERTIES),
            "description": "the result of each stack, if some could not be deployed",
        },
        "usage": {
            "anyOf": [_build_object(USAGE_PROPERTIES), {"type": "null"}],
            "description": "the resources used by Terraform, if it ran",
        },
        "sandbox": {"type": "boolean", "description": "whether --sandbox was given"},
    }
    return {**_build_object(properties), **_build_outcome_condition(in_part=in_part)}


def _build_object(properties: dict[str, Schema]) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _build_outcome_condition(*, in_part: bool) -> Schema:
    """Require a result or problems, and allow both only for commands with partial results."""
    success = {"result": {"type": "object"}, "problems": {"maxItems": 0}}
    failure = {"result": {"type": ["object", "null"] if in_part else "null"}, "problems": {"minItems": 1}}
    failures = [code.value for code in ExitCode if code not in SUCCESS_CODES]
    return {
        "if": {"properties": {"ok": {"const": True}}},
        "then": {"properties": {**success, "exit_code": {"enum": [code.value for code in SUCCESS_CODES]}}},
        "else": {"properties": {**failure, "exit_code": {"enum": failures}}},
    }
