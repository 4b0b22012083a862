"""G203, asked about a plan: in whose account its providers act."""

from dataclasses import replace

import pytest

from envctl.domain.aws.access import CallerIdentity
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards import GUARDS, Refusal, Request
from envctl.domain.plan.changes import EnvironmentPlan, StackPlan
from envctl.domain.plan.provider_accounts import ProviderConfiguration
from tests.unit.guards.asked import BACK, DESTRUCTION, ENTRY, PROMOTION, R1, SAME_CODE, answer

MINE, OTHER = "111111111111", "999999999999"
ROLE = f"arn:aws:iam::{MINE}:role/deployer"
RENDERED = ProviderConfiguration(name="aws", kind="aws", allowed=(MINE,), role=ROLE)
SILENT = ProviderConfiguration(name="aws.us_east_1", kind="aws", module="module.web")
FOREIGN = ProviderConfiguration(name="aws.far", kind="aws", module="module.web", allowed=(OTHER,))
SILENT_ADVICE = (
    "remove the provider block from the module; for another region of the account, give the stack `region = NAME`;"
    ' for another account, write allowed_account_ids = ["ACCOUNT"] in the block, and list it in'
    " other_accounts of [environments.staging]"
)
FOREIGN_ADVICE = f'if intended, write other_accounts = ["{OTHER}"] in [environments.staging] of envctl.toml'


def planned(request: Request, *found: ProviderConfiguration, account: str = MINE, role: str = ROLE) -> Request:
    stacks = (StackPlan("network"), StackPlan("web", providers=(RENDERED, *found)))
    plan = EnvironmentPlan(environment="staging", release=R1, stacks=stacks)
    return replace(request, target="staging", account=account, role=role, plan=plan)


PASSES: dict[str, Request] = {
    "all providers are rendered": planned(PROMOTION),
    "there is no plan yet": replace(planned(PROMOTION, SILENT), plan=None),
    "the environment has no account": planned(PROMOTION, SILENT, account="", role=""),
    "the other account is named": replace(planned(PROMOTION, FOREIGN), other_accounts=(OTHER,)),
    "the account is that of the role": planned(PROMOTION, account=""),
}


@pytest.mark.parametrize("request_", PASSES.values(), ids=PASSES)
def test_provider_passes_where(request_: Request) -> None:
    assert answer("G203", request_) is None


@pytest.mark.parametrize("request_", [PROMOTION, SAME_CODE, replace(ENTRY, target="staging")])
def test_provider_without_an_account_is_refused(request_: Request) -> None:
    assert answer("G203", planned(request_, SILENT)) == Refusal(
        GuardCode.ACCOUNT,
        message=f"web: provider aws.us_east_1 in module.web does not name its account; staging is account {MINE}",
        hint=f"{SILENT_ADVICE}; then: envctl apply dev",
        waivable=False,
    )


def test_account_is_compared_without_a_role() -> None:
    assert answer("G203", planned(PROMOTION, FOREIGN, role="")) is not None


@pytest.mark.parametrize("request_", [PROMOTION, SAME_CODE, BACK, DESTRUCTION])
def test_provider_of_another_account_is_always_refused(request_: Request) -> None:
    request = planned(request_, FOREIGN)
    assert answer("G203", request) == Refusal(
        GuardCode.ACCOUNT,
        message=f"web: provider aws.far in module.web may act in account {OTHER}; staging is account {MINE}",
        hint=f"{FOREIGN_ADVICE}; then: {request.command}",
        waivable=False,
    )


@pytest.mark.parametrize("request_", [BACK, DESTRUCTION])
def test_rollback_is_warned_of_provider_without_account(request_: Request) -> None:
    refusal = answer("G203", planned(request_, SILENT))
    assert refusal and refusal.warns
    both = answer("G203", planned(request_, SILENT, FOREIGN))
    assert both and not both.warns


def test_all_wrong_providers_are_named() -> None:
    refusal = answer("G203", planned(PROMOTION, SILENT, FOREIGN))
    assert refusal and "aws.us_east_1" in refusal.message
    assert OTHER in refusal.message


def test_first_three_providers_are_named() -> None:
    found = [replace(SILENT, name=f"aws.r{number}") for number in range(5)]
    refusal = answer("G203", planned(PROMOTION, *found))
    assert (
        refusal and "aws.r2 in module.web does not name its account and 2 more; staging is account" in refusal.message
    )


def test_wrong_credentials_are_reported_before_wrong_providers() -> None:
    request = replace(planned(PROMOTION, SILENT), caller=CallerIdentity(OTHER, "arn"))
    refusal = answer("G203", request)
    assert refusal and "the credentials are of" in refusal.message


def test_account_guard_needs_account_and_plan() -> None:
    (guard,) = (guard for guard in GUARDS if guard.code == "G203")
    assert (guard.needs_account, guard.needs_plan) == (True, True)
