"""What a project file may say of Terraform."""

import pytest

from envctl.adapters.toml import load_project
from tests.adapters.toml.project_files import GOOD, problems_of


def keyed(keys: str) -> str:
    return f"{GOOD}\n[terraform]\nplan_keys = {keys}\n"


def test_accepted_plan_keys_are_read() -> None:
    assert load_project(GOOD.encode()).terraform.plan_keys == ()
    project = load_project(keyed('["fancy", "resource_changes.change.fancy"]').encode())
    assert project.terraform.plan_keys == ("fancy", "resource_changes.change.fancy")


def test_warm_providers_can_be_turned_off() -> None:
    assert load_project(GOOD.encode()).terraform.warm
    assert not load_project(f"{GOOD}\n[terraform]\nwarm = false\n".encode()).terraform.warm


@pytest.mark.parametrize("keys", ['[""]', '["a b"]', '["resource_changes."]', '["*"]', '"fancy"', "[1]"])
def test_invalid_plan_key_is_refused_with_its_line(keys: str) -> None:
    (problem,) = problems_of(keyed(keys))
    assert problem.location is not None
    assert keyed(keys).splitlines()[(problem.location.line or 0) - 1].startswith("plan_keys")


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("2020-01-01", "must not contain a date"),
        ("[2020-01-01T00:00:00Z]", "must not contain a date"),
        ("{ a = { b = 10:00:00 } }", "must not contain a date"),
        ("nan", "must not contain nan or inf"),
        ("[1.5, -inf]", "must not contain nan or inf"),
        ("1e400", "must not contain nan or inf"),
    ],
)
def test_unsupported_provider_value_is_refused_with_its_line(value: str, what: str) -> None:
    text = f"{GOOD}\n[providers.random]\nkey = {value}\n"
    (problem,) = problems_of(text)
    assert problem.message.startswith(f"providers.random.key {what}")
    assert problem.location is not None
    assert text.splitlines()[(problem.location.line or 0) - 1].startswith("key =")


def test_provider_values_are_kept() -> None:
    project = load_project(f'{GOOD}\n[providers.random]\nkey = [1, 1.5, true, "a", {{ b = [] }}]\n'.encode())
    assert project.providers["random"]["key"] == [1, 1.5, True, "a", {"b": []}]
