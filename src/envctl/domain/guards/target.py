"""G107, G108 and G109: that the target may be changed now."""

from envctl.domain.guards.request import Refusal, Request
from envctl.domain.text.short_ids import short


def window(request: Request) -> Refusal | None:
    """G107: no deny window is open, and if there are allow windows, one is. Going back never has to wait."""
    windows = request.rules.windows
    if not windows or request.action == "rollback":
        return None
    from envctl.domain.config.rules.windows import closed_by, spelt

    closed = closed_by(windows, request.now)
    if closed is None:
        return None
    why = f"the {spelt(closed.window)} is open" if closed.window else "none of its allow windows is open"
    message = f"{request.target} is not to be changed now: {why}"
    if closed.opens is None:
        return Refusal(
            "G107",
            "window",
            f"{message}, and it does not open within a year",
            f"correct its windows in envctl.toml, then: envctl why {request.target}",
        )
    return Refusal("G107", "window", message, f"wait, then: {request.command}", for_now=True, opens=closed.opens)


def lock(request: Request) -> Refusal | None:
    """G108: nobody has locked the environment, and the release is not on hold there."""
    locked = request.here.lock
    if locked is not None:
        message = f"{request.target} is locked by {locked.by}: {locked.reason}"
        hint = f"envctl unlock {request.target}"
        return Refusal(
            "G108", "lock", message, hint, for_now=True, since=locked.at, who=f"{locked.by.name}, or anybody"
        )
    hold = request.here.holds.get(request.identity) if request.brings_code else None
    if hold is None:
        return None
    message = f"release {short(hold.release)} is on hold in {request.target} by {hold.by}: {hold.reason}"
    hint = f"promote a newer one, or lift the hold: envctl unlock {request.target} --release {short(hold.release)}"
    return Refusal("G108", "lock", message, hint, since=hold.at)


def busy(request: Request) -> Refusal | None:
    """G109: one deployment at a time, and none on top of one whose end nobody knows."""
    running = request.here.unfinished
    if running is None:
        return None
    return Refusal(
        "G109",
        "busy",
        f"a deployment of {short(running.release)} to {request.target} by {running.by} is unfinished",
        f"wait for its end, or, if it was interrupted: envctl recover {request.target}",
        for_now=True,
        since=running.started_at,
        waivable=False,
    )
