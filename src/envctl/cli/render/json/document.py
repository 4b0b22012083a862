"""One JSON document for success and failure alike. What is sensitive is masked here too, whoever calls it."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from itertools import zip_longest
from math import isfinite
from typing import TYPE_CHECKING, Any

from envctl.cli import memory_usage
from envctl.cli.render.terminal.next_commands import to_type
from envctl.domain.errors import EnvctlError, Problem
from envctl.domain.plan.changes import Marker, ResourceChange, StackPlan
from envctl.domain.settings.values import EnvironmentSettings, Setting
from envctl.domain.terraform.literals import number_text

if TYPE_CHECKING:
    from envctl.domain.guards import Refusal

FORMAT = 1
# What a reader would have to work out, by the name of the type: importing every kind of result would cost too much.
WORKED_OUT = {
    "EnvironmentPlan": ("changes",),
    "StackPlan": ("changes",),
    "EnvironmentPresent": ("whole", "drifted"),
    "Evidence": ("verified",),
    "BucketReport": ("outcome",),
    "Diff": ("unknown", "differs"),
    "Drift": ("found",),
    "Explained": ("changes",),
    "Plans": ("changes",),
    "Preview": ("changes",),
    "EnvironmentSecrets": ("missing",),
    "Sighting": ("missing",),
    "EnvironmentDrift": ("drifted", "unknown", "pending"),
}


def envelope(
    command: str, result: object | None, error: EnvctlError | None, exit_code: int, *, sandbox: bool = False
) -> dict[str, Any]:
    """The same keys always. `envctl` is the version of this format; it rises when a reader has to change."""
    return {
        "envctl": FORMAT,
        "command": command,
        "ok": error is None,
        "exit_code": int(exit_code),
        "result": None if result is None else as_json(result),
        "problems": list(_problems(error)) if error else [],
        "stacks": as_json(error.stacks) if error else [],
        "usage": as_json(memory_usage.LAST.get()),
        "sandbox": sandbox,
    }


def as_json(value: object) -> Any:  # noqa: ANN401 (JSON)
    """Raises TypeError for what has no place in a document, rather than print what it happens to look like."""
    match value:
        case Setting() if value.sensitive:
            return {**_fields(value, without="value"), "value": Marker.SENSITIVE.value}
        case EnvironmentSettings():
            return _fields(value, without="arguments")
        case ResourceChange():
            # Digests that a plan is compared by say nothing to a reader.
            return _fields(value, without="planned")
        case StackPlan():
            # They are for guards, who say what matters of them.
            return _fields(value, without="providers")
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
        case timedelta():
            return value.total_seconds()
        case Decimal():
            # Exact where a JSON number is not: a reader would round it.
            return number_text(value)
        case float() if not isfinite(value):
            # A number that only Terraform can hold.
            return str(value)
        case None | bool() | int() | float() | str():
            return value
        case _:
            raise TypeError(f"a {type(value).__name__} can't be said in JSON")


def _fields(value: Any, without: str = "") -> dict[str, Any]:  # noqa: ANN401 (any dataclass)
    kind = {"kind": value.kind} if isinstance(getattr(value, "kind", None), str) else {}
    names = [each.name for each in fields(value) if each.name != without]
    told = {name: as_json(getattr(value, name)) for name in (*names, *WORKED_OUT.get(type(value).__name__, ()))}
    return kind | told | {name: _typed(told[name]) for name in ("next", "hint") if name in told}


def _typed(hint: object) -> object:
    """Commands as they have to be typed here."""
    if isinstance(hint, list):
        return [_typed(each) for each in hint]
    return to_type(hint) if isinstance(hint, str) else hint


def _problems(error: EnvctlError) -> Iterator[dict[str, Any]]:
    """A refusal has more to say than other problems; the keys are the same. It is known by what it has: the guards
    need not be loaded to say that a file is missing.
    """
    refusals: tuple[Refusal, ...] = getattr(error, "refusals", ())
    for problem, refusal in zip_longest(error.problems, refusals):
        yield _problem(problem, refusal)


def _problem(problem: Problem, refusal: "Refusal | None") -> dict[str, Any]:
    return {
        "code": problem.code,
        "message": problem.message,
        "hint": to_type(problem.hint),
        "file": problem.location.file if problem.location else None,
        "line": problem.location.line if problem.location else None,
        "stack": problem.stack or None,
        "address": problem.address or None,
        "for_now": bool(refusal and refusal.for_now),
        "opens": as_json(refusal.opens) if refusal else None,
        "since": as_json(refusal.since) if refusal else None,
        "who": (refusal.who or None) if refusal else None,
    }
