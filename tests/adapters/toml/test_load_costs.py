"""The table `[cost]`, and what is said about a wrong one."""

from datetime import timedelta

import pytest

from envctl.adapters.toml import load_project
from tests.adapters.toml.project_files import GOOD, line_of, problems_of

PRICED = GOOD + '\n[cost]\ncommand = ["python3", "tools/cost.py"]\ntimeout = "90s"\n'


def test_it_is_read() -> None:
    cost = load_project(PRICED.encode()).cost
    assert cost is not None
    assert (cost.command, cost.timeout) == (("python3", "tools/cost.py"), timedelta(seconds=90))


def test_it_may_be_left_out() -> None:
    assert load_project(GOOD.encode()).cost is None
    cost = load_project(PRICED.replace('timeout = "90s"', "").encode()).cost
    assert cost is not None
    assert cost.timeout == timedelta(seconds=60)


WRONG: dict[str, tuple[str, str, str, str, str]] = {
    "a line for a shell": ('["python3", "tools/cost.py"]', '"cost.py"', "E103", "command =", "no shell is used"),
    "no words": ('["python3", "tools/cost.py"]', "[]", "E103", "command =", "must name a program"),
    "an empty program": ('["python3",', '[" ",', "E103", "command =", "must name a program"),
    "a number": ('"tools/cost.py"', "1", "E103", "command =", 'such as ["python", "tools/cost.py"]'),
    "what no system takes": ("tools/cost.py", "a\\u0000b", "E103", "command =", "null character"),
    "no command": ('command = ["python3", "tools/cost.py"]', "", "E108", "[cost]", "cost.command is missing"),
    "a time in words": ('"90s"', '"a minute"', "E103", "timeout =", "must be a duration"),
    "no time": ('"90s"', '"0s"', "E103", "timeout =", "must be longer than zero"),
    "a key that there is not": ("timeout =", "timout =", "E102", "timout =", "is not a known key"),
}


@pytest.mark.parametrize(("old", "new", "code", "line", "says"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_with_its_line(old: str, new: str, code: str, line: str, says: str) -> None:
    text = PRICED.replace(old, new)
    assert text != PRICED
    (problem,) = problems_of(text)
    assert (problem.code, str(problem.location)) == (code, line_of(text, line))
    assert says in problem.message
