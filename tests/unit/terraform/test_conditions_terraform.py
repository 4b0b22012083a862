"""Our verdict about a value, against that of the real engine: it has to say the same wherever we say anything."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from envctl.domain.terraform.conditions.evaluation import evaluate_condition
from envctl.domain.terraform.conditions.values import UncertainError, to_value
from envctl.domain.terraform.conversion import convert_value
from envctl.domain.terraform.literals import format_literal
from envctl.domain.terraform.variables import parse_type
from tests.unit.settings.test_settings_terraform import LAUNCHER
from tests.unit.terraform.condition_strategies import Case, cases

pytestmark = pytest.mark.terraform
LINES_OF_A_BLOCK = 7
PLAN = ("plan", "-json", "-input=false", "-lock=false", "-var-file=x.tfvars")
VALIDATE = ("validate", "-json")


def write_variable(number: int, case: Case) -> str:
    condition = case.condition.replace("var.x", f"var.x{number}")
    # Terraform wants to see the variable in its condition; each block has the same number of lines.
    return (
        f'variable "x{number}" {{\n  type = {case.type_text}\n  validation {{\n'
        f'    condition = ({condition}) || (var.x{number} == null && false)\n    error_message = "refused"\n  }}\n}}\n'
    )


def find_refused(folder: Path, drawn: list[Case]) -> dict[int, str]:
    """Return the numbers of the variables that Terraform refuses, each with the reason.

    An error that it finds without the values hides the others: the rest is tried again without such variables.
    """
    found: dict[int, str] = {}
    while True:
        left = [number for number in range(len(drawn)) if number not in found]
        refused = run_terraform(folder, [drawn[number] for number in left])
        found |= {left[number]: reason for number, reason in refused.items()}
        if all(reason.startswith("Invalid value for variable") for reason in refused.values()):
            return found


def run_terraform(folder: Path, drawn: list[Case], *, values_known: bool = True) -> dict[int, str]:
    (folder / "variables.tf").write_text("".join(write_variable(*pair) for pair in enumerate(drawn)), encoding="utf-8")
    values = [f"x{number} = {format_literal(case.value)}\n" for number, case in enumerate(drawn)]
    (folder / "x.tfvars").write_text("".join(values), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", LAUNCHER, *(PLAN if values_known else VALIDATE)],
        cwd=folder,
        env={**os.environ, "CHECKPOINT_DISABLE": "1", "TF_DATA_DIR": str(folder / "data")},
        capture_output=True,
        check=False,
        timeout=100,
    )
    if values_known:
        events = [json.loads(line) for line in ran.stdout.decode().split("\n") if line.startswith("{")]
        diagnostics = [event["diagnostic"] for event in events if "diagnostic" in event]
    else:
        diagnostics = json.loads(ran.stdout)["diagnostics"]
    errors = [each for each in diagnostics if each["severity"] == "error"]
    found = {}
    for error in errors:
        place = re.search(r"variables\.tf:(\d+)", error["detail"])
        is_tfvars = error["range"]["filename"] == "x.tfvars"
        line = int(place[1]) if place else error["range"]["start"]["line"]
        number = line - 1 if is_tfvars and not place else (line - 1) // LINES_OF_A_BLOCK
        found[number] = f"{error['summary']}: {error['detail']}"
    assert found or ran.returncode == 0, ran.stderr.decode() + ran.stdout.decode()
    return found


def evaluate(case: Case) -> bool | None:
    type_ = parse_type(case.type_text)
    value, mismatches = convert_value(case.value, type_)
    assert not mismatches
    try:
        return evaluate_condition(case.condition, {"x": to_value(value, type_)})
    except UncertainError:
        return None


def compare(folder: Path, drawn: list[Case]) -> None:
    theirs = find_refused(folder, drawn)
    wrong = [
        (case, verdict, theirs.get(number, "accepted"))
        for number, case in enumerate(drawn)
        if (verdict := evaluate(case)) is not None and verdict == (number in theirs)
    ]
    if any(verdict for _, verdict, _ in wrong):
        # A few are refused before any value is known, as `try("a" == length(var.x), true)`: texts are no numbers.
        refused = run_terraform(folder, [case for case, _, _ in wrong], values_known=False)
        wrong = [each for number, each in enumerate(wrong) if not (each[1] and number in refused)]
    assert not wrong, "\n".join(map(str, wrong))


# Each is one run of Terraform.
@settings(
    max_examples=max(4, settings().max_examples // 100),
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[*HealthCheck],
)
@given(st.lists(cases(), min_size=60, max_size=120))
def test_verdict_about_condition_equals_terraforms(tmp_path_factory: pytest.TempPathFactory, drawn: list[Case]) -> None:
    compare(tmp_path_factory.mktemp("conditions"), drawn)
