"""A place that changed in envctl.toml after a deployment, and an environment with another name."""

from functools import partial

import pytest

from envctl.domain.errors import EnvctlError
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.deployment.verification import verify
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.inspect.preview import preview_environments
from envctl.usecases.inspect.settings import validate_project
from envctl.usecases.inspect.status import load_status
from tests.fakes.buckets import StoredBucket
from tests.fakes.project_files import PROJECT
from tests.fakes.world import World, make_once
from tests.usecases.steps import deploy_everywhere, edit_project

ACCOUNTS = {"dev": "111111111111", "staging": "222222222222", "prod": "333333333333"}
STATE = '[state]\nbackend = "s3"\nbucket = "states-{env}"\nkey = "{env}/{stack}"\n'
CHANGES = {
    "region": ('region = "eu-west-1"  # {}', 'region = "eu-west-3"  # {}', "region eu-west-1", "region eu-west-3"),
    "account": ("{account}", "999999999999", "account {account}", "account 999999999999"),
    "bucket": (
        'bucket = "states-{{env}}"',
        'bucket = "other-{{env}}"',
        "state bucket states-{}",
        "state bucket other-{}",
    ),
    "key": ('key = "{{env}}/{{stack}}"', 'key = "new/{{env}}/{{stack}}"', "state key {}/", "state key new/{}/"),
    "backend": (
        'backend = "s3"\nbucket = "states-{{env}}"\nkey = "{{env}}/{{stack}}"',
        'backend = "local"',
        "state bucket",
        "",
    ),
}
ROLE = 'assume_role = "arn:aws:iam::{account}:role/{name}"'


def _write_project() -> str:
    text = PROJECT.decode().replace("{ peer = 1, business = 2 }", "{}") + STATE
    for name, account in ACCOUNTS.items():
        lines = [f"[environments.{name}]", f'account_id = "{account}"', f'region = "eu-west-1"  # {name}']
        lines.append(ROLE.format(account=account, name="deployer"))
        text = text.replace(f"[environments.{name}]", "\n".join(lines))
    return text


@pytest.fixture
@make_once
def world() -> World:
    """All environments run one release, each in an account of its own."""
    world = World()
    world.access.accounts = dict(ACCOUNTS)
    world.buckets.there = {f"states-{name}": StoredBucket(account, "eu-west-1") for name, account in ACCOUNTS.items()}
    world.edit("envctl.toml", _write_project())
    deploy_everywhere(world)
    world.terraform.calls.clear()
    world.access.asked.clear()
    return world


def _find_status(world: World, environment: str) -> tuple[str, str, str]:
    status = next(each for each in load_status(world.ports).all_environments if each.environment == environment)
    return status.moved, status.next, status.steps[0].hint if status.steps else ""


def _find_entry(world: World, environment: str) -> int:
    last = load_status(world.ports, [environment]).environments[0].present.last
    assert last is not None
    return last.seq


@pytest.mark.parametrize("environment", ACCOUNTS)
@pytest.mark.parametrize("change", CHANGES)
def test_moved_place_is_told_and_refused_before_terraform(world: World, change: str, environment: str) -> None:
    old, new, was, now = (text.format(environment, account=ACCOUNTS[environment]) for text in CHANGES[change])
    entry = _find_entry(world, environment)
    edit_project(world, (old, new))
    line = world.tree.content["envctl.toml"].decode()[: _find_position(world, new)].count("\n") + 1
    moved, _, hint = _find_status(world, environment)
    assert f"{environment} was deployed with" in moved
    assert f"(entry {entry}); envctl.toml:" in moved
    assert was in moved.partition(";")[0]
    assert now in moved.partition(";")[2]
    if change != "backend":
        assert f"envctl.toml:{line} says" in moved
    assert "change it back" in hint or "--rules" in _find_status(world, environment)[1]
    assert any(moved in each for each in validate_project(world.ports).remarks)
    why = explain_refusal(world.ports, environment)
    assert (why.moved, why.allowed, why.elsewhere) == (moved, False, True)
    assert why.exit_code in (4, 78)
    assert why.next in (hint, _find_status(world, environment)[1])
    assert explain_refusal(world.ports, environment, planned=True).planned is None
    for command in (plan_environment, apply, verify):
        with pytest.raises(EnvctlError) as caught:
            command(world.ports, environment)
        assert caught.value.problems[0].code in ("E148", "G112", "E005")
    assert check_drift(world.ports, [environment]).environments[0].problems[0].code == "E148"
    preview = preview_environments(world.ports, [environment]).environments[0]
    assert (preview.problems[0].code, preview.problems[0].message) == ("E148", moved)
    assert world.terraform.calls == []
    assert world.access.asked == []


