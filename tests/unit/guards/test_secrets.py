"""G202: whether the secrets that the settings of the target name are there."""

from dataclasses import replace

import pytest

from envctl.domain.aws.secret_status import NeededSecret, SecretState, Sighting
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.errors import Location, Problem
from envctl.domain.guards import Refusal, Request
from tests.unit.guards.asked import BACK, DESTRUCTION, ENTRY, PROMOTION, SAME_CODE, answer

LINE = Location("environments/staging/terraform.tfvars", 3)
DB = NeededSecret(kind="secretsmanager", name="shop/db", id="shop/db", asked_by=("web.db_secret_name",), location=LINE)
KEY = NeededSecret(kind="ssm", name="/shop/key", id="/shop/key", asked_by=("web.key_parameter", "jobs.key_parameter"))
OLD = NeededSecret(kind="secretsmanager", name="shop/old", id="shop/old")
MOVES = {"a promotion": PROMOTION, "the same code again": SAME_CODE, "a rollback": BACK, "what enters": ENTRY}


def looked(request: Request, **states: SecretState) -> Request:
    secrets = {"db": DB, "key": KEY, "old": OLD}
    seen = tuple(
        Sighting(secrets[name], state, remark="AWS throttles", hint="try again in a minute")
        for name, state in states.items()
    )
    return replace(request, secrets=seen)


@pytest.mark.parametrize("request_", MOVES.values(), ids=MOVES.keys())
def test_unchecked_secrets_pass(request_: Request) -> None:
    assert answer("G202", request_) is None
    assert answer("G202", replace(request_, secrets=())) is None


@pytest.mark.parametrize("request_", MOVES.values(), ids=MOVES.keys())
def test_existing_and_foreign_secrets_pass(request_: Request) -> None:
    assert answer("G202", looked(request_, db="there", key="elsewhere")) is None


@pytest.mark.parametrize("request_", MOVES.values(), ids=MOVES.keys())
def test_all_missing_secrets_are_listed_with_their_commands(request_: Request) -> None:
    target = request_.target
    assert answer("G202", looked(request_, old="deleting", db="absent", key="empty")) == Refusal(
        GuardCode.SECRETS,
        message=f"{target}: 3 secrets are missing",
        hint=f"create the listed secrets, then check again: envctl secrets check {target}",
        because=(
            Problem(
                "E440",
                f"the secret shop/old in Secrets Manager of {target} is scheduled for deletion",
                "aws secretsmanager restore-secret --secret-id shop/old",
            ),
            Problem(
                "E440",
                f"the secret shop/db in Secrets Manager of {target} does not exist (web.db_secret_name)",
                f"envctl secrets set {target} shop/db",
                LINE,
            ),
            Problem(
                "E440",
                f"the secret /shop/key in the Parameter Store of {target} has no current version"
                " (web.key_parameter and jobs.key_parameter)",
                f"envctl secrets set {target} /shop/key",
            ),
        ),
    )


def test_single_missing_secret_has_singular_message() -> None:
    refusal = answer("G202", looked(PROMOTION, db="absent", key="there"))
    assert refusal and refusal.message == "staging: 1 secret is missing"
    assert refusal.waivable
    assert not refusal.for_now


def test_unreadable_secret_is_refused() -> None:
    reason = "the secret shop/db in Secrets Manager of staging can't be checked (web.db_secret_name): AWS throttles"
    assert answer("G202", looked(PROMOTION, db="unknown", key="there")) == Refusal(
        GuardCode.SECRETS,
        message="staging: 1 secret could not be checked",
        hint="fix the listed problems, then check again: envctl secrets check staging",
        because=(Problem("E441", reason, "try again in a minute", LINE),),
    )


def test_missing_and_unknown_secrets_are_reported_together() -> None:
    refusal = answer("G202", looked(PROMOTION, db="unknown", key="absent", old="unknown"))
    assert refusal is not None
    assert refusal.message == "staging: 1 secret is missing; 2 secrets could not be checked"
    assert [problem.code for problem in refusal.because] == ["E440", "E441", "E441"]


def test_destroy_needs_no_secret() -> None:
    assert answer("G202", looked(DESTRUCTION, db="absent", key="unknown")) is None
