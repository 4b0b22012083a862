"""The stages of a deployment run in the order in which they are described, and in no other."""

from dataclasses import dataclass
from typing import cast

from envctl.usecases.deployment.pipeline import Pipeline
from envctl.usecases.deployment.progress import PlannedDeployment, SelectedRelease, UpToDate
from envctl.usecases.deployment.stages.plan import CheckPlan, PlanStacks


@dataclass(frozen=True)
class Add:
    text: str

    def describe(self, environment: str) -> tuple[str, ...]:
        return (f"add {self.text} in {environment}",)

    def run(self, value: str) -> str:
        return value + self.text


@dataclass(frozen=True)
class Count:
    def describe(self, environment: str) -> tuple[str, ...]:
        return ()

    def run(self, value: str) -> int:
        return len(value)


END = UpToDate(cast("PlannedDeployment", "a plan"), None)


@dataclass(frozen=True)
class EndEarly:
    def describe(self, environment: str) -> tuple[str, ...]:
        return ("end",)

    def run(self, value: str) -> str | UpToDate:
        return END if value else value


def test_each_stage_gets_the_result_before() -> None:
    pipeline = Pipeline[str, str]().then(Add("a")).then(Add("b")).then(Count())
    assert pipeline.describe("dev") == ("add a in dev", "add b in dev")
    assert pipeline.run("c") == 3


def test_unwanted_stage_neither_described_nor_run() -> None:
    pipeline = Pipeline[str, str]().then_if((), Add("a")).then_if(("some",), Add("b"))
    assert pipeline.describe("dev") == ("add b in dev",)
    assert pipeline.run("") == "b"


def test_early_end_skips_the_remaining_stages() -> None:
    pipeline = Pipeline[str, str]().then(EndEarly()).then(Add("a"))
    assert pipeline.run("some") is END
    assert pipeline.run("") == "a"


def test_mypy_refuses_stages_out_of_order() -> None:
    # Once mypy no longer sees a wrong order, it reports an unused comment here.
    start = Pipeline[SelectedRelease, SelectedRelease]()
    unprepared: Pipeline[SelectedRelease, PlannedDeployment] = start.then(PlanStacks(()))  # type: ignore[arg-type]
    unplanned: Pipeline[SelectedRelease, PlannedDeployment] = start.then(CheckPlan())  # type: ignore[arg-type]
    assert [len(each.stages) for each in (unprepared, unplanned)] == [1, 1]
