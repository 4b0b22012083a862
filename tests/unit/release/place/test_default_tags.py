"""Tags that can't stand beside the default tags: of IAM, and of providers before version 5."""

from typing import Any

import pytest

from envctl.domain.errors import Location
from envctl.domain.release.place.default_tags import FromVariable, ResourceTags, StackTags, describe_tag_conflicts

PLACE, SETTING = Location("modules/web/main.tf", 3), Location("environments/dev/terraform.tfvars", 7)
DEFAULT = {"project": "shop", "environment": "dev", "stack": "web", "managed_by": "envctl"}


def check(type_: str, *, merging: bool = True, arguments: dict[str, object] | None = None, **tags: Any) -> list[str]:
    found = ResourceTags(type=type_, location=PLACE, **tags)
    known = StackTags("web", DEFAULT, arguments or {}, {"tags": SETTING}, has_merging_provider=merging)
    return [
        f"{each.code} {each.location}: {each.message}; {each.hint}" for each in describe_tag_conflicts([found], known)
    ]


def test_iam_tag_in_other_case_is_refused() -> None:
    (told,) = check("aws_iam_role", tags={"Environment": "dev", "Team": "web"})
    assert told.startswith(
        "E186 modules/web/main.tf:3: IAM refuses the tag Environment beside the default tag environment"
    )
    assert told.endswith("write environment in place of Environment, or set default_tags = false in [stacks.web]")
    assert check("aws_iam_role", tags={"environment": "other"}) == []
    assert check("aws_s3_bucket", tags={"Environment": "dev"}) == []


def test_iam_tag_of_a_setting_has_its_line() -> None:
    (told,) = check("aws_iam_role", variables=("tags",), arguments={"tags": {"PROJECT": "x"}})
    assert told.startswith(f"E186 {SETTING}: IAM refuses the tag PROJECT")
    assert check("aws_iam_role", variables=("tags",), arguments={"tags": {"PROJECT": "x"}}, is_called=True) == []


@pytest.mark.parametrize(
    ("tags", "refused"),
    [
        ({"environment": "dev"}, True),
        ({"environment": FromVariable("environment"), "project": "shop"}, True),
        ({"environment": "dev", "Name": "x"}, False),
        ({"environment": "prod"}, False),
        ({"environment": FromVariable("other")}, False),
        ({}, False),
    ],
)
def test_old_provider_refuses_default_tags_alone(tags: dict[str, object], *, refused: bool) -> None:
    arguments: dict[str, object] = {"environment": "dev"}
    assert bool(check("aws_s3_bucket", merging=False, tags=tags, arguments=arguments)) is refused
    assert check("aws_s3_bucket", tags=tags, arguments=arguments) == []
    assert check("aws_s3_bucket", merging=False, tags=tags, arguments=arguments, is_complete=False) == []
