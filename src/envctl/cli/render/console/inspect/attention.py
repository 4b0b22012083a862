"""What of the pipeline needs somebody's attention, in full sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from envctl.cli.render.console.approval.guards import named
from envctl.cli.render.console.inspect.events import in_brackets
from envctl.cli.render.console.project.signing_keys import mistrusted
from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.next_commands import to_type
from envctl.cli.render.terminal.operation_nouns import deed
from envctl.cli.render.terminal.text import known_as, one_line
from envctl.cli.render.terminal.times import Zone, ago, opening, since
from envctl.domain.guards.both_documents import RESET_DELAY
from envctl.domain.ledger.state import Debt, Deployment, DriftCheck, EnvironmentPresent, Hold, Lock
from envctl.domain.rollout.traffic import other
from envctl.domain.text.lists import listed
from envctl.domain.text.short_ids import short
from envctl.usecases.inspect.pending_changes import PendingChanges
from envctl.usecases.inspect.status import EnvironmentStatus, Status
from envctl.usecases.project.removed_environments import GoneEnvironment, describe_gone

NEVER = "nobody has verified it since it was deployed"


@dataclass(frozen=True)
class Matter:
    """`grave` is what went wrong or is owed; the rest only stands in the way."""

    environment: str
    told: str
    grave: bool


def matters(status: Status, zone: Zone = None) -> tuple[Matter, ...]:
    """In the order of the pipeline, after what is wrong with the record of it."""
    entry = status.environments[0].environment if status.environments else ""
    ledger = tuple(Matter("ledger", told, grave=True) for told in mistrusted(status.unbelieved, zone))
    gone = tuple(Matter(each.environment, _gone(each), grave=True) for each in status.gone)
    return (
        *ledger,
        *gone,
        *(
            Matter(each.environment, told, grave)
            for each in status.everywhere
            for told, grave in (
                *_Speaker(each.environment, status.now, zone, entry).all(each.present),
                *((sentence, True) for sentence in reset_sentences(each, status.now, zone)),
                *((sentence, False) for sentence in leaving_sentences(each)),
                *((sentence, False) for sentence in pending_sentences(each.pending)),
                *((sentence, False) for sentence in rules_sentences(each)),
            )
        ),
    )


def leaving_sentences(status: EnvironmentStatus) -> Iterator[str]:
    """Stacks that an environment holds beside those of the release that runs."""
    if status.leaving:
        shown = to_type(f"envctl plan {status.environment}")
        yield f"it holds {listed(status.leaving)}, which its release no longer has: {shown}"


def _gone(gone: GoneEnvironment) -> str:
    problem = describe_gone(gone)
    return f"{problem.code} {problem.message}: {to_type(problem.hint)}"


def pending_sentences(pending: PendingChanges | None) -> Iterator[str]:
    """What differs between the working tree and what runs."""
    if pending is None:
        return
    for what, part in (("settings", pending.settings), ("code", pending.code)):
        if part is None or part.state == "same":
            continue
        if part.state == "unknown":
            yield f"unknown whether its {what} changed: {one_line(part.why)}"
        else:
            yield f"its {what} changed since it was deployed{in_brackets(part.names, len(part.names))}"


def rules_sentences(each: EnvironmentStatus) -> Iterator[str]:
    """What changed of its rules, and what would."""
    if each.rules_changed and each.present.rules:
        entry = each.present.rules.started
        yield f"its rules changed with the deployment of entry {entry}: {'; '.join(map(one_line, each.rules_changed))}"
    if each.rules_differ:
        told = "; ".join(map(one_line, each.rules_differ))
        yield f"envctl.toml and its recorded rules differ, and both count: {told}"


def reset_sentences(each: EnvironmentStatus, now: datetime, zone: Zone) -> Iterator[str]:
    reset = each.present.rules_reset
    if reset is None:
        return
    end = reset.at + RESET_DELAY
    due = opening(end, now, zone) if end > now else since(end, now, zone)
    stop = to_type(f"envctl rules reset {each.environment} --withdraw")
    asked = f"RESET of its rules by {known_as(reset.by)}, {since(reset.at, now, zone)}: {one_line(reset.reason)}"
    yield f"{asked}; the recorded rules count until {due} ({stop} stops it)"


@dataclass(frozen=True)
class _Speaker:
    environment: str
    now: datetime
    zone: Zone
    entry: str

    def all(self, here: EnvironmentPresent) -> Iterator[tuple[str, bool]]:
        if here.last and here.last.outcome != "succeeded":
            yield self._last(here.last), True
        if here.last and here.last.lost:
            yield f"what {listed(here.last.lost)} held may remain: its state was lost when it was destroyed", True
        for begun in here.imports:
            when = ago(begun.at, self.now)
            what = f"the import of {one_line(begun.address)} by {known_as(begun.by)}"
            yield f"{what} began {when}, and its end is not recorded (it may still run)", True
        for stack, shift in here.shifts.items():
            told = f"{shift.percent} % of the requests of {stack} go to {shift.color}, the rest to {other(shift.color)}"
            yield told, here.unfinished is None
        for debt in here.debts:
            yield self._debt(debt), True
        if here.drift and here.drift.drifted:
            yield self._drift(here.drift), False
        if here.proof and not here.proof.verified:
            why = one_line(here.proof.revoked or NEVER)
            yield f"release {short(here.proof.deployment.release)} is not verified: {why}", False
        if here.lock:
            yield f"locked by {self._held(here.lock)}", False
        for hold in here.holds.values():
            yield f"release {short(hold.release)} is on hold, by {self._held(hold)}", False

    def _last(self, last: Deployment) -> str:
        when = ago(last.ended_at or last.started_at, self.now)
        what = f"the {deed(last)}"
        match last.outcome:
            case "unfinished":
                by = known_as(last.by)
                return f"{what} by {by} began {when}, and its end is not recorded (it may still run)"
            case "partial":
                only = " and ".join(last.only)
                whole = to_type(f"envctl {last.action} {self.environment}")
                return f"{what} was of {only} alone, {when}: it proves nothing until it is whole ({whole})"
            case "interrupted":
                return f"{what} was interrupted {when}"
            case _:
                was = "was " if last.outcome == "abandoned" else ""
                log = f" (log: {last.by.run_url})" if last.by.run_url else ""
                return f"{what} {was}{last.outcome} {when}: {one_line(last.reason)}{log}"

    def _debt(self, debt: Debt) -> str:
        until = f"a normal promotion into {self.environment}"
        if self.environment == self.entry:
            until = f"other code comes to {self.environment} without it"
        return (
            f"BREAK-GLASS by {known_as(debt.by)}, {since(debt.at, self.now, self.zone)},"
            f" with release {short(debt.release)} over {named(debt.guards)}: {one_line(debt.reason)};"
            f" owed until {until}"
        )

    def _drift(self, seen: DriftCheck) -> str:
        when = since(seen.at, self.now, self.zone)
        what = f"{counted(seen.drifted, 'difference')} from the state"
        named = in_brackets(seen.resources, seen.drifted)
        return f"drift: {what}{named}, seen {when} by {known_as(seen.by)}"

    def _held(self, held: Lock | Hold) -> str:
        return f"{known_as(held.by)} since {since(held.at, self.now, self.zone)}: {one_line(held.reason)}"
