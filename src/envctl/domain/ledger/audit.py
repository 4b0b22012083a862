"""Audit of the ledger: each deployment with its people, content, approvals and waivers."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from envctl.domain.ledger import events
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.projection.apply_entries import apply_entry, close_deployment
from envctl.domain.ledger.projection.waivers import list_unreviewed
from envctl.domain.ledger.state import Approval, LedgerState, Outcome
from envctl.domain.ledger.state_events import ImportEnded, ImportOutcome, ImportStarted
from envctl.domain.ledger.waiver_events import WaiverReviewed
from envctl.domain.operation import Operation
from envctl.domain.plan.cluster_identity import decode_clusters, encode_clusters


@dataclass(frozen=True, kw_only=True)
class Waiver:
    number: int  # of the entry of its use
    by: events.Actor
    at: datetime
    reason: str
    guards: tuple[str, ...]
    refusals: tuple[str, ...]
    given: int = 0  # number of the entry that gave it; 0 with --break-glass
    given_by: events.Actor | None = None
    reviewed_by: events.Actor | None = None
    reviewed_at: datetime | None = None


@dataclass(frozen=True)
class ImportRecord:
    """An import by `recover --import`."""

    number: int  # of its started entry
    by: events.Actor
    at: datetime
    stack: str
    address: str
    outcome: ImportOutcome | Literal[""] = ""  # empty without a recorded end


@dataclass(frozen=True, kw_only=True)
class DeploymentRecord:
    """A deployment. `number` is the number of its started entry. Digests are empty if not recorded."""

    number: int
    environment: str
    action: Operation
    source: str
    release: str
    commit: str  # of the release, like the next four fields
    uncommitted: bool
    author: str
    made_by: events.Actor | None
    made_at: datetime | None
    by: events.Actor
    settings: str
    plan: str
    started_at: datetime
    ended_at: datetime | None = None
    ended_by: events.Actor | None = None  # another actor for an abandoned deployment
    outcome: Outcome = "unfinished"
    changed: int = 0
    reason: str = ""
    performed: tuple[str, ...] = ()
    verification: Literal["", "passed", "failed"] = ""
    verified_at: datetime | None = None
    verified_by: events.Actor | None = None
    checks: tuple[str, ...] = ()  # passed or failed in the last verification
    approvals: tuple[Approval, ...] = ()  # valid for release, settings and place at its start
    waivers: tuple[Waiver, ...] = ()
    held: tuple[str, ...] = ()  # releases put on hold by it
    rolled_back_by: int = 0  # number of the rollback right after it, or 0
    place: str = ""  # digest
    older: bool = False  # replaced a newer release, with --older
    lost: tuple[str, ...] = ()  # stacks with a missing state at a destroy
    imports: tuple[ImportRecord, ...] = ()  # until the next deployment
    rules: str = ""  # digest
    rules_before: str = ""  # digest, if other than `rules`
    subject: str = ""  # of the commit of the release
    request: int = 0  # number of the pull or merge request of the release, or 0
    clusters: tuple[str, ...] = ()  # stacks of Kubernetes objects, each with its cluster
    program: str = ""  # program and version of Terraform
    program_sha256: str = ""  # of its executable
    program_pinned: bool = False  # whether `[terraform.pin]` named it
    signed_by: str = ""  # the signer of its started entry, in words
    approvals_signed_by: tuple[str, ...] = ()  # the signer of each approval, in their order


@dataclass
class Audit:
    """Projection of all deployments from the first entry on."""

    present: LedgerState = field(default_factory=LedgerState)
    deployments: dict[int, DeploymentRecord] = field(default_factory=dict)  # by number, in order
    _waivers: dict[int, Waiver] = field(default_factory=dict)
    _holds: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _signers: dict[int, str] = field(default_factory=dict)

    def add_entry(self, entry: Entry, doubt: str = "", signer: str = "") -> None:
        """Add an entry with its signer in words. One distrusted for the reason `doubt` records no deployment."""
        self._signers[entry.seq] = signer
        if not doubt:
            self._record_event(entry)
        self.present = apply_entry(self.present, entry, doubt)

    def _record_event(self, entry: Entry) -> None:
        event = entry.event
        match event:
            case events.DeploymentStarted():
                self._record_start(entry, event)
            case events.DeploymentSucceeded() | events.DeploymentFailed() | events.DeploymentAbandoned():
                self._record_end(entry, event)
            case events.VerificationPassed() | events.VerificationFailed():
                self._record_verification(entry, event)
            case events.WaiverUsed():
                self._record_waiver(entry, event)
            case WaiverReviewed():
                self._record_review(entry, event)
            case ImportStarted() | ImportEnded():
                self._record_import(entry, event)
            case events.HoldSet():
                self._holds[event.environment] = (*self._holds.get(event.environment, ()), event.release)

    def _record_start(self, entry: Entry, event: events.DeploymentStarted) -> None:
        here, known = self.present.find_environment(event.environment), self.present.releases.get(event.release)
        bound = (event.release, event.settings, event.place)
        counted = here.approvals if event.action != "destroy" else ()
        approvals = tuple(a for a in counted if (a.release, a.settings, a.place) == bound)
        waiver = self._waivers.get(event.waiver)
        # A hold is set right before the rollback that it belongs to.
        held = self._holds.pop(event.environment, ())
        self.deployments[entry.seq] = DeploymentRecord(
            number=entry.seq,
            environment=event.environment,
            action=event.action,
            source=event.source,
            release=event.release,
            commit=known.commit if known else "",
            uncommitted=known.uncommitted if known else False,
            author=known.author if known else "",
            made_by=known.by if known else None,
            made_at=known.at if known else None,
            by=entry.actor,
            settings=event.settings,
            plan=event.plan,
            started_at=entry.at,
            place=event.place,
            rules=event.rules,
            rules_before=event.rules_before,
            approvals=approvals,
            waivers=(waiver,) if waiver else (),
            held=held if event.action == "rollback" else (),
            older=event.older,
            subject=known.subject if known else "",
            request=known.request if known else 0,
            clusters=event.clusters,
            program=event.program,
            program_sha256=event.program_sha256,
            program_pinned=event.program_pinned,
            signed_by=self._signers[entry.seq],
            approvals_signed_by=tuple(self._signers[each.seq] for each in approvals),
        )
        before = here.last
        if event.action == "rollback" and before and before.release != event.release:
            self._update_record(before.seq, rolled_back_by=entry.seq)

    def _record_end(self, entry: Entry, event: events.Ending) -> None:
        begun = self.present.find_environment(event.environment).unfinished_deployment
        if begun is None or (begun.seq, begun.release) != (event.started, event.release):
            return
        done = close_deployment(begun, event, entry.at)
        self._update_record(
            begun.seq,
            ended_at=done.ended_at,
            ended_by=entry.actor,
            outcome=done.outcome,
            changed=done.changed,
            reason=done.reason,
            lost=done.lost,
            performed=event.performed,
        )
        if isinstance(event, events.DeploymentSucceeded) and event.clusters:
            known = decode_clusters((*self.deployments[begun.seq].clusters, *event.clusters))
            self._update_record(begun.seq, clusters=encode_clusters(known))

    def _record_verification(self, entry: Entry, event: events.VerificationPassed | events.VerificationFailed) -> None:
        self._update_record(
            event.started,
            verification="passed" if isinstance(event, events.VerificationPassed) else "failed",
            verified_at=entry.at,
            verified_by=entry.actor,
            checks=event.checks,
        )

    def _record_waiver(self, entry: Entry, event: events.WaiverUsed) -> None:
        given = self.present.find_environment(event.environment).given_waivers
        waiver = Waiver(
            number=entry.seq,
            by=entry.actor,
            at=entry.at,
            reason=event.reason,
            guards=event.guards,
            refusals=event.refusals,
            given=event.given,
            given_by=next((each.by for each in given if each.number == event.given), None),
        )
        self._waivers[entry.seq] = waiver
        if begun := self.deployments.get(event.started):
            self._update_record(event.started, waivers=(*begun.waivers, waiver))

    def _record_review(self, entry: Entry, event: WaiverReviewed) -> None:
        """Record the review of each debt that it ends."""
        before = self.present.find_environment(event.environment).debts
        ended = {debt.waiver for debt in before} - {debt.waiver for debt in list_unreviewed(before, entry, event)}
        for number, deployment in self.deployments.items():
            if ended.intersection(each.number for each in deployment.waivers):
                waivers = tuple(
                    replace(each, reviewed_by=entry.actor, reviewed_at=entry.at) if each.number in ended else each
                    for each in deployment.waivers
                )
                self._update_record(number, waivers=waivers)

    def _record_import(self, entry: Entry, event: ImportStarted | ImportEnded) -> None:
        last = self.present.find_environment(event.environment).last
        if isinstance(event, ImportStarted):
            if last is not None and last.seq in self.deployments:
                begun = ImportRecord(entry.seq, entry.actor, entry.at, event.stack, event.address)
                self._update_record(last.seq, imports=(*self.deployments[last.seq].imports, begun))
            return
        for number, deployment in self.deployments.items():
            if any(each.number == event.started and not each.outcome for each in deployment.imports):
                ended = [
                    replace(each, outcome=event.outcome) if each.number == event.started else each
                    for each in deployment.imports
                ]
                self._update_record(number, imports=tuple(ended))
                return

    def _update_record(self, number: int, **changes: object) -> None:
        if number in self.deployments:
            self.deployments[number] = replace(self.deployments[number], **changes)  # type: ignore[arg-type]
