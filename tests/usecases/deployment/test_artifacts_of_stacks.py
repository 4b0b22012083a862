"""Artifacts of single stacks: two instances of one module with two images."""

import json

import pytest

from envctl.domain.errors import EnvctlError
from envctl.domain.guards import BundleState
from envctl.domain.ledger.state import LedgerState
from envctl.domain.release.bundle import Release
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.inspect.render import render_environment
from envctl.usecases.inspect.settings import validate_project
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.project.environment_selection import load_context
from envctl.usecases.release import release_store
from envctl.usecases.release.pending_changes import ReadBundle, find_pending_changes
from tests.catching import catch
from tests.fakes.world import IMAGE, World

OTHER = "registry.example.com/billing@sha256:" + "b" * 64
PROJECT = """
[project]
name = "shop"

[pipeline]
order = ["dev", "staging"]

[environments.dev]
[environments.staging]
[environments.staging.gates]
approvals = {}

[stacks.orders]
module = "modules/service"

[stacks.billing]
module = "modules/service"

[artifacts]
orders = { variable = "image", kind = "oci", stacks = ["orders"] }
billing = { variable = "image", kind = "oci", stacks = ["billing"] }
"""
SERVICE = 'variable "image" { type = string }\n'


def make_world(project: str = PROJECT) -> World:
    world = World()
    world.tree.content.clear()
    world.edit("envctl.toml", project)
    world.edit("modules/service/main.tf", SERVICE)
    world.edit("environments/dev/orders.tfvars", f'image = "{IMAGE}"\n')
    world.edit("environments/dev/billing.tfvars", f'image = "{OTHER}"\n')
    return world


def images_of(world: World, environment: str) -> dict[str, object]:
    files = render_environment(world.ports, environment).files
    modules = [json.loads(text)["module"] for path, text in files.items() if path.endswith("main.tf.json")]
    return {stack: call["image"] for module in modules for stack, call in module.items()}


def list_pending_parts(world: World) -> tuple[Context, LedgerState, str, ReadBundle]:
    context = load_context(world.ports, "dev")[0]

    def read(identity: str) -> tuple[BundleState, Release | None]:
        state, release, _ = release_store.load_bundle(world.ports, identity)
        return state, release

    return context, journal.load(world.ports), "dev", read


def codes(world: World) -> list[str]:
    error = catch(EnvctlError, lambda: validate_project(world.ports))
    return [each.code for each in error.problems]


def test_each_stack_gets_its_own_image() -> None:
    world = make_world()
    apply(world.ports, "dev")
    world.edit("environments/dev/billing.tfvars", f'image = "{IMAGE}"\n')
    pending = find_pending_changes(*list_pending_parts(world))
    assert pending is not None
    assert pending.code is not None
    assert pending.code.names == ("billing.image",)
    promote(world.ports, "dev", "staging")
    for environment in ("dev", "staging"):
        assert images_of(world, environment)["orders"] == IMAGE
    assert images_of(world, "staging")["billing"] == OTHER


@pytest.mark.parametrize(
    ("path", "text", "code"),
    [
        ("environments/staging/orders.tfvars", f'image = "{IMAGE}"\n', "E210"),
        ("environments/staging/terraform.tfvars", f'image = "{IMAGE}"\n', "E210"),
        ("environments/dev/billing.tfvars", "", "E115"),
        ("environments/dev/billing.tfvars", 'image = "a b"\n', "E430"),
        ("envctl.toml", PROJECT.replace('["billing"]', '["orders"]'), "E109"),
        ("envctl.toml", PROJECT.replace('["billing"]', '["bill"]'), "E356"),
        ("envctl.toml", PROJECT.replace('["billing"]', "[]"), "E356"),
        ("envctl.toml", PROJECT.replace(', stacks = ["billing"]', ""), "E115"),
        ("envctl.toml", PROJECT.rpartition("billing =")[0].replace('["orders"]', '["orders", "billing"]'), "E356"),
        ("modules/service/main.tf", "", "E114"),
    ],
)
def test_faults_are_told(path: str, text: str, code: str) -> None:
    world = make_world()
    world.edit(path, text)
    assert code in codes(world)


def test_one_artifact_may_be_for_all_others() -> None:
    world = make_world(PROJECT.replace(', stacks = ["billing"]', ""))
    world.edit("environments/dev/billing.tfvars", "")
    world.edit("environments/dev/terraform.tfvars", f'image = "{OTHER}"\n')
    apply(world.ports, "dev")
    promote(world.ports, "dev", "staging")
    assert images_of(world, "staging") == {"orders": IMAGE, "billing": OTHER}


def test_one_artifact_of_two_stacks_has_one_value() -> None:
    world = make_world(PROJECT.rpartition("billing =")[0].replace('["orders"]', '["orders", "billing"]'))
    world.edit("environments/dev/billing.tfvars", f'image = "{IMAGE}"\n')
    apply(world.ports, "dev")
    promote(world.ports, "dev", "staging")
    assert images_of(world, "staging") == {"orders": IMAGE, "billing": IMAGE}
