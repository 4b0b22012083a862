"""A root that was deployed before envctl is not made a second time: its state is named in the project file first."""

import json

import pytest

from envctl.domain.errors import ConfigurationError, Problem
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.inspect import preview
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.inspect.settings import validate_project
from envctl.usecases.inspect.status import load_status
from tests.catching import catch
from tests.fakes.world import World

PROJECT = """
[project]
name = "acme"
[pipeline]
order = ["dev", "prod"]
[environments.dev]
account_id = "111111111111"
[environments.prod]
account_id = "333333333333"
gates = { approvals = {} }
[stacks.live]
root = "live"
"""
CODE = 'resource "terraform_data" "x" {}\n'
HELD = json.dumps({"version": 4, "resources": [{"type": "terraform_data"}]})
S3 = """
terraform {
  backend "s3" {
    bucket         = "acme-dev-states"
    key            = "live/terraform.tfstate"
    region         = "eu-central-1"
    access_key     = "AKIA1"
    dynamodb_table = "locks"
    encrypt        = true
    role_arn       = "arn:aws:iam::111111111111:role/deployer"
  }
}
"""
CLOUD = """
terraform {
  cloud {
    organization = "acme"
    workspaces {
      name = "live-dev"
    }
  }
}
"""
RECORD = json.dumps({
    "backend": {"type": "s3", "config": {"bucket": "acme-dev", "key": "x/dev.tfstate", "profile": None, "token": "t"}}
})  # fmt: skip
FOUND: dict[str, tuple[dict[str, str], str, list[str]]] = {
    "a local backend": (
        {"live/main.tf": 'terraform {\n  backend "local" {\n    path = "dev.tfstate"\n  }\n}\n'},
        "live/main.tf:2",
        ["[state]", 'backend = "local"', 'path = "live/{env}.tfstate"'],
    ),
    "a local backend with one place for all": (
        {"live/main.tf": 'terraform {\n  backend "local" {\n    path = "../old.tfstate"\n  }\n}\n'},
        "live/main.tf:2",
        [
            "[state]",
            'backend = "local"',
            'path = "old.tfstate"',
            "# each environment needs its own: write {env} into it",
        ],
    ),
    "a backend in S3, without its secrets": (
        {"live/main.tf": S3},
        "live/main.tf:3",
        [
            "[state]",
            'backend = "s3"',
            'bucket = "acme-{env}-states"',
            'key = "live/terraform.tfstate"',
            'region = "eu-central-1"',
            'dynamodb_table = "locks"',
            "encrypt = true",
            'assume_role = "arn:aws:iam::{account_id}:role/deployer"',
        ],
    ),
    "a partial backend": (
        {"live/main.tf": 'terraform {\n  backend "s3" {}\n}\n'},
        "live/main.tf:2",
        [
            "[state]",
            'backend = "s3"',
            'bucket = "…"',
            'key = "…"',
            "# each environment needs its own: write {env} into it",
        ],
    ),
    "a partial backend, completed by terraform init": (
        {"live/main.tf": 'terraform {\n  backend "s3" {}\n}\n', "live/.terraform/terraform.tfstate": RECORD},
        "live/main.tf:2",
        ["[state]", 'backend = "s3"', 'bucket = "acme-{env}"', 'key = "x/{env}.tfstate"'],
    ),
    "no block any more, after terraform init": (
        {"live/.terraform/terraform.tfstate": RECORD},
        "live/.terraform/terraform.tfstate",
        ["[state]", 'backend = "s3"', 'bucket = "acme-{env}"', 'key = "x/{env}.tfstate"'],
    ),
    "workspaces in S3": (
        {"live/main.tf": S3.replace("encrypt        = true", 'workspace_key_prefix = "w"')},
        "live/main.tf:3",
        [
            "[state]",
            'backend = "s3"',
            'bucket = "acme-{env}-states"',
            'key = "live/terraform.tfstate"',
            'region = "eu-central-1"',
            'dynamodb_table = "locks"',
            'workspace_key_prefix = "w"',
            'assume_role = "arn:aws:iam::{account_id}:role/deployer"',
            'workspace = "{env}"',
        ],
    ),
    "a cloud block": (
        {"live/main.tf": CLOUD},
        "live/main.tf:3",
        ["[state]", 'backend = "remote"', 'organization = "acme"', 'workspaces = {name = "live-{env}"}'],
    ),
    "a cloud block with tags": (
        {"live/main.tf": CLOUD.replace('name = "live-dev"', 'tags = ["live"]')},
        "live/main.tf:3",
        [
            "[state]",
            'backend = "remote"',
            'organization = "acme"',
            'workspaces = {name = "…"}',
            "# each environment needs its own: write {env} into it",
        ],
    ),
    "a prefix of workspaces": (
        {"live/main.tf": CLOUD.replace("cloud", 'backend "remote"').replace('name = "live-dev"', 'prefix = "live-"')},
        "live/main.tf:3",
        [
            "[state]",
            'backend = "remote"',
            'organization = "acme"',
            'workspaces = {prefix = "live-"}',
            'workspace = "{env}"',
        ],
    ),
    "a backend in JSON": (
        {"live/b.tf.json": '{"terraform": [{"backend": {"gcs": {"bucket": "b-prod", "prefix": "${x}"}}}]}'},
        "live/b.tf.json:1",
        ["[state]", 'backend = "gcs"', 'bucket = "b-{env}"', 'prefix = "…"'],
    ),
    "a cloud block in JSON": (
        {"live/b.tf.json": '{"terraform": {"cloud": {"organization": "o", "workspaces": {"name": "dev"}}}}'},
        "live/b.tf.json:1",
        ["[state]", 'backend = "remote"', 'organization = "o"', 'workspaces = {name = "{env}"}'],
    ),
    "a backend that envctl has not": (
        {"live/main.tf": 'terraform {\n  backend "etcd" {}\n}\n'},
        "live/main.tf:2",
        ["[state]", 'backend = "…"  # envctl has no backend etcd: move the states to another one'],
    ),
    "a state beside the code": (
        {"live/terraform.tfstate": HELD},
        "live/terraform.tfstate",
        [
            "[state]",
            'backend = "local"',
            'path = "live/terraform.tfstate"',
            "# each environment needs its own: write {env} into it",
        ],
    ),
    "an encrypted state beside the code": (
        {"live/terraform.tfstate": '{"encrypted_data": "x"}'},
        "live/terraform.tfstate",
        [
            "[state]",
            'backend = "local"',
            'path = "live/terraform.tfstate"',
            "# each environment needs its own: write {env} into it",
        ],
    ),
    "local workspaces": (
        {"live/terraform.tfstate.d/dev/terraform.tfstate": HELD, "live/terraform.tfstate": '{"resources": []}'},
        "live/terraform.tfstate.d/dev/terraform.tfstate",
        ["[state]", 'backend = "local"', 'path = "live/terraform.tfstate"', 'workspace = "{env}"'],
    ),
}
BLOCK = 'terraform {\n  backend "s3" {}\n}\n'
PLACED = {
    "a table [state]": '[state]\nbackend = "local"\n',
    "a place of the stack": '[stacks.live.state]\npath = "live/{env}.tfstate"\n',
}


