"""`envctl lock ENV` and `envctl unlock ENV`: a person's word that nothing may change there, or that it may again."""

from dataclasses import dataclass

from envctl.domain.errors import Problem, UsageError
from envctl.domain.ledger.events import EnvironmentLocked, EnvironmentUnlocked, Event, HoldLifted
from envctl.domain.ledger.state import Hold, Lock, Present
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load
from envctl.usecases.release import deploy_request


@dataclass(frozen=True)
class Locked:
    """`already` means that it was locked before, by whom `lock` says."""

    environment: str
    lock: Lock
    already: bool
    next: str


@dataclass(frozen=True)
class Unlocked:
    """What was lifted: a lock, a hold, or neither, where there was none."""

    environment: str
    lock: Lock | None
    hold: Hold | None


def lock(ports: Ports, environment: str, reason: str) -> Locked:
    """A deployment that runs already is not stopped by it."""
    _, target = load.seen_from(ports, environment)
    _said(reason)

    def decide(present: Present) -> Event | None:
        return None if present.of(target).lock else EnvironmentLocked(target, reason)

    after, entry = journal.append(ports, decide)
    held = after.of(target).lock
    if held is None:
        raise AssertionError("a lock that was recorded is there")
    return Locked(target, held, entry is None, f"envctl unlock {target}")


def unlock(ports: Ports, environment: str, reason: str = "", *, release: str | None = None) -> Unlocked:
    """Lifts the lock, or with a release the hold on that one."""
    _, target = load.seen_from(ports, environment)
    before = journal.present(ports)
    if release is not None:
        wanted = deploy_request.named(before, release)
        hold = before.of(target).holds.get(wanted)
        journal.append(ports, lambda now: _lift(now, target, wanted, reason))
        return Unlocked(target, None, hold)
    journal.append(ports, lambda now: EnvironmentUnlocked(target, reason) if now.of(target).lock else None)
    return Unlocked(target, before.of(target).lock, None)


def _lift(present: Present, target: str, release: str, reason: str) -> Event | None:
    return HoldLifted(target, release, reason) if release in present.of(target).holds else None


def _said(reason: str) -> None:
    if not reason.strip():
        raise UsageError(Problem("E008", "a reason can't be empty", 'say why: --reason "…"'))
