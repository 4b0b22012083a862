"""Guard G110: drift of the source, and how to undo drift."""

from collections.abc import Collection

from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards.request import Guard, Refusal, Request
from envctl.domain.ledger.state import DriftCheck
from envctl.domain.plan.object_pattern import is_object_pattern
from envctl.domain.text.lists import join_first

MAX_NAMED = 3


def check_drift(request: Request) -> Refusal | None:
    """G110: the source has no drift. Drift of the target is only a warning."""
    source, target = request.source_state.drift, request.target_state.drift
    if request.action == "promote" and source and source.drifted:
        fix, check = suggest_drift_fix(request.origin, source), format_command("drift", request.origin)
        hint = fix if source.unplanned else f"fix it with: {fix}, or by hand; then check again: {check}"
        return Refusal(GuardCode.DRIFT, message=_describe_drift(request.origin, source), hint=hint, since=source.at)
    if request.action != "destroy" and target and target.drifted:
        return _warn_of_drift(request.target, target)
    return None


def _warn_of_drift(environment: str, seen: DriftCheck) -> Refusal:
    effect, hint = "this deployment restores the configured values", format_command("drift", environment)
    if seen.unplanned:
        effect = f"no deployment undoes {join_first(seen.unplanned, MAX_NAMED)}"
        hint = suggest_undo(environment, seen.unplanned)
    return Refusal(
        GuardCode.DRIFT, message=f"{_describe_drift(environment, seen)}; {effect}", hint=hint, since=seen.at, warns=True
    )


def _describe_drift(environment: str, seen: DriftCheck) -> str:
    what = "difference" if seen.drifted == 1 else "differences"
    named = join_first(seen.resources, MAX_NAMED, seen.drifted)
    return f"{environment} has drifted: {seen.drifted} {what} from the state ({named})"


def suggest_drift_fix(environment: str, drift: DriftCheck) -> str:
    """Return the command that fixes the drift, or what to do by hand if no plan undoes it."""
    if not drift.unplanned:
        return format_command("drift", environment, fix=True)
    return suggest_undo(environment, drift.unplanned)


def suggest_undo(environment: str, names: Collection[str]) -> str:
    """Return how to undo or accept drift outside all plans, given by its names in the ledger."""
    if is_object_drift(names):
        return suggest_ignoring(environment)
    check, accept = format_command("drift", environment), format_command("apply", environment)
    return f"undo it by hand, then: {check}; to accept it: {accept}"


def is_object_drift(names: Collection[str]) -> bool:
    """Check if all these ledger names are Kubernetes objects: their drift is in no state, and no apply accepts it."""
    return bool(names) and all(is_object_pattern(name.partition(": ")[2]) for name in names)


def suggest_ignoring(environment: str) -> str:
    return (
        f"undo it by hand, then: {format_command('drift', environment)}; to accept it, add it to ignore, or its writer"
        f" to managers, in [environments.{environment}.drift]"
    )


GUARDS = (Guard(GuardCode.DRIFT, check_drift, reason="{source} has drifted", of_path=True),)