@pytest.fixture
def world() -> World:
    world = World()
    world.tree.content.clear()
    world.edit("envctl.toml", PROJECT)
    world.edit("live/x.tf", CODE)
    world.access.accounts = {"dev": "111111111111", "prod": "333333333333"}
    return world


def refused(world: World) -> Problem:
    (problem,) = catch(ConfigurationError, validate_project, world.ports).problems
    return problem


@pytest.mark.parametrize(("files", "place", "table"), FOUND.values(), ids=FOUND.keys())
def test_earlier_state_is_refused_with_its_table(
    world: World, files: dict[str, str], place: str, table: list[str]
) -> None:
    for path, text in files.items():
        world.edit(path, text)
    problem = refused(world)
    assert (problem.code, str(problem.location)) == ("E163", place)
    assert "envctl has no state of live in dev and prod: it would create everything a second time" in problem.message
    lead, *lines, anew = problem.hint.splitlines()
    assert lead == "say in envctl.toml where it is:"
    assert lines == table
    assert anew.startswith("if there is no such state: remove ")


def test_written_table_is_accepted(world: World) -> None:
    world.edit("live/main.tf", S3)
    _, *lines, _ = refused(world).hint.splitlines()
    world.edit("envctl.toml", PROJECT + "\n".join(lines))
    assert validate_project(world.ports)


