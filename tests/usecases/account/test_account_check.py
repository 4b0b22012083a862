"""Getting into an environment: when it is asked who one is, what is refused, and how long credentials have to hold."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from envctl.domain.errors import ConfigurationError, OperationFailedError
from envctl.domain.exit_codes import ExitCode
from envctl.domain.guards import RefusedError
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.inspect.plan import plan_environment
from tests.catching import catch
from tests.fakes.buckets import StoredBucket
from tests.fakes.machine import SettableIdentity
from tests.fakes.project_files import PROJECT
from tests.fakes.world import World
from tests.usecases.steps import deploy_to_staging

ACCOUNTS = {"dev": "111111111111", "staging": "222222222222", "prod": "333333333333"}


def on_aws(world: World, **more: str) -> None:
    """Each environment is an account with a role. `more` are lines for the section of an environment."""
    text = PROJECT.decode()
    for name, account in ACCOUNTS.items():
        role = f'assume_role = "arn:aws:iam::{account}:role/envctl-deployer"'
        section = f'[environments.{name}]\naccount_id = "{account}"\nregion = "eu-west-1"\n{role}\n'
        text = text.replace(f"[environments.{name}]\n", section + more.get(name, ""))
    world.tree.content["envctl.toml"] = text.encode()
    world.access.accounts = dict(ACCOUNTS)


@pytest.fixture
def world() -> World:
    world = World()
    on_aws(world)
    return world


def refused(world: World, source: str = "dev", target: str = "staging") -> list[str]:
    raised = catch(RefusedError, promote, world.ports, source, target)
    return [problem.code for problem in raised.problems]


def test_promotion_refused_by_gate_takes_no_target_credentials(world: World) -> None:
    deploy_to_staging(world)
    world.access.asked.clear()
    assert refused(world, "staging", "prod") == ["G106"]
    assert world.access.asked == []


def test_wrong_account_refuses_promotion_before_terraform_runs(world: World) -> None:
    apply(world.ports, "dev")
    world.access.accounts["staging"] = ACCOUNTS["dev"]
    world.terraform.calls.clear()
    assert refused(world) == ["G203"]
    assert (world.terraform.calls, world.access.asked) == ([], ["dev", "dev", "staging"])


def test_denied_role_stops_promotion_before_terraform_runs(world: World) -> None:
    apply(world.ports, "dev")
    world.access.refused.add("staging")
    world.terraform.calls.clear()
    with pytest.raises(OperationFailedError, match="E413"):
        promote(world.ports, "dev", "staging")
    assert world.terraform.calls == []


def test_dry_run_requests_no_credentials(world: World) -> None:
    apply(world.ports, "dev")
    world.access.asked.clear()
    told = promote(world.ports, "dev", "staging", DeployOptions(dry_run=True)).stages
    assert world.access.asked == []
    taken = next(number for number, stage in enumerate(told) if stage.startswith("sign in to the account of staging"))
    assert told[taken - 1].startswith("check every guard")
    assert told[taken + 1].startswith("render")


def test_account_of_same_credentials_is_checked_once(world: World) -> None:
    plan_environment(world.ports, "dev")
    plan_environment(world.ports, "dev")
    assert world.access.asked == ["dev"]


def test_plan_in_wrong_account_is_refused_before_terraform(world: World) -> None:
    world.access.accounts["dev"] = ACCOUNTS["prod"]
    with pytest.raises(RefusedError, match="G203"):
        plan_environment(world.ports, "dev")
    assert world.terraform.calls == []


def test_account_is_not_checked_without_aws() -> None:
    world = World()
    deploy_to_staging(world)
    assert world.access.asked == []


def test_credentials_must_outlast_the_longest_deployment(world: World) -> None:
    apply(world.ports, "dev")
    world.tree.content["modules/web/main.tf"] += b"\n# another release\n"
    # A deployment here takes some seconds; what is more is the margin.
    world.access.ends_at = world.clock.time + timedelta(minutes=5)
    world.terraform.calls.clear()
    raised = catch(OperationFailedError, apply, world.ports, "dev")
    (problem,) = raised.problems
    assert (problem.code, raised.exit_code) == ("E417", ExitCode.FAILED)
    assert problem.message.startswith("the credentials for dev expire in 4m")
    assert problem.hint == "sign in again, then: envctl doctor dev"
    assert not [step for step in world.terraform.calls if step[0] in {"plan", "apply"}]
    world.access.ends_at = world.clock.time + timedelta(minutes=10)
    apply(world.ports, "dev")


def test_why_checks_the_account_only_with_plan(world: World) -> None:
    apply(world.ports, "dev")
    world.access.asked.clear()
    outcomes = {answer.code: answer.outcome for answer in explain_refusal(world.ports, "staging").answers}
    assert (outcomes["G203"], world.access.asked) == ("unplanned", [])
    outcomes = {answer.code: answer.outcome for answer in explain_refusal(world.ports, "staging", planned=True).answers}
    assert outcomes["G203"] == "passes"
    world.access.accounts["staging"] = ACCOUNTS["dev"]
    told = explain_refusal(world.ports, "staging", planned=True)
    assert ("G203", "refuses") in [(answer.code, answer.outcome) for answer in told.answers]
    assert told.planned is None


ALLOWED = """
[environments.staging.allow]
apply = ["arn:aws:iam::222222222222:role/OperatorRole"]

