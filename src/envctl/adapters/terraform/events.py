"""Terraform's `-json` lines as typed events. Lines of kinds that nobody needs are passed over."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from envctl.domain.changes import Action, ResourceChange
from envctl.usecases.terraform_ports import Progressed

_ACTIONS = {
    "create": Action.CREATE,
    "update": Action.UPDATE,
    "replace": Action.REPLACE,
    "delete": Action.DELETE,
    "remove": Action.FORGET,
    "forget": Action.FORGET,
    "read": Action.READ,
    "move": Action.MOVE,
    "import": Action.IMPORT,
}
_PHASES: dict[str, Literal["refresh", "started", "still", "done", "failed"]] = {
    "refresh_start": "refresh",
    "apply_start": "started",
    "apply_progress": "still",
    "apply_complete": "done",
    "apply_errored": "failed",
}


@dataclass(frozen=True)
class Diagnostic:
    """`file` is as Terraform names it: relative to the stack's working directory."""

    severity: str
    summary: str
    detail: str = ""
    file: str = ""
    line: int | None = None
    address: str = ""


@dataclass
class Transcript:
    """What one run has said: diagnostics, and whether anything is planned or has drifted.

    `begun` are the resources that it has begun to change and not ended, and `dumped` is a state that it could write
    nowhere. `planned` is what an apply was to do.
    """

    diagnostics: list[Diagnostic] = field(default_factory=list)
    changes: bool = False
    drift: bool = False
    output_changes: bool = False
    begun: set[str] = field(default_factory=set)
    dumped: dict[str, Any] | None = None
    other: list[str] = field(default_factory=list)
    planned: tuple[ResourceChange, ...] = ()

    @property
    def errors(self) -> list[Diagnostic]:
        return [diagnostic for diagnostic in self.diagnostics if diagnostic.severity == "error"]

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(d.summary for d in self.diagnostics if d.severity == "warning")


def read(line: str, stack: str, transcript: Transcript, redact: Callable[[str], str] = str) -> Progressed | None:
    """Adds one line to the transcript; gives the progress that it tells of, if it does. What it says to people is
    redacted; a state that it tells is not.
    """
    try:
        message = json.loads(line)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        transcript.other.append(redact(line))
        return None
    kind = message.get("type", "")
    if kind == "diagnostic":
        transcript.diagnostics.append(_diagnostic(message["diagnostic"], redact))
    elif kind == "planned_change":
        # The summary at the end does not count moves, which have to be applied too.
        transcript.changes = transcript.changes or message["change"]["action"] not in ("noop", "read")
    elif kind == "resource_drift":
        transcript.drift = True
    elif kind == "outputs":
        transcript.output_changes = any(o.get("action", "noop") != "noop" for o in message["outputs"].values())
    elif kind in _PHASES:
        return _noted(_progress(message["hook"], _PHASES[kind], stack), transcript)
    elif kind == "log" and isinstance(message.get("state"), dict):
        transcript.dumped = message["state"]
    return None


def _noted(progress: Progressed, transcript: Transcript) -> Progressed:
    if progress.phase == "started":
        transcript.begun.add(progress.address)
    elif progress.phase in ("done", "failed"):
        transcript.begun.discard(progress.address)
    return progress


def _progress(
    hook: dict[str, Any], phase: Literal["refresh", "started", "still", "done", "failed"], stack: str
) -> Progressed:
    return Progressed(
        stack,
        phase,
        hook["resource"]["addr"].removeprefix(f"module.{stack}."),
        _ACTIONS.get(hook.get("action", "")),
        float(hook.get("elapsed_seconds", 0)),
    )


def _diagnostic(raw: dict[str, Any], redact: Callable[[str], str]) -> Diagnostic:
    where = raw.get("range") or {}
    return Diagnostic(
        raw.get("severity", "error"),
        redact(raw.get("summary", "")),
        redact(raw.get("detail", "")),
        where.get("filename", ""),
        (where.get("start") or {}).get("line"),
        redact(raw.get("address", "")),
    )
