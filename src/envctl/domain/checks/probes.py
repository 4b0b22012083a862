"""Checks: what proves that a deployment works. Together with the outputs of the stacks a check becomes either a probe,
with which the world is asked, or a verdict.
"""

from dataclasses import dataclass
from typing import TypeAlias

from envctl.domain.checks.assertions import flaw, look_up, shown, url_of
from envctl.domain.config.checks.kinds import KINDS, OUTPUT, CommandCheck, HttpCheck, OutputCheck
from envctl.domain.config.checks.table import Check, known_keys, with_kind
from envctl.domain.config.checks.urls import with_path
from envctl.domain.terraform.output_reference import Reference
from envctl.domain.terraform.outputs import Output, Outputs
from envctl.domain.text.excerpt import excerpt

__all__ = [
    "KINDS",
    "Check",
    "CommandCheck",
    "CommandProbe",
    "HttpCheck",
    "HttpProbe",
    "Output",
    "OutputCheck",
    "Outputs",
    "Probe",
    "Verdict",
    "applies",
    "excerpt",
    "known_keys",
    "needs",
    "resolve",
    "shown",
    "with_kind",
]


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
class Verdict:
    """`problem` is empty where the check passed."""

    name: str
    problem: str = ""


def applies(check: Check, environment: str, *, sandbox: bool) -> bool:
    """Whether the check is run in that environment."""
    return (not check.environments or environment in check.environments) and (check.sandbox or not sandbox)


def needs(check: Check) -> Reference | None:
    """The output of a stack without which the check can't be resolved."""
    match check:
        case HttpCheck(url=url):
            return Reference.parse(url.removeprefix(OUTPUT)) if url.startswith(OUTPUT) else None
        case OutputCheck(output=output):
            return Reference.parse(output)
        case CommandCheck():
            return None


def resolve(check: Check, name: str, outputs: Outputs) -> Probe | Verdict:
    try:
        return _resolved(check, name, outputs)
    except ValueError as error:
        return Verdict(name, str(error))


def _resolved(check: Check, name: str, outputs: Outputs) -> Probe | Verdict:
    reference = needs(check)
    value = look_up(reference, outputs) if reference else None
    match check:
        case HttpCheck():
            url = url_of(reference, value) if reference else check.url
            seconds = check.timeout.total_seconds()
            return HttpProbe(name, with_path(url, check.path), check.expect_status, check.contains, seconds)
        case CommandCheck():
            return CommandProbe(name, check.command, check.timeout.total_seconds())
        case OutputCheck():
            problem = flaw(check, value)
            return Verdict(name, problem and f"{reference} {problem}")
