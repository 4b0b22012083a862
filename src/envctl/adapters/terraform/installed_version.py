"""Which Terraform, or OpenTofu, runs here: it is asked itself."""

import json
import os
import tempfile
from pathlib import Path

from envctl.adapters.terraform.launcher import Launcher
from envctl.adapters.terraform.process.arguments import arguments
from envctl.adapters.terraform.process.process import run
from envctl.domain.errors import OperationFailedError, Problem
from envctl.usecases.ports.terraform import Installed, PreparedStack

# Seconds in which it has to say something.
PATIENCE = 20.0


def ask(launcher: Launcher, stack: PreparedStack) -> Installed:
    """Raises ConfigurationError where there is none, and OperationFailedError where it does not say its version."""
    binary = launcher.binary(stack)
    program = "the embedded Terraform" if len(binary) > 1 else binary[0]
    lines: list[str] = []
    # Where nothing lies, so that nothing of the folder is read along.
    with tempfile.TemporaryDirectory(prefix="envctl-") as nowhere:
        line = arguments(binary, "version", json=True)
        ended = run(line, Path(nowhere), launcher.environment(stack), lines.append, patience=PATIENCE)
    try:
        return Installed(program, str(json.loads("".join(lines))["terraform_version"]))
    except (ValueError, KeyError, TypeError) as error:
        said = (ended.errors or "".join(lines)).strip().partition(os.linesep)[0] or f"it ended with {ended.code}"
        message = f"{program} does not say its version: {said}"
        raise OperationFailedError(Problem("E303", message, "use a Terraform that runs on this machine")) from error
