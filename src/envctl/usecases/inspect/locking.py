"""`envctl lock ENV` and `envctl unlock ENV`: locks of environments, and holds of releases."""

from dataclasses import dataclass

from envctl.domain.errors import Problem, UsageError
from envctl.domain.ledger.events import EnvironmentLocked, EnvironmentUnlocked, Event, HoldLifted
from envctl.domain.ledger.state import Hold, LedgerState, Lock
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load
from envctl.usecases.release import deploy_request


@dataclass(frozen=True)
class Locked:
    """A locked environment. `already` is true if it was locked before, by the actor in `lock`."""

    environment: str
    lock: Lock
    already: bool
    next: str


@dataclass(frozen=True)
class Unlocked:
    """The lifted lock or hold, if there was one."""

    environment: str
    lock: Lock | None
    hold: Hold | None


def lock_environment(ports: Ports, environment: str, reason: str) -> Locked:
    """Lock an environment. A running deployment goes on."""
    _, target = load.load_view(ports, environment)
    _require_reason(reason)

    def decide(present: LedgerState) -> Event | None:
        return None if present.find_environment(target).lock else EnvironmentLocked(target, reason)

    after, entry = journal.append(ports, decide)
    held = after.find_environment(target).lock
    if held is None:
        raise AssertionError("a lock that was recorded is there")
    return Locked(target, held, entry is None, f"envctl unlock {target}")


def unlock_environment(ports: Ports, environment: str, reason: str = "", *, release: str | None = None) -> Unlocked:
    """Lift the lock, or the hold on the release if one is named."""
    _, target = load.load_view(ports, environment)
    before = journal.load(ports)
    if release is not None:
        identity = deploy_request.find_release_by_prefix(before, release)
        hold = before.find_environment(target).holds.get(identity)
        journal.append(ports, lambda now: _decide_hold_lift(now, target, identity, reason))
        return Unlocked(target, None, hold)
    journal.append(
        ports, lambda now: EnvironmentUnlocked(target, reason) if now.find_environment(target).lock else None
    )
    return Unlocked(target, before.find_environment(target).lock, None)


def _decide_hold_lift(present: LedgerState, target: str, release: str, reason: str) -> Event | None:
    return HoldLifted(target, release, reason) if release in present.find_environment(target).holds else None


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise UsageError(Problem("E008", "a reason can't be empty", 'say why: --reason "…"'))
