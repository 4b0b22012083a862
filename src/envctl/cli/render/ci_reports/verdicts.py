"""The verdicts in a result or an error, one per guard, check, stack or problem."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from envctl.cli.command_table import find_result_type
from envctl.domain.errors import Location, Problem
from envctl.domain.guards import Refusal, RefusedError
from envctl.domain.text.lists import join_first

if TYPE_CHECKING:
    from envctl.domain.errors import EnvctlError
    from envctl.usecases.approval.explain_refusal import Why
    from envctl.usecases.deployment.result import DeploymentResult
    from envctl.usecases.deployment.verification import Verification
    from envctl.usecases.drift.fix import DriftFix
    from envctl.usecases.drift.result import Drift, EnvironmentDrift, StackDrift
    from envctl.usecases.project.ci.ci_workflows import Workflows

MAX_NAMED = 20
_SKIP_REASONS = {
    "moot": "skipped: the guard it depends on refuses",
    "unplanned": "needs a plan",
    "not_applicable": "nothing to approve",
}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The outcome of one guard, check, drift check or problem."""

    suite: str  # such as "guards of prod"
    name: str
    rule: str  # such as "G104" or "drift"
    # unknown: the check could not be done; skipped: it was not needed.
    outcome: Literal["passed", "failed", "warned", "unknown", "skipped"]
    message: str = ""
    hint: str = ""
    location: Location | None = None
    seconds: float = 0.0


def collect_verdicts(command: str, result: object | None, error: "EnvctlError | None") -> tuple[Verdict, ...]:
    """Return the verdicts in console order. Problems of an error count only if the result has none but warnings."""
    row = find_result_type(result)
    found: tuple[Verdict, ...] = tuple(globals()[row.verdicts](result)) if row and row.verdicts else ()
    problems: Iterable[Problem] = error.problems if error and {each.outcome for each in found} <= {"warned"} else ()
    if isinstance(error, RefusedError) and not found:
        found += tuple(_from_refusal("guards", refusal) for refusal in error.refusals)
        problems = (problem for refusal in error.refusals for problem in refusal.because)
    return (*found, *(_from_problem(f"envctl {command}".strip(), problem) for problem in problems))


def list_why_verdicts(why: "Why") -> Iterator[Verdict]:
    suite = f"guards of {why.target}"
    for answer in why.answers:
        if answer.refusal is not None:
            yield _from_refusal(suite, answer.refusal)
        else:
            outcome: Literal["passed", "skipped"] = "passed" if answer.outcome == "passes" else "skipped"
            reason = _SKIP_REASONS.get(answer.outcome, "")
            yield Verdict(
                suite=suite, name=f"{answer.code} {answer.guard}", rule=answer.code, outcome=outcome, message=reason
            )


def _from_refusal(suite: str, refusal: Refusal) -> Verdict:
    outcome: Literal["warned", "failed"] = "warned" if refusal.warns else "failed"
    name = f"{refusal.code} {refusal.guard}"
    return Verdict(
        suite=suite, name=name, rule=refusal.code, outcome=outcome, message=refusal.message, hint=refusal.hint
    )


def list_fix_verdicts(fixed: "DriftFix") -> Iterator[Verdict]:
    yield from list_drift_verdicts(fixed.drift)
    for fix in fixed.mended:
        for problem in fix.problems:
            yield _from_problem(f"drift in {fix.environment}", problem)
        if fix.deployed:
            yield from list_deployment_verdicts(fix.deployed)


def list_drift_verdicts(drift: "Drift") -> Iterator[Verdict]:
    for each in drift.environments:
        suite = f"drift in {each.environment}"
        yield from (_from_problem(suite, problem) for problem in each.problems)
        yield from (_from_stack(each, stack) for stack in each.stacks)


def _from_stack(drift: "EnvironmentDrift", stack: "StackDrift") -> Verdict:
    clean = Verdict(
        suite=f"drift in {drift.environment}", name=stack.stack, rule="drift", outcome="passed", seconds=stack.seconds
    )
    match stack.condition:
        case "drifted":
            names = [each.address for each in stack.resources] + [f"output {each.name}" for each in stack.outputs]
            message = f"{len(names)} different from the state: {join_first(names, MAX_NAMED)}"
            return replace(clean, outcome="failed", message=message, hint=drift.next)
        case "unknown":
            message = "; ".join(f"{problem.code} {problem.message}" for problem in stack.problems)
            hint = next((problem.hint for problem in stack.problems), "")
            location = next((problem.location for problem in stack.problems), None)
            return replace(clean, outcome="unknown", message=message, hint=hint, location=location)
        case _:
            return clean


def list_deployment_verdicts(deployed: "DeploymentResult") -> Iterator[Verdict]:
    suite = f"guards of {deployed.environment}"
    # A waived refusal becomes a warning.
    waived = (replace(refusal, warns=True) for refusal in deployed.waived)
    yield from (_from_refusal(suite, each) for each in (*deployed.warnings, *waived))
    if deployed.verification is not None:
        yield from list_check_verdicts(deployed.verification)


def list_check_verdicts(verification: "Verification") -> Iterator[Verdict]:
    for each in verification.checks:
        yield Verdict(
            suite=f"checks of {verification.environment}",
            name=each.name,
            rule="check",
            outcome=each.outcome,
            message=each.problem,
        )


def list_pin_verdicts(workflows: "Workflows") -> Iterator[Verdict]:
    """Yield raised pins alone: the others are problems of the error."""
    for problem in workflows.list_pin_problems(fatal=False):
        yield replace(_from_problem(f"envctl ci {workflows.system}", problem), outcome="warned")


def _from_problem(suite: str, problem: Problem) -> Verdict:
    name = f"{problem.code} {problem.location}" if problem.location else problem.code
    return Verdict(
        suite=suite,
        name=name,
        rule=problem.code,
        outcome="failed",
        message=problem.message,
        hint=problem.hint,
        location=problem.location,
    )
