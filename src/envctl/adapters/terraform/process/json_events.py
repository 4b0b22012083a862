"""Parser of Terraform's `-json` lines: progress events, and a transcript of each run."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from envctl.domain.plan.changes import Action, ResourceChange, format_invocation_address
from envctl.usecases.ports.terraform import PreparedStack, ProgressEvent

_ACTIONS = {each.value: each for each in Action if each not in {Action.RENEW, Action.INVOKE}}
_ACTIONS["remove"] = Action.FORGET
Phase = Literal["refresh", "started", "still", "done", "failed"]
_PHASES: dict[str, Phase] = {"start": "started", "progress": "still", "complete": "done", "errored": "failed"}
_RESOURCE_PHASES: dict[str, Phase] = {f"apply_{name}": phase for name, phase in _PHASES.items()}
_RESOURCE_PHASES["refresh_start"] = "refresh"
# Events of provider actions.
_ACTION_PHASES = {f"action_{name}": phase for name, phase in _PHASES.items()}
# Any other planned action counts as a change, unknown ones of later Terraforms too.
_NO_CHANGE = frozenset({"noop", "read"})
_PLANNED_PREFIX, _SUMMARY_TYPE = "planned_", "change_summary"
_OWN_TYPES = ("version", "log")
_TARGETING_WARNING = "targeting"
_STATE_FLAG_WARNING = "Deprecated flag: -state"
_OVERRIDES_WARNING = "Provider development overrides are in effect"


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """An error or warning of Terraform.

    Attributes:
        file: relative to the working directory of the stack.
        context: the header of the block around the code; empty at the top of a file.
        code: the lines that it is about.
    """

    severity: str
    summary: str
    detail: str = ""
    file: str = ""
    line: int | None = None
    address: str = ""
    context: str = ""
    code: str = ""

    @property
    def text(self) -> str:
        return f"{self.summary}\n{self.detail}"


@dataclass(kw_only=True)
class Transcript:
    """The output of one run: diagnostics, planned changes, drift and progress."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    changes: bool = False
    partial: bool = False  # Terraform warned of a targeted plan: resources are missing in it
    drift: bool = False
    output_changes: bool = False
    output_values: dict[str, object] | None = None  # of all outputs at the end of an apply; None if it hides one
    unfinished: set[str] = field(default_factory=set)  # resources with a started but unfinished change
    finished: list[tuple[str, Action]] = field(default_factory=list)  # changes that an apply has finished
    refreshed: set[str] = field(default_factory=set)  # resources read from the state
    dumped_state: dict[str, Any] | None = None  # the state, printed because Terraform could not save it
    plain_lines: list[str] = field(default_factory=list)  # lines without JSON
    summarized: set[str] = field(default_factory=set)  # operations in `change_summary`: plan, apply, destroy
    planned_changes: tuple[ResourceChange, ...] = ()  # the changes in the plan of an apply
    stateless: bool = False  # no state was found
    has_begun: bool = False  # a change or an action was started
    version: str = ""  # of Terraform, as it reports itself; empty for OpenTofu

    @property
    def has_content(self) -> bool:
        """Return True if the plan file needs to be read."""
        return self.changes or self.output_changes or self.partial

    @property
    def is_settled(self) -> bool:
        """Return True if Terraform has reported a plan without changes and drift. Only changed outputs may follow."""
        return "plan" in self.summarized and not (self.has_content or self.drift)

    @property
    def has_provider_overrides(self) -> bool:
        """Return True if Terraform warned of provider development overrides."""
        return any(diagnostic.summary == _OVERRIDES_WARNING for diagnostic in self.diagnostics)

    @property
    def has_state_flag(self) -> bool:
        """Return True if the flag -state selected another state file."""
        return any(diagnostic.summary.startswith(_STATE_FLAG_WARNING) for diagnostic in self.diagnostics)

    @property
    def errors(self) -> list[Diagnostic]:
        return [diagnostic for diagnostic in self.diagnostics if diagnostic.severity == "error"]

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(d.summary for d in self.diagnostics if d.severity == "warning")


