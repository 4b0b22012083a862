"""Checks of kind `command`: a program in the project's folder ends with exit code 0."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator

from envctl.domain.config.checks.check_table import CheckTable, Duration, Probe
from envctl.domain.config.fields import check_argv
from envctl.domain.terraform.outputs import Outputs


@dataclass(frozen=True)
class CommandProbe(Probe):
    command: tuple[str, ...]


class CommandCheck(CheckTable):
    """A program in the folder of the project ends with exit code 0."""

    example: ClassVar[Mapping[str, object]] = {"command": ["pytest", "tests/smoke"]}
    # A program finds the outputs of all stacks in its environment.
    needs_all_outputs: ClassVar[bool] = True

    kind: Literal["command"] = "command"  # a program ends with exit code 0
    # program and arguments
    command: Annotated[tuple[str, ...], BeforeValidator(lambda words: check_argv(words, '["pytest", "tests/smoke"]'))]
    timeout: Duration = timedelta(minutes=5)  # time for the program

    def resolve(self, name: str, outputs: Outputs) -> CommandProbe:  # noqa: ARG002
        return CommandProbe(name, self.timeout.total_seconds(), self.command)
