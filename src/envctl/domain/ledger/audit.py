"""What an auditor asks of the ledger: each deployment with who, what, where, approved by whom, under which waiver."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import (
    Actor,
    DeploymentAbandoned,
    DeploymentFailed,
    DeploymentStarted,
    DeploymentSucceeded,
    Ending,
    HoldSet,
    VerificationFailed,
    VerificationPassed,
    WaiverUsed,
)
from envctl.domain.ledger.projection.apply_entries import end, follow
from envctl.domain.ledger.state import Approval, Outcome, Present
from envctl.domain.ledger.state_events import ImportEnded, ImportOutcome, ImportStarted
from envctl.domain.operation import Move


@dataclass(frozen=True)
class Waiver:
    """`number` is that of its entry."""

    number: int
    by: Actor
    at: datetime
    reason: str
    guards: tuple[str, ...]
    refusals: tuple[str, ...]


@dataclass(frozen=True)
class ImportRecord:
    """What was taken into a state by `recover --import`. `number` is that of the entry with which it began; `outcome`
    is empty where its end is not recorded.
    """

    number: int
    by: Actor
    at: datetime
    stack: str
    address: str
    outcome: ImportOutcome | Literal[""] = ""


@dataclass(frozen=True)
class DeploymentRecord:
    """`number` is that of the entry with which it began, and the name of the deployment within the ledger.

    `commit`, `uncommitted`, `author`, `made_by` and `made_at` are the release's. `ended_by` is somebody else where it
    was declared over. `checks` are those that passed, or those that failed, in the last verification. `approvals` are
    those of this release with these settings in this place that stood when it began. `held` are releases that it put on
    hold, and `rolled_back_by` is the number of the rollback that came right after it, or 0. `place` is the digest of
    where it landed; empty where that was not recorded. `older` is true where it went over a newer release, as --older
    said. `lost` are stacks whose state was gone at a destruction, and `imports` what was taken into its states until
    the next deployment began. `rules` is the digest of the rules that it was deployed with, and `rules_before` that of
    those before it, where they were others; empty where they were not recorded.
    """

    number: int
    environment: str
    action: Move
    source: str
    release: str
    commit: str
    uncommitted: bool
    author: str
    made_by: Actor | None
    made_at: datetime | None
    by: Actor
    settings: str
    plan: str
    started_at: datetime
    ended_at: datetime | None = None
    ended_by: Actor | None = None
    outcome: Outcome = "unfinished"
    changed: int = 0
    reason: str = ""
    performed: tuple[str, ...] = ()
    verification: Literal["", "passed", "failed"] = ""
    verified_at: datetime | None = None
    verified_by: Actor | None = None
    checks: tuple[str, ...] = ()
    approvals: tuple[Approval, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    held: tuple[str, ...] = ()
    rolled_back_by: int = 0
    place: str = ""
    older: bool = False
    lost: tuple[str, ...] = ()
    imports: tuple[ImportRecord, ...] = ()
    rules: str = ""
    rules_before: str = ""


@dataclass
class Audit:
    """Follows the ledger from its first entry on; `deployments` by their numbers, in the order in which they began."""

    present: Present = field(default_factory=Present)
    deployments: dict[int, DeploymentRecord] = field(default_factory=dict)
    _waivers: dict[int, Waiver] = field(default_factory=dict)
    _holds: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def follow(self, entry: Entry, doubt: str = "") -> None:
        """What is not believed, for the reason in `doubt`, happened to nobody."""
        if not doubt:
            self._tell(entry)
        self.present = follow(self.present, entry, doubt)

    def _tell(self, entry: Entry) -> None:
        event = entry.event
        match event:
            case DeploymentStarted():
                self._start(entry, event)
            case DeploymentSucceeded() | DeploymentFailed() | DeploymentAbandoned():
                self._end(entry, event)
            case VerificationPassed() | VerificationFailed():
                self._verify(entry, event)
            case WaiverUsed():
                self._waive(entry, event)
            case ImportStarted() | ImportEnded():
                self._import(entry, event)
            case HoldSet():
                self._holds[event.environment] = (*self._holds.get(event.environment, ()), event.release)

    def _start(self, entry: Entry, event: DeploymentStarted) -> None:
        here, known = self.present.of(event.environment), self.present.releases.get(event.release)
        bound = (event.release, event.settings, event.place)
        approvals = tuple(a for a in here.approvals if (a.release, a.settings, a.place) == bound)
        waiver = self._waivers.get(event.waiver)
        # A hold is set right before the rollback that it belongs to.
        held = self._holds.pop(event.environment, ())
        self.deployments[entry.seq] = DeploymentRecord(
            entry.seq,
            event.environment,
            event.action,
            event.source,
            event.release,
            known.commit if known else "",
            known.uncommitted if known else False,
            known.author if known else "",
            known.by if known else None,
            known.at if known else None,
            entry.actor,
            event.settings,
            event.plan,
            entry.at,
            place=event.place,
            rules=event.rules,
            rules_before=event.rules_before,
            approvals=() if event.action == "destroy" else approvals,
            waivers=(waiver,) if waiver else (),
            held=held if event.action == "rollback" else (),
            older=event.older,
        )
        before = here.last
        if event.action == "rollback" and before and before.release != event.release:
            self._change(before.seq, rolled_back_by=entry.seq)

    def _end(self, entry: Entry, event: Ending) -> None:
        begun = self.present.of(event.environment).unfinished
        if begun is None or (begun.seq, begun.release) != (event.started, event.release):
            return
        done = end(begun, event, entry.at)
        self._change(
            begun.seq,
            ended_at=done.ended_at,
            ended_by=entry.actor,
            outcome=done.outcome,
            changed=done.changed,
            reason=done.reason,
            lost=done.lost,
            performed=() if isinstance(event, DeploymentAbandoned) else event.performed,
        )

    def _verify(self, entry: Entry, event: VerificationPassed | VerificationFailed) -> None:
        self._change(
            event.started,
            verification="passed" if isinstance(event, VerificationPassed) else "failed",
            verified_at=entry.at,
            verified_by=entry.actor,
            checks=event.checks,
        )

    def _waive(self, entry: Entry, event: WaiverUsed) -> None:
        waiver = Waiver(entry.seq, entry.actor, entry.at, event.reason, event.guards, event.refusals)
        self._waivers[entry.seq] = waiver
        if begun := self.deployments.get(event.started):
            self._change(event.started, waivers=(*begun.waivers, waiver))

    def _import(self, entry: Entry, event: ImportStarted | ImportEnded) -> None:
        last = self.present.of(event.environment).last
        if isinstance(event, ImportStarted):
            if last is not None and last.seq in self.deployments:
                begun = ImportRecord(entry.seq, entry.actor, entry.at, event.stack, event.address)
                self._change(last.seq, imports=(*self.deployments[last.seq].imports, begun))
            return
        for number, deployment in self.deployments.items():
            if any(each.number == event.started and not each.outcome for each in deployment.imports):
                ended = [
                    replace(each, outcome=event.outcome) if each.number == event.started else each
                    for each in deployment.imports
                ]
                self._change(number, imports=tuple(ended))
                return

    def _change(self, number: int, **changes: object) -> None:
        if number in self.deployments:
            self.deployments[number] = replace(self.deployments[number], **changes)  # type: ignore[arg-type]
