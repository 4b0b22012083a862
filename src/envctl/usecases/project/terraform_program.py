"""`envctl terraform pin` and `install`: the one Terraform that runs in real accounts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from envctl.domain.aws.access import is_on_aws
from envctl.domain.command_lines import format_command
from envctl.domain.errors import ConfigurationError, Problem, UsageError
from envctl.domain.terraform.program_pin import PLATFORMS, Program
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file

UNPINNED = "Terraform is not pinned: real accounts are applied by the one that a machine happens to have"
_VERSION = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?")


@dataclass(frozen=True)
class PinnedProgram:
    """The values of `[terraform.pin]`, for a person to write there."""

    program: Program
    version: str
    sha256: Mapping[str, str]  # of the executable, by platform
    replaces: str = ""  # the program and version that envctl.toml pins now


@dataclass(frozen=True)
class InstalledProgram:
    """The pinned program on this machine."""

    program: str  # with its version, such as `Terraform 1.15.5`
    path: str
    sha256: str
    installed: bool  # false if it was there already


def pin_program(
    ports: Ports, version: str, *, program: Program | None = None, platforms: Sequence[str] = (), place: str = ""
) -> PinnedProgram:
    """Return the digests of the executables in the official packages of a version, whose signature is verified.

    Raises UsageError (E347) for an unknown version or platform.
    """
    version = version.removeprefix("v")
    if not _VERSION.fullmatch(version):
        raise UsageError(Problem("E347", f"{version!r} is no version", format_command("terraform pin", "1.15.5")))
    if unknown := [each for each in platforms if each not in PLATFORMS]:
        raise UsageError(Problem("E347", f"unknown platform {unknown[0]!r}", f"use one of {', '.join(PLATFORMS)}"))
    before = project_file.load_project(ports).terraform.pin
    wanted: Program = program or (before.program if before else "terraform")
    where = place or (before.mirror or "" if before and before.program == wanted else "")
    digests = ports.programs.hash_programs(wanted, version, tuple(dict.fromkeys(platforms)) or PLATFORMS, where)
    return PinnedProgram(wanted, version, digests, str(before.to_pin()) if before else "")


def install_program(ports: Ports, *, place: str = "", folder: str = "") -> InstalledProgram:
    """Install the pinned program for this machine. Raises ConfigurationError (E358) without a pin for it."""
    pin, platform = project_file.load_project(ports).terraform.pin, ports.programs.read_platform()
    if pin is None or platform not in pin.sha256:
        message = "envctl.toml has no [terraform.pin]" if pin is None else f"[terraform.pin] has no {platform}"
        hint = format_command("terraform pin", pin.version if pin else "VERSION")
        raise ConfigurationError(Problem("E358", message, hint))
    wanted = pin.to_pin()
    path, installed = ports.programs.install_program(wanted, place or pin.mirror or "", folder)
    return InstalledProgram(str(wanted), path, pin.sha256[platform], installed)


def has_unpinned_program(context: Context) -> bool:
    """Return whether real accounts run a Terraform that `[terraform.pin]` does not name. The sandbox has none."""
    project = context.project
    runs = any(not stack.is_kubernetes for stack in project.every_stack.values())
    return runs and project.terraform.pin is None and is_on_aws(project) and not context.ports.sandbox
