"""docs/costs.md says what is true: its question is what is asked, and its program answers as the page says."""

import io
import json
import os
import re
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from envctl.adapters.checks.cost_program import CostProgram
from envctl.adapters.toml import load_project
from envctl.cli.render.console.any_result import render_result
from envctl.domain.plan.changes import Action, AttributeChange, EnvironmentPlan, ResourceChange, StackPlan
from envctl.domain.plan.costs import encode_question, parse_cost
from envctl.usecases.ports.cost import CostSource
from tests.adapters.toml.project_files import GOOD

PAGE = Path(__file__).parents[3] / "docs" / "costs.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
TABLE, CONSOLE, PROGRAM = (
    next(text for kind, text in BLOCKS if kind == wanted) for wanted in ("toml", "console", "python")
)
QUESTION, ANSWER, PRICES = (text for kind, text in BLOCKS if kind == "json")

SIZE = AttributeChange("instance_type", "t3.micro", "t3.small")
INSTANCE = ResourceChange(address="aws_instance.this", type="aws_instance", action=Action.UPDATE, attributes=(SIZE,))
PLAN = EnvironmentPlan(environment="dev", release="", stacks=(StackPlan("web", resources=(INSTANCE,)),))


def test_the_question_is_the_one_that_is_asked() -> None:
    assert json.loads(encode_question(PLAN, "111111111111", "ap-northeast-1", {})) == json.loads(QUESTION)


def test_the_program_answers_it_as_the_page_says(tmp_path: Path) -> None:
    table = load_project(f"{GOOD}\n{TABLE}".encode()).cost
    assert table is not None
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "cost.py").write_text(PROGRAM)
    (tmp_path / "tools" / "prices.json").write_text(PRICES)
    program = CostProgram(tmp_path, lambda: {"PATH": os.environ["PATH"]})
    answered = program.estimate_costs(CostSource(table.command, table.timeout.total_seconds()), QUESTION.encode())
    assert answered.problem == ""
    assert json.loads(answered.output) == json.loads(ANSWER)


def test_the_plan_looks_as_the_page_shows_it() -> None:
    out = Console(file=io.StringIO(), width=80, color_system=None, highlight=False, markup=False, emoji=False)
    with out.capture() as captured:
        render_result(replace(PLAN, cost=parse_cost(ANSWER.encode(), PLAN)), out)
    shown = captured.get().partition("next: ")[0]
    assert f"$ envctl plan dev\n…\n{shown}…\n" == CONSOLE
