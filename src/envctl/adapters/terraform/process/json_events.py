"""Terraform's `-json` lines as typed events. Lines of kinds that nobody needs are passed over."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from envctl.domain.plan.changes import Action, ResourceChange, invocation_address
from envctl.usecases.ports.terraform import Progressed

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
Phase = Literal["refresh", "started", "still", "done", "failed"]
_PHASES: dict[str, Phase] = {
    "refresh_start": "refresh",
    "apply_start": "started",
    "apply_progress": "still",
    "apply_complete": "done",
    "apply_errored": "failed",
}
# Of what a provider runs beside the resources.
_RUNS: dict[str, Phase] = {
    "action_start": "started",
    "action_progress": "still",
    "action_complete": "done",
    "action_errored": "failed",
}
# They plan nothing; all else that is planned counts as a change, be it of a kind that comes later.
_NO_CHANGE = frozenset({"noop", "read"})
_PLANNED, _SUMMARY = "planned_", "change_summary"
_TARGETED = "targeting"
_ELSEWHERE = "Deprecated flag: -state"
_OVERRIDDEN = "Provider development overrides are in effect"


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

    `partial` says that Terraform warns of a plan which is not the whole: what it left out is in no line.
    `begun` are the resources that it has begun to change and not ended, and `dumped` is a state that it could write
    nowhere. `summed_up` are the operations that it says to have ended, and `planned` is what an apply was to do.
    `refreshed` are the resources of its state that it has looked at, and `stateless` says that there may be no state at
    all.
    """

    diagnostics: list[Diagnostic] = field(default_factory=list)
    changes: bool = False
    partial: bool = False
    drift: bool = False
    output_changes: bool = False
    begun: set[str] = field(default_factory=set)
    refreshed: set[str] = field(default_factory=set)
    dumped: dict[str, Any] | None = None
    other: list[str] = field(default_factory=list)
    summed_up: set[str] = field(default_factory=set)
    planned: tuple[ResourceChange, ...] = ()
    stateless: bool = False

    @property
    def anything(self) -> bool:
        """Whether there is something to read in the plan."""
        return self.changes or self.output_changes or self.partial

    @property
    def is_overridden(self) -> bool:
        """Whether Terraform says that its configuration replaces providers."""
        return any(diagnostic.summary == _OVERRIDDEN for diagnostic in self.diagnostics)

    @property
    def is_elsewhere(self) -> bool:
        """Whether it was told to take another file for the state."""
        return any(diagnostic.summary.startswith(_ELSEWHERE) for diagnostic in self.diagnostics)

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
        transcript.diagnostics.append(said := _diagnostic(message["diagnostic"], redact))
        transcript.partial = transcript.partial or _TARGETED in said.summary
    elif kind.startswith(_PLANNED) or kind == _SUMMARY:
        transcript.changes = transcript.changes or _changes_something(kind, message)
        transcript.summed_up |= _summed_up(kind, message)
    elif kind == "resource_drift":
        transcript.drift = True
    elif kind == "outputs":
        transcript.output_changes = any(o.get("action", "noop") != "noop" for o in message["outputs"].values())
    elif kind in _PHASES:
        return _noted(_progress(message["hook"], _PHASES[kind], stack), transcript)
    elif kind in _RUNS and isinstance(message.get("hook"), dict):
        return _noted(_run(message["hook"], _RUNS[kind], stack), transcript)
    elif kind == "log" and isinstance(message.get("state"), dict):
        transcript.dumped = message["state"]
    return None


def _noted(progress: Progressed, transcript: Transcript) -> Progressed:
    if progress.phase == "refresh":
        transcript.refreshed.add(progress.address)
    elif progress.phase == "started":
        transcript.begun.add(progress.address)
    elif progress.phase in ("done", "failed"):
        transcript.begun.discard(progress.address)
    return progress


def _changes_something(kind: str, message: dict[str, Any]) -> bool:
    """Whether a line speaks of a change that is planned. The summary does not count moves, which have to be applied
    too, and no line speaks of what comes with a later Terraform but the summary, perhaps.
    """
    if kind == "planned_change":
        return message["change"]["action"] not in _NO_CHANGE
    counted = message.get("changes")
    if kind != _SUMMARY or not isinstance(counted, dict):
        return kind != _SUMMARY
    # After an apply they have happened.
    return counted.get("operation") == "plan" and any(n for key, n in counted.items() if key != "operation")


def _summed_up(kind: str, message: dict[str, Any]) -> set[str]:
    counted = message.get("changes")
    return {str(counted.get("operation"))} if kind == _SUMMARY and isinstance(counted, dict) else set()


def _run(hook: dict[str, Any], phase: Phase, stack: str) -> Progressed:
    """Of an action, by the address under which it was planned."""
    of = hook.get("lifecycle") or {}
    resource = (of.get("resource") or {}).get("addr", "")
    event, own = str(of.get("trigger_event", "")), str((hook.get("action") or {}).get("addr", ""))
    return Progressed(stack, phase, invocation_address(own, event, resource, f"module.{stack}."), Action.INVOKE)


def _progress(hook: dict[str, Any], phase: Phase, stack: str) -> Progressed:
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
