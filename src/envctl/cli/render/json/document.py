"""The JSON document of `--json`, for success and failure. Sensitive settings are redacted here."""

from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from itertools import zip_longest
from math import isfinite
from typing import TYPE_CHECKING, Any

from envctl.cli import memory_usage
from envctl.cli.render.text.next_commands import add_sandbox_flag, split_command
from envctl.domain.errors import EnvctlError, Problem
from envctl.domain.plan.changes import Marker
from envctl.domain.settings.settings import Setting
from envctl.domain.terraform.literals import format_number

if TYPE_CHECKING:
    from envctl.domain.guards import Refusal

FORMAT = 1
# Properties shown beside the fields, by class name: importing every result type would take too long.
COMPUTED_FIELDS = {
    "EnvironmentPlan": ("changes",),
    "StackPlan": ("changes",),
    "EnvironmentStatus": ("state",),
    "EnvironmentState": ("whole", "drifted"),
    "Evidence": ("verified",),
    "BucketReport": ("outcome",),
    "Diff": ("unknown", "differs"),
    "Drift": ("found",),
    "ExplainedPlan": ("changes",),
    "Plans": ("changes",),
    "Preview": ("changes",),
    "EnvironmentSecrets": ("missing",),
    "Sighting": ("missing",),
    "Why": ("allowed",),
    "GateApprovals": ("missing",),
    "GoneEnvironment": ("successor",),
    "EnvironmentDrift": ("drifted", "unknown", "pending"),
}


# Fields left out: digests for comparing plans mean nothing to a reader, and guards report the relevant providers.
OMITTED_FIELDS = {
    "EnvironmentSettings": ("arguments", "project"),
    "ResourceChange": ("planned",),
    "StackPlan": ("providers",),
}


def build_envelope(
    command: str, result: object | None, error: EnvctlError | None, exit_code: int, *, sandbox: bool = False
) -> dict[str, Any]:
    """Build the document; its keys are always the same. `envctl` is the format version, raised by breaking changes."""
    # Refusals are found by attribute: importing the guards would slow down every other failure.
    pairs = zip_longest(error.problems, getattr(error, "refusals", ())) if error else ()
    return {
        "envctl": FORMAT,
        "command": command,
        "ok": error is None,
        "exit_code": int(exit_code),
        "result": None if result is None else to_json(result),
        "problems": [_problem_to_json(*pair) for pair in pairs],
        "stacks": to_json(error.stacks) if error else [],
        "usage": to_json(memory_usage.LAST_USAGE.get()),
        "sandbox": sandbox,
    }


def to_json(value: object) -> Any:  # noqa: ANN401 (JSON)
    """Convert a value to JSON; raises TypeError for a type without a JSON form."""
    match value:
        case Setting() if value.sensitive:
            return _fields_to_json(replace(value, value=Marker.SENSITIVE))
        case _ if hasattr(value, "model_dump"):
            # Rules. Pydantic is not imported for them: most failures come without a project.
            return _rules_to_json(value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            return _fields_to_json(value)
        case Mapping():
            return {str(key): to_json(item) for key, item in sorted(value.items(), key=lambda pair: str(pair[0]))}
        case list() | tuple():
            return [to_json(item) for item in value]
        case Set():
            return sorted((to_json(item) for item in value), key=str)
        case _:
            return _scalar_to_json(value)


def _scalar_to_json(value: object) -> str | float | bool | None:
    match value:
        case Enum():
            return str(value.value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case timedelta():
            return value.total_seconds()
        case Decimal():
            # As text: a reader would round a JSON number.
            return format_number(value)
        case float() if not isfinite(value):
            # Infinity: valid in Terraform, not in JSON.
            return str(value)
        case None | bool() | int() | float() | str():
            return value
        case _:
            raise TypeError(f"a {type(value).__name__} has no JSON form")


def _rules_to_json(value: Any) -> Any:  # noqa: ANN401 (a model)
    from envctl.domain.config.rules.rule_text import find_rule_texts

    names = find_rule_texts(type(value))
    return {name: to_json(getattr(value, name)) for name in names} if names else str(value)


# Fields with commands for people.
ADVICE_FIELDS = ("next", "hint", "command")


def list_json_fields(cls: Any) -> list[str]:  # noqa: ANN401 (any dataclass)
    return [each.name for each in fields(cls) if each.name not in OMITTED_FIELDS.get(cls.__name__, ())]


def _fields_to_json(value: Any) -> dict[str, Any]:  # noqa: ANN401 (any dataclass)
    kind = {"kind": value.kind} if isinstance(getattr(value, "kind", None), str) else {}
    names = list_json_fields(type(value))
    values = {name: to_json(getattr(value, name)) for name in (*names, *COMPUTED_FIELDS.get(type(value).__name__, ()))}
    return kind | values | {name: _add_sandbox_flags(values[name]) for name in ADVICE_FIELDS if name in values}


def _add_sandbox_flags(hint: object) -> object:
    """Add `--sandbox` to the commands of a hint or of a list of hints."""
    if isinstance(hint, list):
        return [_add_sandbox_flags(each) for each in hint]
    return add_sandbox_flag(hint) if isinstance(hint, str) else hint


def _can_run(command: str) -> bool:
    """Check that a command has no placeholder, such as FILE or …, and no words after it."""
    is_example = "…" in command or any(len(word) > 1 and word.isalpha() and word.isupper() for word in command.split())
    return bool(command) and not is_example and not any(mark in command for mark in (", ", "; ", " ("))


def _problem_to_json(problem: Problem, refusal: "Refusal | None") -> dict[str, Any]:
    advice, command = split_command(add_sandbox_flag(problem.hint))
    return {
        "code": problem.code,
        "message": problem.message,
        "hint": add_sandbox_flag(problem.hint),
        "advice": advice or None,
        "command": command if _can_run(command) else None,
        "file": problem.location.file if problem.location else None,
        "line": problem.location.line if problem.location else None,
        "stack": problem.stack or None,
        "address": problem.address or None,
        "for_now": bool(refusal and refusal.for_now),
        "opens": to_json(refusal.opens) if refusal else None,
        "since": to_json(refusal.since) if refusal else None,
        "who": (refusal.who or None) if refusal else None,
    }
