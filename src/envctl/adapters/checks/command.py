"""A check that is a command: its exit code counts."""

from envctl.adapters.checks.context import Asking
from envctl.adapters.checks.process import GRACE_SECONDS, run
from envctl.domain.checks.probes import CommandProbe


def run_command(probe: CommandProbe, asking: Asking, grace: float = GRACE_SECONDS) -> str:
    return run(probe.command, probe.timeout_seconds, asking, grace).problem
