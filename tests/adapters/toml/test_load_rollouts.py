"""The tables `[stacks.NAME.rollout]`, and what is said about wrong ones."""

from datetime import timedelta

import pytest

from envctl.adapters.toml import load_project
from envctl.domain.config.rollout import describe_rollout
from tests.adapters.toml.project_files import GOOD, line_of, problems_of

ROLLED = (
    GOOD
    + """
[stacks.web.rollout]
steps = [10, 50, 100]
wait = "5m"
abort_on = ["alarm:shop-{environment}-5xx", "alarm:output:network.alarm_name", "check:http"]
artifact = "app_image"

[checks.http]
url = "https://shop.example.com"
"""
)


def test_a_rollout_is_read() -> None:
    rollout = load_project(ROLLED.encode()).stacks["web"].rollout
    assert rollout is not None
    assert (rollout.steps, rollout.wait, rollout.artifact) == ((10, 50, 100), timedelta(minutes=5), "app_image")
    assert rollout.abort_checks == ("http",)
    assert rollout.abort_alarms == ("shop-{environment}-5xx", "output:network.alarm_name")
    assert "each time wait for 5m" in describe_rollout(rollout, "apply")


WRONG: dict[str, tuple[str, str, str, str, str]] = {
    "steps that fall": ("[10, 50, 100]", "[50, 10, 100]", "E121", "steps =", "must be rising percentages"),
    "the same step twice": ("[10, 50, 100]", "[10, 10, 100]", "E121", "steps =", "must be rising percentages"),
    "more than all": ("[10, 50, 100]", "[10, 150]", "E121", "steps =", "must be rising percentages"),
    "steps that do not end with all": ("[10, 50, 100]", "[10, 50]", "E121", "steps =", "end with 50 percent"),
    "a step of nothing": ("[10, 50, 100]", "[0, 100]", "E103", "steps =", "must be 1 or more"),
    "a step in words": ("[10, 50, 100]", '["10 %", 100]', "E103", "steps =", "must be a whole number"),
    "no steps": ("[10, 50, 100]", "[]", "E103", "steps =", "must not be empty"),
    "a wait in words": ('"5m"', '"five minutes"', "E103", "wait =", "must be a duration"),
    "a check that there is not": ("check:http", "check:htpp", "E122", "abort_on", "there is no such check"),
    "a stack that there is not": ("output:network", "output:netwrok", "E122", "abort_on", "there is no stack netwrok"),
    "something else to look at": ("check:http", "metric:http", "E103", "abort_on", 'must be "alarm:NAME"'),
    "an alarm without a name": ("check:http", "alarm:", "E103", "abort_on", 'must be "alarm:NAME"'),
    "an output that is none": ("output:network.alarm_name", "output:alarm", "E103", "abort_on", "is not of the form"),
    "a placeholder that there is not": ("{environment}", "{stage}", "E103", "abort_on", "may contain {project}"),
    "an artifact that there is not": ('= "app_image"', '= "app_imag"', "E121", "artifact =", "no such artifact"),
    "a key that there is not": ("wait =", "pause =", "E102", "pause =", "is not a known key"),
}


@pytest.mark.parametrize(("old", "new", "code", "line", "says"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_with_its_line(old: str, new: str, code: str, line: str, says: str) -> None:
    text = ROLLED.replace(old, new)
    found = [problem for problem in problems_of(text) if problem.code == code]
    assert says in found[0].message
    assert found[0].hint
    assert str(found[0].location) == line_of(text, line)


def test_the_nearest_name_is_offered() -> None:
    (problem,) = problems_of(ROLLED.replace("check:http", "check:htpp"))
    assert problem.hint == "did you mean http?"
