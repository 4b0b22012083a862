"""Version of the Terraform or OpenTofu in use, as reported by its own `version` command."""

import json
import os
import tempfile
from pathlib import Path

from envctl.adapters.terraform.launcher import Launcher
from envctl.adapters.terraform.process.arguments import build_arguments
from envctl.adapters.terraform.process.process import run_process
from envctl.domain.errors import OperationFailedError, Problem
from envctl.usecases.ports.terraform import InstalledTerraform, PreparedStack

SILENCE_SECONDS = 20.0
EMBEDDED = "the embedded Terraform"


def detect_version(launcher: Launcher, stack: PreparedStack) -> InstalledTerraform:
    """Return program and version. Raises ConfigurationError (no program) or OperationFailedError (no version)."""
    binary = launcher.find_binary(stack)
    program = EMBEDDED if len(binary) > 1 else binary[0]
    pin, descriptor = launcher.programs.pin, launcher.programs.find_descriptor(binary)
    lines: list[str] = []
    # In an empty folder, because Terraform also reads the folder it runs in.
    with tempfile.TemporaryDirectory(prefix="envctl-") as folder:
        line = build_arguments(binary, "version", json=True)
        environment = launcher.build_environment(stack)
        result = run_process(
            line,
            Path(folder),
            environment,
            lines.append,
            writes=False,
            patience=SILENCE_SECONDS,
            program=descriptor,
        )
    try:
        version = str(json.loads("".join(lines))["terraform_version"])
        sha256 = launcher.programs.hash_program(binary)
        return InstalledTerraform(program, version, sha256=sha256, pinned=pin.program if pin else "")
    except (ValueError, KeyError, TypeError) as error:
        output = (result.errors or "".join(lines)).strip().partition(os.linesep)[0] or f"it ended with {result.code}"
        message = f"{program} does not report its version: {output}"
        raise OperationFailedError(Problem("E303", message, "use a Terraform for this machine")) from error
