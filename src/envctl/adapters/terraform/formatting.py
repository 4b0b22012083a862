"""The Formatter port: one `terraform fmt` over copies of all files, in a folder that is gone afterwards.

Terraform writes each file in place, one after the other, and goes on where it could not read one: a project would be
left half formatted, and a file half written where the disk is full.
"""

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from envctl.adapters.disk.reading import read_bytes
from envctl.adapters.terraform.environment.cleared_environment import Surroundings
from envctl.adapters.terraform.process import binary
from envctl.adapters.terraform.process.arguments import arguments
from envctl.adapters.terraform.process.disk_errors import room
from envctl.adapters.terraform.process.process import Ended, run
from envctl.domain.errors import (
    ConfigurationError,
    EnvctlError,
    InterruptedByUserError,
    Location,
    OperationFailedError,
    Problem,
)
from envctl.domain.terraform.formatting import ENDINGS

# Seconds. It reads and writes some files.
PATIENCE = 60.0
_DEFAULTS = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
_ERROR = re.compile(r"^Error: ", re.MULTILINE)
# The lines that it shows are left out: they may hold what is sensitive.
_PARTS = re.compile(
    r"\A(?P<summary>[^\n]+)\n\n  on (?P<file>\S+) line (?P<line>\d+)[^\n]*\n(?:[^\n]+\n)*(?P<detail>.*)\Z", re.DOTALL
)
_MENTION = re.compile(r"at \d+\.[\w.]+:(\d+),\d+(?:-(?:\d+,)?\d+)?")


class TerraformFormatter:
    """`inherited` is the environment of whoever runs envctl, as it was when it began."""

    def __init__(
        self,
        project: Path,
        inherited: Callable[[], Mapping[str, str]],
        surroundings: Surroundings,
        *,
        patience: float = PATIENCE,
    ) -> None:
        self._project = project
        self._surroundings = surroundings
        self._inherited = inherited
        self._patience = patience

    def formatted(self, binary: str, files: Mapping[str, bytes]) -> Mapping[str, bytes]:
        with room(Path(tempfile.gettempdir())), tempfile.TemporaryDirectory(prefix="envctl-") as name:
            folder = Path(name)
            # By number: a folder can be hidden from Terraform, and a name can look like an option.
            copies = {f"{number}{_ending(path)}": path for number, path in enumerate(files)}
            for copy, path in copies.items():
                (folder / copy).write_bytes(files[path])
            self._format(binary, folder, copies)
            return {path: read_bytes(folder / copy) for copy, path in copies.items()}

    def _format(self, configured: str, folder: Path, copies: Mapping[str, str]) -> None:
        inherited = self._inherited()
        environment = self._surroundings.clear(inherited)
        line = arguments(binary.find(configured, inherited, self._project), "fmt", list=False, no_color=True)
        ended = run(line, folder, {**_DEFAULTS, **environment}, lambda _: None, patience=self._patience)
        if ended.interrupted:
            raise InterruptedByUserError(
                Problem("E311", "interrupted while files were formatted", "nothing was changed")
            )
        if ended.code or ended.silent:
            raise _failure(ended, copies)


def _ending(path: str) -> str:
    return next(ending for ending in ENDINGS if path.endswith(ending))


def _failure(ended: Ended, copies: Mapping[str, str]) -> EnvctlError:
    problems = tuple(_problems(ended.errors, copies))
    if problems and not ended.silent:
        return ConfigurationError(*problems)
    said = "it had nothing to say for too long" if ended.silent else ended.errors.strip().partition("\n")[0]
    message = f"terraform fmt failed: {said or f'it ended with {ended.code}'}"
    return OperationFailedError(Problem("E305", message, "nothing was changed; correct the cause and run it again"))


def _problems(said: str, copies: Mapping[str, str]) -> Iterator[Problem]:
    order = list(copies)
    found = [match for text in _ERROR.split(said)[1:] if (match := _PARTS.match(text)) and match["file"] in copies]
    for match in sorted(found, key=lambda match: (order.index(match["file"]), int(match["line"]))):
        detail = " ".join(_MENTION.sub(r"on line \1", match["detail"]).split()) or "correct the syntax there"
        place = Location(copies[match["file"]], int(match["line"]))
        yield Problem("E201", f"syntax error: {match['summary']}", detail, place)
