"""The base of all kinds of checks: a table of the project file that resolves to a probe, or to a result at once."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from envctl.domain.config.fields import Flag, parse_quoted_duration, require
from envctl.domain.terraform.expressions import OutputReference
from envctl.domain.terraform.outputs import Outputs

OUTPUT = "output:"


def parse_check_duration(text: object) -> timedelta:
    return parse_quoted_duration(text, '"60s" or "5m"')


Duration = Annotated[timedelta, BeforeValidator(parse_check_duration)]
Text = Annotated[str, require(bool, "must not be empty")]


@dataclass(frozen=True)
class Probe:
    """A check that asks the world, with all values resolved."""

    name: str
    timeout_seconds: float


@dataclass(frozen=True)
class CheckResult:
    """The result of a check; `problem` is empty if it passed."""

    name: str
    problem: str = ""


class CheckTable(BaseModel):
    """Fields of all kinds."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)
    example: ClassVar[Mapping[str, object]]  # keys of a valid table, besides `kind`
    needs_all_outputs: ClassVar[bool] = False

    environments: Annotated[tuple[str, ...], Field(min_length=1)] = ()  # environments of the check; unset: all
    sandbox: Flag = True  # whether it runs in the sandbox

    def list_references(self) -> tuple[OutputReference, ...]:
        """Return the stack outputs needed to resolve the check."""
        return ()

    @abstractmethod
    def resolve(self, name: str, outputs: Outputs) -> Probe | CheckResult:
        """Return the probe to run, or the result. Raises ValueError for an output without a usable value."""


def parse_references(*texts: object) -> Iterator[OutputReference]:
    """Yield the outputs that values like `output:web.url` refer to."""
    for text in texts:
        if isinstance(text, str) and text.startswith(OUTPUT):
            yield OutputReference.parse(text.removeprefix(OUTPUT))
