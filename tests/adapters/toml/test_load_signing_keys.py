"""Which key an environment signs with: what it is called in AWS, and what is refused."""

import pytest

from envctl.adapters.toml import load_project
from envctl.domain.config.sandbox import to_sandbox_project
from envctl.domain.config.signing_keys import build_key_arn, parse_alias
from tests.adapters.toml.project_files import problems_of

PROJECT = """
[project]
name = "shop"

[pipeline]
order = ["dev"]

[environments.dev]
{lines}

[stacks.network]
module = "modules/vpc"
"""
ACCOUNT, REGION = 'account_id = "111111111111"', 'region = "ap-northeast-1"'
ALIAS = 'signing_key = "alias/envctl-dev"'
BY_NUMBER = "arn:aws:kms:eu-west-1:111111111111:key/1234abcd-12ab"


def project(*lines: str) -> str:
    return PROJECT.format(lines="\n".join(lines))


ARNS: dict[str, tuple[tuple[str, ...], str]] = {
    "an alias": ((ACCOUNT, REGION, ALIAS), "arn:aws:kms:ap-northeast-1:111111111111:alias/envctl-dev"),
    "an alias in China": (
        (ACCOUNT, 'region = "cn-north-1"', ALIAS),
        "arn:aws-cn:kms:cn-north-1:111111111111:alias/envctl-dev",
    ),
    "an alias in a region of a government": (
        (ACCOUNT, 'region = "us-gov-west-1"', ALIAS),
        "arn:aws-us-gov:kms:us-gov-west-1:111111111111:alias/envctl-dev",
    ),
    "a key by its number": ((f'signing_key = "{BY_NUMBER}"',), BY_NUMBER),
    "nothing": ((), ""),
}


@pytest.mark.parametrize(("lines", "arn"), ARNS.values(), ids=ARNS.keys())
def test_the_key_is_called(lines: tuple[str, ...], arn: str) -> None:
    assert build_key_arn(load_project(project(*lines).encode()), "dev") == arn


def test_an_arn_says_its_alias() -> None:
    assert parse_alias("arn:aws:kms:eu-west-1:111111111111:alias/a/b") == "alias/a/b"
    assert parse_alias(BY_NUMBER) == ""


WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "an alias without a region": ((ACCOUNT, ALIAS), "is an alias, but its account and region are unknown"),
    "an alias without an account": ((REGION, ALIAS), "is an alias, but its account and region are unknown"),
    "a key of another account": (
        ('account_id = "222222222222"', f'signing_key = "{BY_NUMBER}"'),
        "the signing_key of dev is not in its account 222222222222",
    ),
    "a number without a key": (("signed_from = 7",), "dev has signed_from, but no signing_key"),
}


@pytest.mark.parametrize(("lines", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_does_not_fit_is_refused(lines: tuple[str, ...], said: str) -> None:
    (problem,) = problems_of(project(*lines))
    assert problem.code == "E469"
    assert said in problem.message


def test_nothing_is_signed_in_the_sandbox() -> None:
    there = to_sandbox_project(load_project(project(ACCOUNT, REGION, ALIAS, "signed_from = 7").encode()))
    assert there.environments["dev"].signing_key is None
