"""Checks by a command: exit code 0 passes."""

from envctl.adapters.checks.context import RunContext
from envctl.adapters.checks.process import GRACE_SECONDS, run_process
from envctl.domain.config.checks.command import CommandProbe


def run_command(probe: CommandProbe, context: RunContext, grace: float = GRACE_SECONDS) -> str:
    return run_process(probe.command, probe.timeout_seconds, context, grace).problem