def record_line(
    line: str, stack: PreparedStack, transcript: Transcript, redact: Callable[[str], str] = str
) -> ProgressEvent | None:
    """Add a line of output to the transcript; return its progress event, if any.

    `redact` is applied to text for people, not to a printed state.
    """
    try:
        message = json.loads(line)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        transcript.plain_lines.append(redact(line))
        return None
    kind = message.get("type", "")
    if kind == "diagnostic":
        transcript.diagnostics.append(diagnostic := _parse_diagnostic(message["diagnostic"], redact))
        transcript.partial = transcript.partial or _TARGETING_WARNING in diagnostic.summary
    elif kind.startswith(_PLANNED_PREFIX) or kind == _SUMMARY_TYPE:
        _record_planned(kind, message, transcript)
    elif kind == "resource_drift":
        transcript.drift = True
    elif kind == "outputs":
        transcript.output_changes = any(o.get("action", "noop") != "noop" for o in message["outputs"].values())
        transcript.output_values = _parse_output_values(message["outputs"])
    elif kind in _RESOURCE_PHASES:
        return _track_progress(_parse_progress(message["hook"], _RESOURCE_PHASES[kind], stack), transcript)
    elif kind in _ACTION_PHASES and isinstance(message.get("hook"), dict):
        return _track_progress(_parse_action(message["hook"], _ACTION_PHASES[kind], stack), transcript)
    elif kind in _OWN_TYPES:
        _record_own_words(message, transcript)
    return None


def _parse_output_values(outputs: Mapping[str, Mapping[str, object]]) -> dict[str, object] | None:
    """Return all outputs of a stack, or None: a plan has the changed ones without values, and sensitive ones have none.

    Without outputs it is None too: some versions of Terraform may then report none of an apply.
    """
    values = {name: each.get("value") for name, each in outputs.items()}
    return None if not values or None in values.values() else values


def _record_own_words(message: dict[str, Any], transcript: Transcript) -> None:
    """Record the version of Terraform, or a state that it prints because it can't save it."""
    transcript.version = str(message.get("terraform", "")) or transcript.version
    if isinstance(message.get("state"), dict):
        transcript.dumped_state = message["state"]


def _track_progress(progress: ProgressEvent, transcript: Transcript) -> ProgressEvent:
    if progress.phase == "refresh":
        transcript.refreshed.add(progress.address)
    elif progress.phase == "started":
        transcript.has_begun = True
        transcript.unfinished.add(progress.address)
    elif progress.phase in ("done", "failed"):
        transcript.unfinished.discard(progress.address)
        if progress.phase == "done" and progress.action:
            transcript.finished.append((progress.address, progress.action))
    return progress


def _record_planned(kind: str, message: dict[str, Any], transcript: Transcript) -> None:
    """Record a planned change, or a summary: it leaves out moves, the others maybe changes of later Terraforms."""
    counts, is_change = message.get("changes"), kind != _SUMMARY_TYPE
    if kind == "planned_change":
        is_change = message["change"]["action"] not in _NO_CHANGE
    elif kind == _SUMMARY_TYPE and isinstance(counts, dict):
        transcript.summarized.add(str(counts.get("operation")))
        # The summary of an apply counts finished changes.
        is_change = counts.get("operation") == "plan" and any(n for key, n in counts.items() if key != "operation")
    transcript.changes = transcript.changes or is_change


def _parse_action(hook: dict[str, Any], phase: Phase, stack: PreparedStack) -> ProgressEvent:
    """Return the progress of a provider action, under its planned address."""
    trigger = hook.get("lifecycle") or {}
    resource = (trigger.get("resource") or {}).get("addr", "")
    event, action = str(trigger.get("trigger_event", "")), str((hook.get("action") or {}).get("addr", ""))
    address = format_invocation_address(action, event, resource, stack.address_prefix)
    return ProgressEvent(stack.name, phase, address, Action.INVOKE)


def _parse_progress(hook: dict[str, Any], phase: Phase, stack: PreparedStack) -> ProgressEvent:
    address, action = hook["resource"]["addr"].removeprefix(stack.address_prefix), _ACTIONS.get(hook.get("action", ""))
    return ProgressEvent(stack.name, phase, address, action, float(hook.get("elapsed_seconds", 0)))


def _parse_diagnostic(raw: dict[str, Any], redact: Callable[[str], str]) -> Diagnostic:
    location, snippet = raw.get("range") or {}, raw.get("snippet") or {}
    return Diagnostic(
        severity=raw.get("severity", "error"),
        summary=redact(raw.get("summary", "")),
        detail=redact(raw.get("detail", "")),
        file=location.get("filename", ""),
        line=(location.get("start") or {}).get("line"),
        address=redact(raw.get("address", "")),
        context=redact(snippet.get("context") or ""),
        code=redact(snippet.get("code") or ""),
    )
