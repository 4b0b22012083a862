"""The Formatter port: one `terraform fmt` over copies of all files, in a temporary folder.

Terraform itself writes each file in place and continues after an unreadable one. That can leave a project half
formatted, and on a full disk a file half written.
"""

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from envctl.adapters.disk.files import read_bytes
from envctl.adapters.terraform.environment.environment_filter import EnvironmentFilter
from envctl.adapters.terraform.process import binary
from envctl.adapters.terraform.process.arguments import build_arguments
from envctl.adapters.terraform.process.disk_errors import translate_disk_errors
from envctl.adapters.terraform.process.process import ProcessResult, run_process
from envctl.domain import errors
from envctl.domain.errors import Location, Problem
from envctl.domain.terraform.formatting import FORMATTED_SUFFIXES

SILENCE_SECONDS = 60.0
_DEFAULTS = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
_ERROR = re.compile(r"^Error: ", re.MULTILINE)
# Without the quoted lines of code, which may hold sensitive values.
_DIAGNOSTIC = re.compile(
    r"\A(?P<summary>[^\n]+)\n\n  on (?P<file>\S+) line (?P<line>\d+)[^\n]*\n(?:[^\n]+\n)*(?P<detail>.*)\Z", re.DOTALL
)
_POSITION = re.compile(r"at \d+\.[\w.]+:(\d+),\d+(?:-(?:\d+,)?\d+)?")


@dataclass(frozen=True)
class TerraformFormatter:
    """Format files with the configured Terraform. `inherited` returns the environment variables of the user."""

    project: Path
    inherited: Callable[[], Mapping[str, str]]
    surroundings: EnvironmentFilter
    patience: float = SILENCE_SECONDS

    def format_files(self, binary: str, files: Mapping[str, bytes]) -> Mapping[str, bytes]:
        with translate_disk_errors(Path(tempfile.gettempdir())), tempfile.TemporaryDirectory(prefix="envctl-") as name:
            folder = Path(name)
            # Named by number: Terraform skips hidden folders, and a file name can look like an option.
            copies = {
                f"{number}{next(ending for ending in FORMATTED_SUFFIXES if path.endswith(ending))}": path
                for number, path in enumerate(files)
            }
            for copy, path in copies.items():
                (folder / copy).write_bytes(files[path])
            self._run_fmt(binary, folder, copies)
            return {path: read_bytes(folder / copy) for copy, path in copies.items()}

    def _run_fmt(self, configured: str, folder: Path, copies: Mapping[str, str]) -> None:
        inherited = self.inherited()
        environment = _DEFAULTS | self.surroundings.filter_variables(inherited)
        program = binary.find_binary(configured, inherited, self.project)
        line = build_arguments(program, "fmt", list=False, no_color=True)
        result = run_process(line, folder, environment, lambda _: None, writes=False, patience=self.patience)
        if result.interrupted:
            problem = Problem("E311", "interrupted while files were formatted", "nothing was changed")
            raise errors.InterruptedByUserError(problem)
        if result.code or result.silent:
            raise _to_error(result, copies)


def _to_error(result: ProcessResult, copies: Mapping[str, str]) -> errors.EnvctlError:
    problems = tuple(_parse_problems(result.errors, copies))
    if problems and not result.silent:
        return errors.ConfigurationError(*problems)
    output = "it gave no output for too long" if result.silent else result.errors.strip().partition("\n")[0]
    message = f"terraform fmt failed: {output or f'it ended with {result.code}'}"
    hint = "no changes were made; correct the cause and run it again"
    return errors.OperationFailedError(Problem("E305", message, hint))


def _parse_problems(output: str, copies: Mapping[str, str]) -> Iterator[Problem]:
    order = list(copies)
    matches = [_DIAGNOSTIC.match(text) for text in _ERROR.split(output)[1:]]
    found = [match for match in matches if match and match["file"] in copies]
    for match in sorted(found, key=lambda match: (order.index(match["file"]), int(match["line"]))):
        detail = " ".join(_POSITION.sub(r"on line \1", match["detail"]).split()) or "correct the syntax there"
        place = Location(copies[match["file"]], int(match["line"]))
        yield Problem("E201", f"syntax error: {match['summary']}", detail, place)