def _find_position(world: World, text: str) -> int:
    return world.tree.content["envctl.toml"].decode().index(text)


@pytest.mark.parametrize("change", ["region", "bucket"])
def test_moved_place_is_not_planned_for_approval(world: World, change: str) -> None:
    edit_project(
        world, ("[environments.prod.gates]\napprovals = {}", "[environments.prod.gates]\napprovals = { peer = 1 }")
    )
    old, new, *_ = (text.format("prod", account=ACCOUNTS["prod"]) for text in CHANGES[change])
    edit_project(world, (old, new))
    world.identity.name = "bob"
    with pytest.raises(EnvctlError, match="E148"):
        approve_plan(world.ports, "prod", "peer", release=world_release(world))
    assert world.terraform.calls == []


def world_release(world: World) -> str:
    last = load_status(world.ports, ["prod"]).environments[0].present.last
    assert last is not None
    return last.release


def test_another_role_is_told_and_not_refused(world: World) -> None:
    edit_project(world, ("111111111111:role/deployer", "111111111111:role/other"))
    moved, _, hint = _find_status(world, "dev")
    assert "role arn:aws:iam::111111111111:role/other" in moved
    assert hint == ""
    plan_environment(world.ports, "dev")
    apply(world.ports, "dev")
    assert world.terraform.calls


def test_role_of_another_account_is_another_place(world: World) -> None:
    edit_project(world, ('account_id = "111111111111"\n', ""), ("111111111111:role", "999999999999:role"))
    with pytest.raises(EnvctlError, match="E148"):
        plan_environment(world.ports, "dev")


def test_place_of_yesterday_says_nothing(world: World) -> None:
    for key in [key for key in world.store.content if key.startswith("places/")]:
        del world.store.content[key]
    edit_project(world, ('region = "eu-west-1"  # dev', 'region = "eu-west-3"  # dev'))
    assert _find_status(world, "dev")[0] == ""


def test_moved_after_lets_a_move_through(world: World) -> None:
    entry = _find_entry(world, "dev")
    edit_project(world, ('region = "eu-west-1"  # dev', f'region = "eu-west-3"  # dev\nmoved_after = {entry}'))
    moved, _, hint = _find_status(world, "dev")
    assert (moved != "", hint) == (True, "")
    plan_environment(world.ports, "dev")


def test_moved_after_counts_for_that_entry_only(world: World) -> None:
    edit_project(world, ('region = "eu-west-1"  # dev', 'region = "eu-west-3"  # dev\nmoved_after = 1'))
    with pytest.raises(EnvctlError, match="E148"):
        plan_environment(world.ports, "dev")


def test_destroyed_environment_may_be_deployed_elsewhere(world: World) -> None:
    destroy(world.ports, "dev")
    edit_project(world, ('region = "eu-west-1"  # dev', 'region = "eu-west-3"  # dev'))
    assert _find_status(world, "dev")[0] == ""
    plan_environment(world.ports, "dev")


