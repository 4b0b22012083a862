"""The single verdicts within a result and an error."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from envctl.domain.errors import Location, Problem
from envctl.domain.guards import Refusal, RefusedError
from envctl.domain.text.lists import first_of

if TYPE_CHECKING:
    from envctl.domain.errors import EnvctlError
    from envctl.usecases.approval.explain_refusal import Why
    from envctl.usecases.deployment.run import Deployed
    from envctl.usecases.deployment.verification import Verification
    from envctl.usecases.drift.fix import Fixed
    from envctl.usecases.drift.result import Drift, EnvironmentDrift, StackDrift

NAMED = 20
_NOT_ASKED = {"moot": "a guard that it rests on refuses", "unplanned": "only a plan can answer it"}


@dataclass(frozen=True)
class Verdict:
    """`suite` says of what, such as `guards of prod`, and `rule` which question was asked, such as `G104` or `drift`.

    *unknown* is what nobody could say, and *skipped* what there was no need to ask.
    """

    suite: str
    name: str
    rule: str
    outcome: Literal["passed", "failed", "warned", "unknown", "skipped"]
    message: str = ""
    hint: str = ""
    location: Location | None = None
    seconds: float = 0.0


def verdicts(command: str, result: object | None, error: "EnvctlError | None") -> tuple[Verdict, ...]:
    """In the order in which people are told of them. What a result tells of is not told again by its error."""
    told = tuple(_of_result(result))
    if isinstance(error, RefusedError):
        refused = (_of_refusal("guards", refusal) for refusal in error.refusals)
        because = (problem for refusal in error.refusals for problem in refusal.because)
        return (*told, *refused, *_of_problems(command, because))
    left = error.problems if error and not told else ()
    return (*told, *_of_problems(command, left))


def _of_result(result: object | None) -> Iterator[Verdict]:
    # By name: importing every kind of result takes longer than most commands do.
    match type(result).__name__:
        case "Why":
            yield from _of_why(result)  # type: ignore[arg-type]
        case "Drift":
            yield from _of_drift(result)  # type: ignore[arg-type]
        case "Fixed":
            yield from _of_fixed(result)  # type: ignore[arg-type]
        case "Verification":
            yield from _of_verification(result)  # type: ignore[arg-type]
        case "Deployed":
            yield from _of_deployed(result)  # type: ignore[arg-type]


def _of_why(why: "Why") -> Iterator[Verdict]:
    suite = f"guards of {why.target}"
    for answer in why.answers:
        if answer.refusal is not None:
            yield _of_refusal(suite, answer.refusal)
        else:
            outcome: Literal["passed", "skipped"] = "passed" if answer.outcome == "passes" else "skipped"
            reason = _NOT_ASKED.get(answer.outcome, "")
            yield Verdict(suite, f"{answer.code} {answer.guard}", answer.code, outcome, reason)


def _of_refusal(suite: str, refusal: Refusal) -> Verdict:
    outcome: Literal["warned", "failed"] = "warned" if refusal.warns else "failed"
    name = f"{refusal.code} {refusal.guard}"
    return Verdict(suite, name, refusal.code, outcome, refusal.message, refusal.hint)


def _of_fixed(fixed: "Fixed") -> Iterator[Verdict]:
    yield from _of_drift(fixed.drift)
    for mended in fixed.mended:
        for problem in mended.problems:
            yield _of_problem(f"drift in {mended.environment}", problem)
        if mended.deployed:
            yield from _of_deployed(mended.deployed)


def _of_drift(drift: "Drift") -> Iterator[Verdict]:
    for each in drift.environments:
        suite = f"drift in {each.environment}"
        yield from (_of_problem(suite, problem) for problem in each.problems)
        yield from (_of_stack(each, stack) for stack in each.stacks)


def _of_stack(where: "EnvironmentDrift", stack: "StackDrift") -> Verdict:
    suite, place = f"drift in {where.environment}", None
    match stack.condition:
        case "drifted":
            names = [each.address for each in stack.resources] + [f"output {each.name}" for each in stack.outputs]
            told = f"{len(names)} not as the state says: {first_of(names, NAMED)}"
            return Verdict(suite, stack.stack, "drift", "failed", told, where.next, place, stack.seconds)
        case "unknown":
            told = "; ".join(f"{problem.code} {problem.message}" for problem in stack.problems)
            hint = next((problem.hint for problem in stack.problems), "")
            place = next((problem.location for problem in stack.problems), None)
            return Verdict(suite, stack.stack, "drift", "unknown", told, hint, place, stack.seconds)
        case _:
            return Verdict(suite, stack.stack, "drift", "passed", seconds=stack.seconds)


def _of_deployed(deployed: "Deployed") -> Iterator[Verdict]:
    suite = f"guards of {deployed.environment}"
    # What was overridden no longer refuses; it is owed.
    waived = (replace(refusal, warns=True) for refusal in deployed.waived)
    yield from (_of_refusal(suite, each) for each in (*deployed.warnings, *waived))
    if deployed.verification is not None:
        yield from _of_verification(deployed.verification)


def _of_verification(verification: "Verification") -> Iterator[Verdict]:
    for each in verification.checks:
        yield Verdict(f"checks of {verification.environment}", each.name, "check", each.outcome, each.problem)


def _of_problems(command: str, problems: Iterable[Problem]) -> Iterator[Verdict]:
    return (_of_problem(f"envctl {command}".strip(), problem) for problem in problems)


def _of_problem(suite: str, problem: Problem) -> Verdict:
    name = f"{problem.code} {problem.location}" if problem.location else problem.code
    return Verdict(suite, name, problem.code, "failed", problem.message, problem.hint, problem.location)
