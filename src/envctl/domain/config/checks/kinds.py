"""The kinds of checks. A new one is a file here with its class and its probe, and a runner for the probe."""

from collections.abc import Mapping
from typing import TypeAlias

from envctl.domain.config.checks.check_table import CheckResult, Probe
from envctl.domain.config.checks.command import CommandCheck
from envctl.domain.config.checks.http import HttpCheck
from envctl.domain.config.checks.output import OutputCheck
from envctl.domain.config.checks.tcp import TcpCheck
from envctl.domain.terraform.outputs import Outputs

Check: TypeAlias = HttpCheck | TcpCheck | CommandCheck | OutputCheck

KINDS: Mapping[str, type[Check]] = {"http": HttpCheck, "tcp": TcpCheck, "command": CommandCheck, "output": OutputCheck}


def is_check_applicable(check: Check, environment: str, *, sandbox: bool) -> bool:
    """Check that a check runs in the environment."""
    return (not check.environments or environment in check.environments) and (check.sandbox or not sandbox)


def resolve_check(check: Check, name: str, outputs: Outputs) -> Probe | CheckResult:
    """Return the probe to run, or the result: a check with an unusable output has failed."""
    try:
        return check.resolve(name, outputs)
    except ValueError as error:
        return CheckResult(name, str(error))
