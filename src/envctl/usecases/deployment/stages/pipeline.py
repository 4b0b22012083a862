"""A list of stages whose order mypy proves: `--dry-run` describes the very list that a real run executes."""

from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from envctl.usecases.deployment.progress import UpToDate

In_contra = TypeVar("In_contra", contravariant=True)
Out_co = TypeVar("Out_co", covariant=True)
Start = TypeVar("Start")
End = TypeVar("End")
Next = TypeVar("Next")


class Stage(Protocol[In_contra, Out_co]):
    def describe(self, environment: str) -> tuple[str, ...]:
        """Return the lines for `--dry-run`."""

    def run(self, value: In_contra, /) -> "Out_co | UpToDate":
        """Return the result for the next stage, or the early end of the deployment."""


@dataclass(frozen=True)
class Pipeline(Generic[Start, End]):
    """Stages from a `Start` to an `End`. Add them with `then`: each takes what the one before returns."""

    stages: tuple[Stage[Any, Any], ...] = ()

    def then(self, stage: Stage[End, Next]) -> "Pipeline[Start, Next]":
        return Pipeline((*self.stages, stage))

    def then_if(self, wanted: object, stage: Stage[End, End]) -> "Pipeline[Start, End]":
        return Pipeline((*self.stages, stage)) if wanted else self

    def describe(self, environment: str) -> tuple[str, ...]:
        return tuple(line for stage in self.stages for line in stage.describe(environment))

    def run(self, start: Start) -> End | UpToDate:
        """Run the stages in order, until one of them ends the deployment."""
        value: Any = start
        for stage in self.stages:
            value = stage.run(value)
            if isinstance(value, UpToDate):
                break
        return value  # type: ignore[no-any-return]
