"""The program that runs as Terraform, held to `[terraform.pin]`.

An open file is compared, and on Linux that very file is started: what takes its path meanwhile does not run.
"""

import os
import shutil
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from envctl.adapters.terraform.process import binary
from envctl.domain.command_lines import format_command
from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.terraform.program_pin import ProgramPin, name_platform

HashFile = Callable[[int], tuple[str, object]]
INSTALLED_FOLDER = Path(".envctl", "cache", "terraform")
"""In the project: what `envctl terraform install` has put there, by digest."""
_INSTALL = format_command("terraform install")


def read_platform() -> str:
    """Return the platform of this machine, such as `linux_amd64`."""
    import platform

    return name_platform(sys.platform, platform.machine())


def locate_installed(project: Path, pin: ProgramPin, platform: str) -> Path:
    """Return where the pinned program is installed for a project."""
    return project / INSTALLED_FOLDER / pin.sha256[platform] / pin.program


class ProgramFinder:
    """Find the program, and compare it with the pin before each start.

    Args:
        find_pin: returns the pin; None in the sandbox and in a project without one. Called once.
        hash_file: returns the SHA-256 of an open file and its identity, as it remembers it. Raises OSError for a file
            that it can't remember.
    """

    def __init__(self, project: Path, find_pin: Callable[[], ProgramPin | None], hash_file: HashFile) -> None:
        self._project = project
        self._find_pin = find_pin
        self._hash_known = hash_file
        self._open: dict[str, int] = {}
        self._lock = threading.RLock()

    @cached_property
    def pin(self) -> ProgramPin | None:
        return self._find_pin()

    def find_binary(self, configured: str, environment: Mapping[str, str]) -> tuple[str, ...]:
        """Return the first words of every command line. Raises ConfigurationError for another program than the pinned
        one.
        """
        if self.pin is None:
            return binary.find_binary(configured, environment, self._project)
        found = self._locate(self.pin, configured, environment)
        self._open_pinned(found, self.pin)
        return (found,)

    def find_descriptor(self, program: Sequence[str]) -> int | None:
        """Return the open file to start in place of a path, compared once more; None if the path is started.

        Other systems than Linux start files by their path alone: there, it is compared right before.
        """
        if self.pin is None:
            return None
        descriptor = self._open_pinned(program[0], self.pin)
        return descriptor if sys.platform == "linux" else None

    def hash_program(self, program: Sequence[str]) -> str:
        """Return the SHA-256 of the executable; empty for a script, for the embedded one, and if it can't be read."""
        if len(program) > 1:
            return ""
        try:
            descriptor = self._open_file(program[0])
            return "" if _is_script(descriptor) else self._hash_file(descriptor)
        except OSError:
            return ""

    def _locate(self, pin: ProgramPin, configured: str, environment: Mapping[str, str]) -> str:
        platform = read_platform()
        if platform not in pin.sha256:
            message = f"[terraform.pin] has no SHA-256 of {pin} for {platform}"
            raise ConfigurationError(
                Problem("E358", message, format_command("terraform pin", pin.version, platform=platform))
            )
        if configured or environment.get(binary.VARIABLE):
            return binary.find_binary(configured, environment, self._project)[0]
        installed = locate_installed(self._project, pin, platform)
        if installed.is_file():
            return os.fspath(installed)
        found = shutil.which(pin.program, path=environment.get("PATH"))
        if found is None:
            message = f"{pin}, which [terraform.pin] names, is not installed here"
            raise ConfigurationError(Problem("E358", message, _INSTALL))
        return os.fspath(Path(found).absolute())

    def _open_pinned(self, path: str, pin: ProgramPin) -> int:
        try:
            descriptor = self._open_file(path)
            found = "" if _is_script(descriptor) else self._hash_file(descriptor)
        except OSError as error:
            message = f"{path} can't be compared with [terraform.pin]: {error.strerror or error}"
            raise ConfigurationError(Problem("E358", message, _INSTALL)) from error
        wanted = pin.sha256[read_platform()]
        if found != wanted:
            why = (
                f"its SHA-256 is {found}, pinned is {wanted}" if found else "it is a script, such as a version manager"
            )
            message = f"{path} is not the {pin} that [terraform.pin] names: {why}"
            hint = f"{_INSTALL}; no changes were made"
            raise ConfigurationError(Problem("E358", message, hint))
        return descriptor

    def _open_file(self, path: str) -> int:
        """Return the descriptor of a path; on Linux, that of its first use, however the path leads elsewhere by now."""
        from envctl.adapters.disk.files import open_file

        with self._lock:
            if sys.platform != "linux" and path in self._open:
                os.close(self._open.pop(path))
            if path not in self._open:
                self._open[path] = open_file(path)
            return self._open[path]

    def _hash_file(self, descriptor: int) -> str:
        with self._lock:
            try:
                return self._hash_known(descriptor)[0]
            except OSError:
                # It can't be remembered: a disk that counts whole seconds, and a file just written.
                import hashlib

                with os.fdopen(os.dup(descriptor), "rb") as file:
                    file.seek(0)
                    return hashlib.file_digest(file, "sha256").hexdigest()


def _is_script(descriptor: int) -> bool:
    return os.pread(descriptor, 2, 0) == b"#!"
