"""Guards G107, G108 and G109: the target may be changed now."""

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards.request import Refusal, Request
from envctl.domain.text.identifiers import shorten_id


def check_window(request: Request) -> Refusal | None:
    """G107: no deny window is active, and one allow window is, if any exist. Rollbacks are exempt."""
    windows = request.rules.windows
    if not windows or request.action == "rollback":
        return None
    from envctl.domain.config.rules.windows import describe_window, find_closure

    closed = find_closure(windows, request.now)
    if closed is None:
        return None
    why = f"the {describe_window(closed.window)} is open" if closed.window else "none of its allow windows is open"
    message = f"{request.target} is not to be changed now: {why}"
    if closed.opens is None:
        hint = f"correct its windows in envctl.toml, then: envctl why {request.target}"
        return Refusal(GuardCode.WINDOW, f"{message}, and it does not open within a year", hint)
    return Refusal(GuardCode.WINDOW, message, f"wait, then: {request.command}", for_now=True, opens=closed.opens)


def check_lock(request: Request) -> Refusal | None:
    """G108: the environment is not locked, and the release is not on hold there."""
    locked = request.target_state.lock
    if locked is not None:
        message = f"{request.target} is locked by {locked.by}: {locked.reason}"
        hint, who = f"envctl unlock {request.target}", f"{locked.by.name}, or anybody"
        return Refusal(GuardCode.LOCK, message, hint, for_now=True, since=locked.at, who=who)
    hold = request.target_state.holds.get(request.identity) if request.can_bring_code else None
    if hold is None:
        return None
    message = f"release {shorten_id(hold.release)} is on hold in {request.target} by {hold.by}: {hold.reason}"
    hint = f"promote a newer one, or lift the hold: envctl unlock {request.target} --release {shorten_id(hold.release)}"
    return Refusal(GuardCode.LOCK, message, hint, since=hold.at)


def check_unfinished(request: Request) -> Refusal | None:
    """G109: the target has no unfinished deployment, not even one with unknown end."""
    running = request.target_state.unfinished_deployment
    if running is None:
        return None
    message = f"a deployment of {shorten_id(running.release)} to {request.target} by {running.by} is unfinished"
    hint = f"wait for its end, or, if it was interrupted: envctl recover {request.target}"
    return Refusal(GuardCode.BUSY, message, hint, for_now=True, since=running.started_at, waivable=False)
