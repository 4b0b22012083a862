"""The signs of environments, deployments and stays."""

from typing import assert_never

from envctl.cli.render.html.signs import Sign
from envctl.cli.render.words.status import is_destroyed
from envctl.domain.ledger.release_matrix import Stay
from envctl.domain.ledger.state import Deployment, EnvironmentState
from envctl.usecases.ledger.timeline import TimelineEntry

VERIFIED = Sign("proven", "ok", "proven")
NOTHING_RUNS = Sign("nothing", "still", "no deployments")
LOCKED, ON_HOLD = Sign("lock", "doubt", "locked"), Sign("hold", "doubt", "on hold")
BREAK_GLASS = Sign("ring", "bad", "by break-glass")
DEBT = Sign("failed", "bad", "debt: break-glass")
NO_DRIFT = Sign("proven", "ok", "no drift found")
DRIFT_UNCHECKED = Sign("nothing", "still", "not checked since the last deployment")
APPROVAL_GIVEN, APPROVAL_MISSING = Sign("given", "ok", "given"), Sign("missing", "doubt", "missing")
_OUTCOME_SIGNS = {
    "partial": Sign("doubt", "doubt", "of some stacks only"),
    "unfinished": Sign("open", "doubt", "unfinished"),
    "failed": Sign("failed", "bad", "failed"),
    "interrupted": Sign("stopped", "bad", "interrupted"),
    "abandoned": Sign("abandoned", "bad", "abandoned"),
}


def choose_environment_sign(state: EnvironmentState) -> Sign:
    """Return the sign of the worst condition of the environment."""
    if state.last and state.last.outcome != "succeeded":
        return _OUTCOME_SIGNS[state.last.outcome]
    if state.current is None:
        return Sign("gone", "still", "destroyed") if is_destroyed(state) else NOTHING_RUNS
    if state.drifted:
        return Sign("doubt", "doubt", "drifted")
    if state.current_evidence is None or not state.current_evidence.verified:
        return Sign("doubt", "doubt", "not verified")
    return VERIFIED


def choose_deployment_sign(happened: TimelineEntry) -> Sign:
    deployment = happened.deployment
    if deployment.outcome != "succeeded":
        return _OUTCOME_SIGNS[deployment.outcome]
    if deployment.action == "destroy":
        return Sign("gone", "still", "destroyed")
    match happened.verified:
        case "failed":
            return Sign("doubt", "doubt", "deployed, verification failed")
        case "":
            return Sign("done", "still", "deployed, not verified")
        case "passed" if deployment.action == "rollback":
            return Sign("back", "ok", "rolled back, verified")
        case "passed":
            return Sign("proven", "ok", "deployed, verified")
        case _:
            assert_never(happened.verified)


def choose_stay_sign(stay: Stay) -> Sign | None:
    """Return the sign of a release in an environment, or None if it was never there or is unknown."""
    match stay.standing:
        case "runs":
            return Sign("proven", "ok", "runs") if stay.verified_at else Sign("doubt", "doubt", "runs, not verified")
        case "left":
            return Sign("done", "still", "was verified" if stay.verified_at else "ran, not verified")
        case "never" | "unknown":
            return None
        case "partial" | "unfinished" | "failed" | "interrupted" | "abandoned":
            return _OUTCOME_SIGNS[stay.standing]
        case _:
            assert_never(stay.standing)


def describe_operation(deployment: Deployment) -> str:
    action = f"promote from {deployment.source}" if deployment.action == "promote" else deployment.action
    return f"{action}, over a newer release" if deployment.older else action
