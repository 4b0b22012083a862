"""Checks of a deployment. With the outputs of the stacks a check resolves to a probe to run, or to a verdict."""

from dataclasses import dataclass
from typing import TypeAlias

from envctl.domain.checks.assertions import check_output, find_output_value, parse_output_url
from envctl.domain.config.checks.kinds import OUTPUT, CommandCheck, HttpCheck, OutputCheck
from envctl.domain.config.checks.table import Check
from envctl.domain.config.checks.urls import append_path
from envctl.domain.terraform.output_reference import OutputReference
from envctl.domain.terraform.outputs import Outputs


@dataclass(frozen=True)
class HttpProbe:
    name: str
    url: str
    expect_status: int
    contains: str | None
    timeout_seconds: float


@dataclass(frozen=True)
class CommandProbe:
    name: str
    command: tuple[str, ...]
    timeout_seconds: float


Probe: TypeAlias = HttpProbe | CommandProbe


@dataclass(frozen=True)
class CheckResult:
    """The result of a check; `problem` is empty if it passed."""

    name: str
    problem: str = ""


def is_check_applicable(check: Check, environment: str, *, sandbox: bool) -> bool:
    """Check that a check runs in the environment."""
    return (not check.environments or environment in check.environments) and (check.sandbox or not sandbox)


def find_required_output(check: Check) -> OutputReference | None:
    """Return the stack output needed to resolve the check, if any."""
    match check:
        case HttpCheck(url=url):
            return OutputReference.parse(url.removeprefix(OUTPUT)) if url.startswith(OUTPUT) else None
        case OutputCheck(output=output):
            return OutputReference.parse(output)
        case CommandCheck():
            return None


def resolve_check(check: Check, name: str, outputs: Outputs) -> Probe | CheckResult:
    try:
        return _resolve_or_raise(check, name, outputs)
    except ValueError as error:
        return CheckResult(name, str(error))


def _resolve_or_raise(check: Check, name: str, outputs: Outputs) -> Probe | CheckResult:
    reference = find_required_output(check)
    value = find_output_value(reference, outputs) if reference else None
    match check:
        case HttpCheck():
            url = parse_output_url(reference, value) if reference else check.url
            seconds = check.timeout.total_seconds()
            return HttpProbe(name, append_path(url, check.path), check.expect_status, check.contains, seconds)
        case CommandCheck():
            return CommandProbe(name, check.command, check.timeout.total_seconds())
        case OutputCheck():
            problem = check_output(check, value)
            return CheckResult(name, problem and f"{reference} {problem}")
