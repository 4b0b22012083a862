"""One JSON document for success and failure alike. What is sensitive is masked here too, whoever calls it."""

from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from envctl.cli.render.commands import to_type
from envctl.domain.changes import EnvironmentPlan, Marker, StackPlan
from envctl.domain.errors import EnvctlError, Problem
from envctl.domain.literals import number_text
from envctl.domain.settings import EnvironmentSettings, Setting

FORMAT = 1


def envelope(command: str, result: object | None, error: EnvctlError | None, exit_code: int) -> dict[str, Any]:
    """The same keys always. `envctl` is the version of this format; it rises when a reader has to change."""
    return {
        "envctl": FORMAT,
        "command": command,
        "ok": error is None,
        "exit_code": int(exit_code),
        "result": None if result is None else as_json(result),
        "problems": [_problem(problem) for problem in error.problems] if error else [],
    }


def as_json(value: object) -> Any:  # noqa: ANN401 (JSON)
    """Raises TypeError for what has no place in a document, rather than print what it happens to look like."""
    match value:
        case Setting() if value.sensitive:
            return {**_fields(value, without="value"), "value": Marker.SENSITIVE.value}
        case EnvironmentSettings():
            return _fields(value, without="arguments")
        case EnvironmentPlan() | StackPlan():
            return {**_fields(value), "changes": value.changes}
        case _ if is_dataclass(value) and not isinstance(value, type):
            return _fields(value)
        case Mapping():
            return {str(key): as_json(item) for key, item in sorted(value.items(), key=lambda pair: str(pair[0]))}
        case list() | tuple():
            return [as_json(item) for item in value]
        case Set():
            return sorted((as_json(item) for item in value), key=str)
        case _:
            return _scalar(value)


def _scalar(value: object) -> str | float | bool | None:
    match value:
        case Enum():
            return str(value.value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case Decimal():
            # Exact where a JSON number is not: a reader would round it.
            return number_text(value)
        case None | bool() | int() | float() | str():
            return value
        case _:
            raise TypeError(f"a {type(value).__name__} can't be said in JSON")


def _fields(value: Any, without: str = "") -> dict[str, Any]:  # noqa: ANN401 (any dataclass)
    kind = {"kind": value.kind} if isinstance(getattr(value, "kind", None), str) else {}
    told = {each.name: as_json(getattr(value, each.name)) for each in fields(value) if each.name != without}
    typed = {name: to_type(told[name]) for name in ("next", "hint") if isinstance(told.get(name), str)}
    return kind | told | typed


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "message": problem.message,
        "hint": to_type(problem.hint),
        "file": problem.location.file if problem.location else None,
        "line": problem.location.line if problem.location else None,
    }