[environments.prod.allow]
approve = { peer = ["arn:aws:iam::333333333333:role/QARole"] }
"""


def as_role(world: World, role: str, person: str) -> None:
    account = {"OperatorRole": ACCOUNTS["staging"], "QARole": ACCOUNTS["prod"]}.get(role, ACCOUNTS["dev"])
    world.identity = SettableIdentity(f"arn:aws:sts::{account}:assumed-role/{role}/{person}", via="aws")


def test_permission_is_checked_for_the_role(world: World) -> None:
    world.tree.content["envctl.toml"] += ALLOWED.encode()
    as_role(world, "DeveloperRole", "ann")
    apply(world.ports, "dev")
    assert refused(world) == ["G207"]
    as_role(world, "OperatorRole", "ann")
    assert promote(world.ports, "dev", "staging").deployment


def test_approval_without_permission_is_refused_and_ignored(world: World) -> None:
    as_role(world, "DeveloperRole", "ann")
    deploy_to_staging(world)
    as_role(world, "DeveloperRole", "cat")
    approve_plan(world.ports, "prod", "peer")
    world.tree.content["envctl.toml"] += ALLOWED.encode()
    with pytest.raises(RefusedError, match="G207"):
        approve_plan(world.ports, "prod", "peer")
    as_role(world, "DeveloperRole", "bob")
    assert (
        "peer (0 of 1), business (0 of 2); the rules of prod changed since cat approved"
        in catch(RefusedError, promote, world.ports, "staging", "prod").problems[0].message
    )


def test_reserved_session_variable_is_refused(world: World) -> None:
    declared = b'variable "envctl_session" {\n  type = string\n  sensitive = true\n}\n'
    world.tree.content["modules/web/main.tf"] += declared
    world.tree.content["environments/dev/terraform.tfvars"] += b'envctl_session = "hunter2"\n'
    with pytest.raises(ConfigurationError, match="E118") as raised:
        apply(world.ports, "dev")
    assert "hunter2" not in str(raised.value)


STATE = """
[state]
backend = "s3"
bucket = "tfstate-{account_id}"
"""


def with_state_in_s3(world: World) -> None:
    world.tree.content["envctl.toml"] += STATE.encode()
    for account in ACCOUNTS.values():
        world.buckets.there[f"tfstate-{account}"] = StoredBucket(account, "eu-west-1")


STAGING_STATE = f"tfstate-{ACCOUNTS['staging']}"
ELSEWHERE: dict[str, tuple[str, Callable[[World], object]]] = {
    "it is not there": ("E429", lambda world: world.buckets.there.pop(STAGING_STATE)),
    "somebody else took the name": (
        "E420",
        lambda world: world.buckets.there.update({STAGING_STATE: StoredBucket("666666666666", "eu-west-1")}),
    ),
    "it is in another region": (
        "E421",
        lambda world: world.buckets.there.update({STAGING_STATE: StoredBucket(ACCOUNTS["staging"], "us-east-1")}),
    ),
}


@pytest.mark.parametrize(("code", "change"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_wrong_state_bucket_stops_before_terraform(world: World, code: str, change: Callable[[World], object]) -> None:
    with_state_in_s3(world)
    apply(world.ports, "dev")
    change(world)
    world.terraform.calls.clear()
    for act in (
        lambda: promote(world.ports, "dev", "staging"),
        lambda: explain_refusal(world.ports, "staging", planned=True),
    ):
        with pytest.raises(OperationFailedError, match=code):
            act()
    assert world.terraform.calls == []


def test_state_bucket_is_checked_again_for_each_deployment(world: World) -> None:
    with_state_in_s3(world)
    plan_environment(world.ports, "dev")
    world.buckets.there.clear()
    plan_environment(world.ports, "dev")
    with pytest.raises(OperationFailedError, match="E429"):
        apply(world.ports, "dev")


def test_sandbox_uses_its_own_buckets(world: World) -> None:
    with_state_in_s3(world)
    world.buckets.there.clear()
    world.sandbox = True
    assert apply(world.ports, "dev").deployment
