"""A stored release of a root is refused where its sets of files would find files of envctl."""

import pytest

from envctl.domain.errors import ConfigurationError
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from tests.catching import catch
from tests.fakes.world import World

PROJECT = """
[project]
name = "shop"
[pipeline]
order = ["dev", "prod"]
[environments.dev]
[environments.prod]
gates = {{ approvals = {{}} }}
[providers.kubernetes]
host = "https://example.com"
[stacks.web]
root = "live/web"
{more}
"""
CODE = """
terraform {
  required_providers {
    kubernetes = {
      source = "hashicorp/kubernetes"
    }
  }
}

locals {
  all = fileset(path.module, "*.json")
}
"""


@pytest.fixture
def world() -> World:
    world = World()
    world.tree.content.clear()
    world.edit("envctl.toml", PROJECT.format(more=""))
    world.edit("live/web/main.tf", CODE)
    return world


def test_set_without_files_of_envctl_is_promoted(world: World) -> None:
    apply(world.ports, "dev")
    promote(world.ports, "dev", "prod")
    assert ("apply", "prod", "web") in world.terraform.calls


def test_table_added_after_the_release_is_found(world: World) -> None:
    apply(world.ports, "dev")
    more = '[environments.prod.providers.kubernetes]\nexec = { command = "aws" }'
    world.edit("envctl.toml", PROJECT.format(more=more))
    raised = catch(ConfigurationError, promote, world.ports, "dev", "prod")
    (problem,) = raised.problems
    assert problem.code == "E381"
    assert "live/web/main.tf:11" in problem.message
    assert "zzz_envctl_override.tf.json" in problem.message
    assert "[providers.kubernetes]" in problem.hint
    assert ("apply", "prod", "web") not in world.terraform.calls
