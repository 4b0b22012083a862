"""The key of people lies where no deployment reaches it; required signatures need a key in each environment before."""

import pytest

from envctl.adapters.toml import load_project
from envctl.domain.config.signing_keys import build_key_arn
from tests.adapters.toml.project_files import problems_of

PROJECT = """
[project]
name = "shop"

[store]
url = "s3://shop-envctl-store/shop"
account_id = "444444444444"
region = "eu-west-1"

[pipeline]
order = ["dev", "prod"]

[environments.dev]
account_id = "111111111111"
region = "eu-west-1"
{dev}

[environments.prod]
account_id = "333333333333"
region = "eu-west-1"
{prod}

[stacks.network]
module = "modules/vpc"
"""
KEY = 'signing_key = "alias/envctl-{}"\n'
PEOPLE = "arn:aws:kms:eu-west-1:{}:key/1234abcd-12ab"


def write(prod: str, dev: str = "") -> str:
    return PROJECT.format(dev=dev, prod=prod)


def people_key(account: str) -> str:
    return KEY.format("prod") + f'approval_signing_key = "{PEOPLE.format(account)}"\n'


def test_alias_of_people_is_in_the_stores_account() -> None:
    text = write(KEY.format("prod") + 'approval_signing_key = "alias/envctl-approve-prod"')
    arn = build_key_arn(load_project(text.encode()), "prod", "people")
    assert arn == "arn:aws:kms:eu-west-1:444444444444:alias/envctl-approve-prod"


def test_people_key_may_be_of_a_security_account() -> None:
    project = load_project(write(people_key("555555555555")).encode())
    assert build_key_arn(project, "prod", "people") == PEOPLE.format("555555555555")


def test_one_account_for_all_is_no_error() -> None:
    text = write(people_key("444444444444")).replace("111111111111", "444444444444").replace("3" * 12, "4" * 12)
    assert load_project(text.encode()).environments["prod"].approval_signing_key


WRONG: dict[str, tuple[str, str, str]] = {
    "in the account of its environment": (people_key("333333333333"), "", "E050"),
    "in the account of another environment": (people_key("111111111111"), "", "E050"),
    "without a key of deployments": (f'approval_signing_key = "{PEOPLE.format("4" * 12)}"', "", "E050"),
    "the key of deployments": (
        'signing_key = "alias/envctl-prod"\napproval_signing_key = "alias/envctl-prod"',
        "",
        "E050",
    ),
    "a number without a key": ("approval_signed_from = 7", "", "E050"),
    "required without a key": ('signatures = "required"', KEY.format("dev"), "E051"),
    "required without a key before": ('signatures = "required"\n' + KEY.format("prod"), "", "E051"),
}


@pytest.mark.parametrize(("prod", "dev", "code"), WRONG.values(), ids=WRONG.keys())
def test_people_key_in_the_wrong_place_is_refused(prod: str, dev: str, code: str) -> None:
    (problem,) = problems_of(write(prod, dev))
    assert problem.code == code
    assert problem.location is not None
    assert problem.hint
