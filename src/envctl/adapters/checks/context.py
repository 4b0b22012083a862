"""The context of a running check or program, and what builds it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from envctl.domain.ci.program_variables import find_credentials, remove_variables


@dataclass(frozen=True)
class RunContext:
    """Project folder, environment, clock and redaction for a check."""

    root: Path
    environment: Mapping[str, str]  # of child processes
    clock: Callable[[], float]  # monotonic, in seconds
    sleep: Callable[[float], None]
    redact: Callable[[str], str] = str  # for texts of others, before they are shortened: half a secret is still one
    withheld: tuple[str, ...] = ()  # names of the variables removed from the environment


@dataclass(frozen=True)
class ProgramRunner:
    """Builds the context of each run.

    Attributes:
        inherited: Returns the environment of envctl.
        withhold: Returns the names of the variables that no program gets.
    """

    root: Path
    inherited: Callable[[], Mapping[str, str]]
    _: KW_ONLY
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    redact: Callable[[str], str] = str
    withhold: Callable[[Mapping[str, str]], tuple[str, ...]] = find_credentials

    def build_context(self, surroundings: Mapping[str, str]) -> RunContext:
        inherited = self.inherited()
        withheld = self.withhold(inherited)
        environment = {**remove_variables(inherited, withheld), **surroundings}
        return RunContext(self.root, environment, self.clock, self.sleep, self.redact, withheld)
