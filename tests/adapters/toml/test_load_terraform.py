"""What a project file may say of Terraform."""

import pytest

from envctl.adapters.toml import load_project
from tests.adapters.toml.project_files import GOOD, problems_of


def keyed(keys: str) -> str:
    return f"{GOOD}\n[terraform]\nplan_keys = {keys}\n"


def test_keys_of_a_plan_that_may_pass() -> None:
    assert load_project(GOOD.encode()).terraform.plan_keys == ()
    project = load_project(keyed('["fancy", "resource_changes.change.fancy"]').encode())
    assert project.terraform.plan_keys == ("fancy", "resource_changes.change.fancy")


@pytest.mark.parametrize("keys", ['[""]', '["a b"]', '["resource_changes."]', '["*"]', '"fancy"', "[1]"])
def test_what_is_no_key_of_a_plan_is_refused_at_its_line(keys: str) -> None:
    (problem,) = problems_of(keyed(keys))
    assert problem.location is not None
    assert keyed(keys).splitlines()[(problem.location.line or 0) - 1].startswith("plan_keys")
