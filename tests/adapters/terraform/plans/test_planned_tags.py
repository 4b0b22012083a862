"""Planned tags of IAM that differ in case only are refused before the apply."""

from typing import Any

import pytest

from envctl.adapters.terraform.plans.planned_tags import check_planned_tags
from envctl.domain.errors import Location, OperationFailedError

DEFAULT = {"aws": {"expressions": {"default_tags": [{"tags": {"constant_value": {"environment": "dev"}}}]}}}


def plan(after: dict[str, Any] | None, type_: str = "aws_iam_role", action: str = "create") -> dict[str, Any]:
    change = {"actions": [action], "after": after}
    resources = [{"address": f"module.web.{type_}.a", "type": type_, "change": change}]
    return {"resource_changes": resources, "configuration": {"provider_config": DEFAULT}}


REFUSED = {
    "in all tags": {"tags": {"Environment": "x"}, "tags_all": {"environment": "dev", "Environment": "x"}},
    "with unknown tags together": {"tags": {"ENVIRONMENT": "x"}},
    "without default tags": {"tags_all": {"Team": "a", "team": "b"}},
}


@pytest.mark.parametrize("after", REFUSED.values(), ids=REFUSED)
def test_tags_in_other_case_are_refused(after: dict[str, Any]) -> None:
    with pytest.raises(OperationFailedError) as caught:
        check_planned_tags("web", plan(after), lambda raw: Location(f"{raw['address']}.tf", 3))
    (problem,) = caught.value.problems
    assert problem.code == "E187"
    assert str(problem.location) == "module.web.aws_iam_role.a.tf:3"
    assert "web.aws_iam_role.a" in problem.message
    assert "default_tags = false in [stacks.web]" in problem.hint


@pytest.mark.parametrize(
    "document",
    [
        plan({"tags": {"environment": "x"}, "tags_all": {"environment": "x"}}),
        plan({"tags_all": {"environment": "dev", "Environment": "x"}}, "aws_s3_bucket"),
        plan({"tags_all": {"environment": "dev", "Environment": "x"}}, action="delete"),
        plan({"tags_all": None}),
        plan(None, action="delete"),
        {},
    ],
)
def test_other_tags_pass(document: dict[str, Any]) -> None:
    check_planned_tags("web", document, lambda _: None)
