"""Which sign stands for what."""

from typing import assert_never

from envctl.cli.render.console.inspect.boxes import destroyed
from envctl.cli.render.html.signs import Sign
from envctl.domain.ledger.release_matrix import Stay
from envctl.domain.ledger.state import Deployment, EnvironmentPresent
from envctl.usecases.ledger.timeline import Happened

PROVEN = Sign("proven", "ok", "proven")
NOTHING_RUNS = Sign("nothing", "still", "nothing runs")
LOCKED, ON_HOLD = Sign("lock", "doubt", "locked"), Sign("hold", "doubt", "on hold")
GLASS = Sign("ring", "bad", "by break-glass")
DEBT = Sign("failed", "bad", "debt: break-glass")
CLEAN = Sign("proven", "ok", "no drift seen")
NOT_LOOKED_AT = Sign("nothing", "still", "not looked at since the last deployment")
MET, MISSING = Sign("given", "ok", "given"), Sign("missing", "doubt", "missing")
_ENDS = {
    "partial": Sign("doubt", "doubt", "of some stacks alone"),
    "unfinished": Sign("open", "doubt", "unfinished"),
    "failed": Sign("failed", "bad", "failed"),
    "interrupted": Sign("stopped", "bad", "interrupted"),
    "abandoned": Sign("abandoned", "bad", "abandoned"),
}


def of_environment(here: EnvironmentPresent) -> Sign:
    """The worst of all that there is to say of it."""
    if here.last and here.last.outcome != "succeeded":
        return _ENDS[here.last.outcome]
    if here.current is None:
        return Sign("gone", "still", "destroyed") if destroyed(here) else NOTHING_RUNS
    if here.drifted:
        return Sign("doubt", "doubt", "drifted")
    if here.proof is None or not here.proof.verified:
        return Sign("doubt", "doubt", "not verified")
    return PROVEN


def of_deployment(happened: Happened) -> Sign:
    done = happened.deployment
    if done.outcome != "succeeded":
        return _ENDS[done.outcome]
    if done.action == "destroy":
        return Sign("gone", "still", "destroyed")
    match happened.verified:
        case "failed":
            return Sign("doubt", "doubt", "deployed, verification failed")
        case "":
            return Sign("done", "still", "deployed, not verified")
        case "passed" if done.action == "rollback":
            return Sign("back", "ok", "rolled back, verified")
        case "passed":
            return Sign("proven", "ok", "deployed, verified")
        case _:
            assert_never(happened.verified)


def of_stay(stay: Stay) -> Sign | None:
    """None where there is nothing to be seen."""
    match stay.standing:
        case "runs":
            return Sign("proven", "ok", "runs") if stay.verified_at else Sign("doubt", "doubt", "runs, not verified")
        case "left":
            return Sign("done", "still", "was proven" if stay.verified_at else "ran, not verified")
        case "never" | "unknown":
            return None
        case "partial" | "unfinished" | "failed" | "interrupted" | "abandoned":
            return _ENDS[stay.standing]
        case _:
            assert_never(stay.standing)


def deed(done: Deployment) -> str:
    told = f"promote from {done.source}" if done.action == "promote" else done.action
    return f"{told}, over a newer release" if done.older else told
