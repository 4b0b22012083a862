"""Who is at work: what the machine says, what AWS says, and what GitHub's token says that AWS has accepted."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest

from envctl.adapters.aws.identity import ISSUER, AwsIdentity
from envctl.domain.access import Caller
from envctl.domain.events import Actor

ARN = "arn:aws:sts::111111111111:assumed-role/ci/octocat"
CALLER = Caller("111111111111", ARN)
ANN = Actor("ann@example.com")
RUN = Actor("octocat", "github", run_url="https://github.com/acme/shop/actions/runs/1")
CLAIMS = {"iss": ISSUER, "actor": "octocat", "repository": "acme/shop"}


def token(tmp_path: Path, claims: object = CLAIMS) -> dict[str, str]:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    (tmp_path / "token").write_text(f"eyJhbGciOiJSUzI1NiJ9.{payload}.c2lnbmF0dXJl\n")
    return {"AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"), "AWS_ROLE_ARN": "arn:aws:iam::111111111111:role/ci"}


def actor(local: Actor, caller: Caller | None, environment: dict[str, str]) -> Actor:
    return AwsIdentity(lambda: local, lambda: caller, lambda: environment).actor()


def test_without_credentials_one_is_who_the_machine_says() -> None:
    assert actor(ANN, None, {}) == ANN


def test_with_credentials_one_is_the_caller_and_aws_vouches_for_it() -> None:
    assert actor(ANN, CALLER, {}) == Actor(ARN, "aws", verified=True, arn=ARN)
    assert actor(ANN, CALLER, {}).person == "octocat"


def test_a_run_whose_token_aws_has_accepted_is_verified(tmp_path: Path) -> None:
    assert actor(RUN, CALLER, token(tmp_path)) == replace(RUN, verified=True, arn=ARN)


def test_a_token_may_say_in_which_teams_the_actor_is(tmp_path: Path) -> None:
    listed = token(tmp_path, {**CLAIMS, "teams": ["acme/web", "acme/operators"]})
    assert actor(RUN, CALLER, listed).teams == ("acme/operators", "acme/web")
    as_text = token(tmp_path, {**CLAIMS, "team": "acme/web, acme/operators"})
    assert actor(RUN, CALLER, as_text).teams == ("acme/operators", "acme/web")


def test_a_token_may_say_for_which_environment_of_github_the_job_is(tmp_path: Path) -> None:
    assert actor(RUN, CALLER, token(tmp_path, {**CLAIMS, "environment": "prod"})).environment == "prod"


UNPROVEN = {
    "it is of another issuer": {**CLAIMS, "iss": "https://example.com"},
    "it is of another actor": {**CLAIMS, "actor": "mallory", "teams": ["acme/operators"], "environment": "prod"},
    "it says nothing": {},
    "it is no table": ["actor"],
}


@pytest.mark.parametrize("claims", UNPROVEN.values(), ids=UNPROVEN)
def test_nobody_vouches_for_a_run_whose_token_where(tmp_path: Path, claims: object) -> None:
    assert actor(RUN, CALLER, token(tmp_path, claims)) == replace(RUN, arn=ARN)


BESIDE = {
    "keys go before it": {"AWS_ACCESS_KEY_ID": "AKIA"},
    "a profile goes before it": {"AWS_PROFILE": "me"},
    "the file is gone": {"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere"},
}


@pytest.mark.parametrize("more", BESIDE.values(), ids=BESIDE)
def test_a_token_that_was_not_used_proves_nothing_where(tmp_path: Path, more: dict[str, str]) -> None:
    assert not actor(RUN, CALLER, {**token(tmp_path), **more}).verified


@pytest.mark.parametrize("text", ["", "a.b", "a.!!!.c", "é.é.é"], ids=["empty", "two parts", "no base64", "no ASCII"])
def test_a_file_that_holds_no_token_proves_nothing(tmp_path: Path, text: str) -> None:
    environment = token(tmp_path)
    (tmp_path / "token").write_text(text, encoding="utf-8")
    assert not actor(RUN, CALLER, environment).verified
