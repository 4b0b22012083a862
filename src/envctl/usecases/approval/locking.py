"""`envctl lock ENV` and `envctl unlock ENV`: locks of environments, and holds of releases."""

from dataclasses import dataclass

from envctl.domain import guards
from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.asked_guards import AskedGuards
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.errors import Problem, UsageError
from envctl.domain.guards.approvals import format_approval
from envctl.domain.ledger.events import EnvironmentLocked, EnvironmentUnlocked, HoldLifted
from envctl.domain.ledger.state import Hold, Lock
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.approval.approve import find_candidate
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.environment_selection import load_context
from envctl.usecases.release.release_names import find_release

ASKS = AskedGuards(frozenset({GuardCode.LOCK}), "an unlock asks for a hold that gates lift; a lock stops others only")


@dataclass(frozen=True)
class LockResult:
    """A locked environment. `already` is true if it was locked before, by the actor in `lock`."""

    environment: str
    lock: Lock
    already: bool
    next: str


@dataclass(frozen=True)
class UnlockResult:
    """The lifted lock or hold, if there was one."""

    environment: str
    lock: Lock | None
    hold: Hold | None
    next: str = ""  # without a lock to lift: the command for the release put on hold last


def lock_environment(ports: Ports, environment: str, reason: str) -> LockResult:
    """Lock an environment. A running deployment goes on."""
    _, target = load_context(ports, environment)
    if not reason.strip():
        raise UsageError(Problem("E008", "the reason is empty", 'give a reason: --reason "…"'))
    locked = EnvironmentLocked(target, reason)
    after, entry = journal.append(ports, lambda now: None if now.find_environment(target).lock else locked)
    held = after.find_environment(target).lock
    if held is None:
        raise AssertionError("a lock that was recorded is there")
    return LockResult(target, held, entry is None, format_command("unlock", target))


def unlock_environment(ports: Ports, environment: str, reason: str = "", *, release: str | None = None) -> UnlockResult:
    """Lift the lock, or the hold on the release if one is named. Raises RefusedError (G108) if gates lift that hold."""
    context, target = load_context(ports, environment)
    before = journal.load(ports)
    if release is not None:
        identity = find_release(before, release)
        hold = before.find_environment(target).holds.get(identity)
        if hold is not None:
            _require_no_gates(find_candidate(context, before, target, release).request)
        lifted = HoldLifted(target, identity, reason)
        journal.append(ports, lambda now: lifted if identity in now.find_environment(target).holds else None)
        return UnlockResult(target, None, hold)
    unlocked = EnvironmentUnlocked(target, reason)
    journal.append(ports, lambda now: unlocked if now.find_environment(target).lock else None)
    here = before.find_environment(target)
    held = "" if here.lock else max(here.holds, key=lambda release: here.holds[release].at, default="")
    following = format_command("unlock", target, release=shorten_id(held)) if held else ""
    return UnlockResult(target, here.lock, None, following)


def _require_no_gates(request: guards.Request) -> None:
    """Raise RefusedError (G108) if the target has gates: they lift its holds."""
    gates = guards.count_required_approvals(request)
    if gates:
        release = shorten_id(request.identity)
        message = f"the gates of {request.target} lift the hold on release {release}, and no person alone"
        hint = format_approval(request, next(iter(gates)))
        raise guards.RefusedError((guards.Refusal(GuardCode.LOCK, message=message, hint=hint, for_now=True),))