def test_renamed_environment_is_refused_with_both_names(world: World) -> None:
    edit_project(
        world,
        ("[environments.staging", "[environments.stage"),
        ('"staging", ', '"stage", '),
    )
    world.edit("environments/stage/terraform.tfvars", 'cidr = "10.20.0.0/16"\n')
    status = load_status(world.ports)
    (gone,), stage = status.gone, status.environments[1]
    assert (gone.environment, gone.successors) == ("staging", ("stage",))
    assert stage.next == ""
    assert (
        "staging is no longer in envctl.toml, but still has the stacks network and web; stage is new"
        in stage.steps[0].reason
    )
    assert "envctl destroy staging" in stage.steps[0].hint
    with pytest.raises(EnvctlError, match="envctl does not rename environments"):
        plan_environment(world.ports, "staging")
    why = explain_refusal(world.ports, "stage")
    assert (why.elsewhere, why.next) == (True, stage.steps[0].hint)
    assert any("stage is new" in each for each in validate_project(world.ports).remarks)
    dry = DeployOptions(dry_run=True)
    for run in (partial(plan_environment, world.ports, "stage"), partial(promote, world.ports, "dev", "stage", dry)):
        with pytest.raises(EnvctlError) as caught:
            run()
        assert [each.code for each in caught.value.problems] == ["E139"]
    assert world.terraform.calls == []


def test_moved_after_says_that_names_are_two(world: World) -> None:
    entry = _find_entry(world, "staging")
    edit_project(world, ("[environments.staging", "[environments.stage"), ('"staging", ', '"stage", '))
    world.edit("environments/stage/terraform.tfvars", 'cidr = "10.20.0.0/16"\n')
    assert (
        f"add moved_after = {entry} to [environments.stage]" in load_status(world.ports).environments[1].steps[0].hint
    )
    before = world.tree.content["envctl.toml"].decode()
    for number, successors in ((entry - 1, ("stage",)), (entry, ())):
        line = f"[environments.stage]\nmoved_after = {number}"
        world.edit("envctl.toml", before.replace("[environments.stage]", line))
        (gone,) = load_status(world.ports).gone
        assert (gone.environment, gone.successors) == ("staging", successors)
    assert promote(world.ports, "dev", "stage", DeployOptions(dry_run=True)).stages


def test_each_new_environment_may_be_the_new_name(world: World) -> None:
    more = f'\n[environments.qa]\naccount_id = "{ACCOUNTS["staging"]}"\nregion = "eu-west-1"\n'
    edit_project(world, ("[environments.staging", "[environments.stage"), ('"staging", ', '"stage", "qa", '))
    world.edit("envctl.toml", world.tree.content["envctl.toml"].decode() + more)
    assert load_status(world.ports).gone[0].successors == ("stage", "qa")
    for environment in ("stage", "qa"):
        world.edit(f"environments/{environment}/terraform.tfvars", 'cidr = "10.20.0.0/16"\n')
        with pytest.raises(EnvctlError, match="stage and qa are new in the same place"):
            plan_environment(world.ports, environment)
    assert world.terraform.calls == []


@pytest.mark.parametrize(("change", "code"), [("region", "G112"), ("bucket", "E148")])
def test_dry_run_of_a_moved_place_is_refused(world: World, change: str, code: str) -> None:
    dry = DeployOptions(dry_run=True)
    for environment in ("dev", "staging"):
        old, new, *_ = (text.format(environment, account=ACCOUNTS[environment]) for text in CHANGES[change])
        if old in world.tree.content["envctl.toml"].decode():
            edit_project(world, (old, new))
    with pytest.raises(EnvctlError) as of_dev:
        apply(world.ports, "dev", dry)
    with pytest.raises(EnvctlError) as of_staging:
        promote(world.ports, "dev", "staging", dry)
    assert of_dev.value.problems[0].code == "E148"
    assert code in [each.code for each in of_staging.value.problems]
    assert world.terraform.calls == []


def test_new_environment_elsewhere_is_no_new_name(world: World) -> None:
    edit_project(
        world,
        ("[environments.staging", "[environments.stage"),
        ('"staging", ', '"stage", '),
        (ACCOUNTS["staging"], "444444444444"),
    )
    assert load_status(world.ports).gone[0].successors == ()
