"""The schema of each command's whole document: the envelope, with the command's own result in it."""

from importlib import import_module
from typing import get_args

from envctl.cli.render.json.document import FORMAT
from envctl.cli.render.json.schema.types import MOMENT, Definitions, Schema
from envctl.cli.result_types import IN_PART, RESULTS
from envctl.domain.errors import ExitCode, StackEnd

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# With these a command did what it was asked for.
SUCCESSES = (ExitCode.DONE, ExitCode.CHANGES)
EVERY = "envelope"

_MOMENT: Schema = {"type": ["string", "null"], "format": "date-time", "pattern": MOMENT}
PROBLEM: dict[str, Schema] = {
    "code": {"type": "string", "pattern": "^[EG][0-9]{3}$", "description": "stable; docs/errors.md and docs/guards.md"},
    "message": {"type": "string", "description": "for people; may be worded otherwise tomorrow"},
    "hint": {"type": "string", "description": "the next step, mostly a command; may be empty"},
    "file": {"type": ["string", "null"], "description": "relative to the project's folder"},
    "line": {"type": ["integer", "null"], "minimum": 1},
    "stack": {"type": ["string", "null"], "description": "the stack that it happened in, where that is known"},
    "address": {"type": ["string", "null"], "description": "the address of the resource, where Terraform named one"},
    "for_now": {"type": "boolean", "description": "a guard's refusal that can open without a change of what was asked"},
    "opens": {**_MOMENT, "description": "when it opens by itself, where that is known"},
    "since": {**_MOMENT, "description": "since when it is shut, where that is known"},
    "who": {"type": ["string", "null"], "description": "who can open it, in words"},
}
ACCOUNT: dict[str, Schema] = {
    "stack": {"type": "string"},
    "end": {"enum": list(get_args(StackEnd)), "description": "how far it got"},
    "because": {"type": "array", "items": {"type": "string"}, "description": "the failed ones that it was left for"},
}
USAGE: dict[str, Schema] = {
    "at_once": {"type": "integer", "description": "how many stacks were worked on at the same time"},
    "memory": {"type": "integer", "description": "bytes of all processes together at their peak; 0 where not known"},
}


def documents() -> dict[str, Schema]:
    """Each schema by the name of its file."""
    return {
        f"{slug(name)}.schema.json": of_command(name) if name in RESULTS else envelope() for name in (EVERY, *RESULTS)
    }


def slug(command: str) -> str:
    return command.lstrip("-").replace(" ", "-")


def envelope() -> Schema:
    """What holds for every command."""
    command = {"type": "string", "description": "its name, without arguments; empty where none was understood"}
    return {
        **_head(EVERY, "envctl --json", "Every command prints one document with --json, whether it succeeds or fails."),
        **_whole(command, {"type": ["object", "null"]}, in_part=bool(IN_PART)),
    }


def of_command(command: str) -> Schema:
    definitions = Definitions()
    results = [definitions.schema(cls) for cls in result_types(command)]
    title = f"envctl {command} --json"
    return {
        **_head(slug(command), title, f"What `{title}` prints."),
        **_whole({"const": command}, {"anyOf": [*results, {"type": "null"}]}, in_part=command in IN_PART),
        "$defs": definitions.found,
    }


def result_types(command: str) -> tuple[type, ...]:
    return tuple(_type(path) for path in RESULTS[command])


def _type(path: str) -> type:
    module, _, name = path.rpartition(".")
    found = getattr(import_module(f"envctl.{module}"), name)
    if not isinstance(found, type):
        raise TypeError(f"{path} is not a type")
    return found


def _head(name: str, title: str, description: str) -> Schema:
    return {"$schema": DIALECT, "$id": f"urn:envctl:schema:{FORMAT}:{name}", "title": title, "description": description}


def _whole(command: Schema, result: Schema, *, in_part: bool) -> Schema:
    codes = ", ".join(f"{code.value} {code.name.lower().replace('_', ' ')}" for code in ExitCode)
    properties = {
        "envctl": {"const": FORMAT, "description": "the version of this format; it rises when a reader has to change"},
        "command": command,
        "ok": {"type": "boolean"},
        "exit_code": {"enum": [code.value for code in ExitCode], "description": codes},
        "result": result,
        "problems": {"type": "array", "items": _closed(PROBLEM)},
        "stacks": {
            "type": "array",
            "items": _closed(ACCOUNT),
            "description": "where some of several stacks could not be deployed: how far each got",
        },
        "usage": {
            "anyOf": [_closed(USAGE), {"type": "null"}],
            "description": "what Terraform took, where it ran",
        },
        "sandbox": {"type": "boolean", "description": "whether --sandbox was given"},
    }
    return {**_closed(properties), **_either(in_part=in_part)}


def _closed(properties: dict[str, Schema]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _either(*, in_part: bool) -> Schema:
    """A result or problems, and both only of commands that answer in part, with an exit code that fits."""
    failures = [code.value for code in ExitCode if code not in SUCCESSES]
    return {
        "if": {"properties": {"ok": {"const": True}}},
        "then": _so({"type": "object"}, {"maxItems": 0}, [code.value for code in SUCCESSES]),
        "else": _so({"type": ["object", "null"] if in_part else "null"}, {"minItems": 1}, failures),
    }


def _so(result: Schema, problems: Schema, codes: list[int]) -> Schema:
    return {"properties": {"result": result, "problems": problems, "exit_code": {"enum": codes}}}