def test_several_stacks_have_places_of_their_own(world: World) -> None:
    world.edit("envctl.toml", PROJECT + '[stacks.two]\nroot = "two"\n')
    world.edit("two/x.tf", CODE)
    world.edit("live/main.tf", S3)
    assert '[stacks.live.state]\nkey = "live/terraform.tfstate"' in refused(world).hint


@pytest.mark.parametrize("text", PLACED.values(), ids=PLACED.keys())
def test_named_place_is_no_earlier_state(world: World, text: str) -> None:
    world.edit("live/main.tf", BLOCK)
    world.edit("envctl.toml", PROJECT + text)
    assert validate_project(world.ports)
    assert apply(world.ports, "dev")


def test_empty_state_and_no_block_are_accepted(world: World) -> None:
    world.edit("live/terraform.tfstate", '{"version": 4, "resources": []}')
    assert validate_project(world.ports)


def test_state_where_envctl_keeps_it_is_accepted(world: World) -> None:
    world.edit("live/main.tf", BLOCK)
    world.edit(".envctl/state/dev/live.tfstate", HELD)
    assert "no state of live in prod:" in refused(world).message
    world.edit(".envctl/state/prod/old.tfstate", HELD)
    world.edit("envctl.toml", PROJECT + 'moved_from = "old"\n')
    assert validate_project(world.ports)


def test_nothing_is_planned_beside_an_earlier_state(world: World) -> None:
    world.edit("live/main.tf", BLOCK)
    with pytest.raises(ConfigurationError, match="E163"):
        plan_environment(world.ports, "dev")
    with pytest.raises(ConfigurationError, match="E163"):
        apply(world.ports, "dev")
    for each in preview.preview_environments(world.ports).environments:
        assert [problem.code for problem in each.problems] == ["E163"]
    assert world.terraform.calls == []


def test_deployed_environment_goes_on_and_new_one_is_refused(world: World) -> None:
    apply(world.ports, "dev")
    world.edit("live/main.tf", BLOCK)
    assert plan_environment(world.ports, "dev")
    promoted = apply(world.ports, "dev").release
    for use in (
        lambda: promote(world.ports, "dev", "prod"),
        lambda: preview.plan_stored_release(world.ports, "prod", promoted),
    ):
        with pytest.raises(ConfigurationError, match="no state of live in prod"):
            use()
    assert ("apply", "prod", "live") not in world.terraform.calls


def test_approval_of_a_second_deployment_is_refused(world: World) -> None:
    world.edit("envctl.toml", PROJECT.replace("approvals = {}", "approvals = { peer = 1 }"))
    apply(world.ports, "dev")
    world.edit("live/main.tf", BLOCK)
    apply(world.ports, "dev")
    world.identity.name = "bob"
    with pytest.raises(ConfigurationError, match="no state of live in prod"):
        approve_plan(world.ports, "prod", "peer")


def test_what_runs_is_not_blocked(world: World) -> None:
    first = apply(world.ports, "dev").release
    world.edit("live/x.tf", CODE + "# 2\n")
    apply(world.ports, "dev")
    world.edit("live/main.tf", BLOCK)
    assert load_status(world.ports)
    assert rollback(world.ports, "dev").release == first
    assert destroy(world.ports, "dev")


def test_message_does_not_name_a_missing_table(world: World) -> None:
    apply(world.ports, "dev")
    world.edit("live/main.tf", BLOCK)
    plan_environment(world.ports, "dev")
    (said,) = [each for each in world.observer.heard if "backend block" in each]
    assert (
        "the state that envctl keeps (envctl.toml has no [state]) replaces the backend block of the stack live" in said
    )
