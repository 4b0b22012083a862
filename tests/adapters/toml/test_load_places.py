"""Where stacks run: what a project file may say of it, and what not."""

import pytest

from envctl.adapters.toml import load_project
from tests.adapters.toml.project_files import GOOD, line_of, problems_of, read_cases

PLACED = (
    GOOD.replace('account_id = "222222222222"', 'account_id = "222222222222"\nregions = { far = "ap-northeast-3" }')
    .replace(
        'region = "ap-northeast-1"\n',
        'region = "ap-northeast-1"\nregions = { far = "ap-southeast-1", us = "us-east-1" }\n',
    )
    .replace(
        "[environments.prod.gates]",
        '[environments.prod]\nregions = { far = "ap-northeast-3" }\n\n[environments.prod.gates]',
    )
    + """
[environments.management]
pipeline = false

[stacks.vault]
module = "modules/backup_vault"
region = "far"

[stacks.organization]
module = "modules/organization"
environments = ["management"]

[checks.units]
kind = "output"
output = "organization.unit_ids"
matches = ".+"
environments = ["management"]
"""
)


def test_stacks_are_seen_from_where_they_run() -> None:
    project = load_project(PLACED.encode())
    assert list(project.stacks) == ["network", "web", "vault"]
    assert (project.standalone, project.all_environments) == (("management",), ("dev", "staging", "prod", "management"))
    apart = project.view_for("management")
    assert (list(apart.stacks), list(apart.artifacts), list(apart.checks)) == (["organization"], [], ["units"])
    assert (apart.entry, apart.pipeline.standalone, apart.pipeline.find_previous("management")) == (
        "management",
        True,
        None,
    )
    assert list(apart.view_for("staging").stacks) == list(project.stacks)
    assert project.environments["staging"].regions == {"far": "ap-northeast-3"}


FAULTS = read_cases(r"""
an environment that does not exist: environments = ["management"]\n\n[checks
  => environments = ["mangement"]\n\n[checks @ "mangement"
  ~ E104 the stack organization is for mangement, but there is no such environment ~ did you mean management?
a stack for one environment of the pipeline: environments = ["management"]\n\n[checks
  => environments = ["management", "prod"]\n\n[checks @ "prod"]\n\n[checks
  ~ E104 the stack organization is only for prod, a part of the pipeline ~ a setting to switch it off
beside the pipeline and in it: [environments.staging]\n
  => [environments.staging]\npipeline = false\n @ pipeline = false
  ~ E104 staging is outside the pipeline, but in its order ~ remove it from the order
an environment without a stack: [stacks.vault]
  => [environments.tools]\npipeline = false\n\n[stacks.vault] @ [environments.tools]
  ~ E104 tools is outside the pipeline and has no stack ~ environments = ["tools"]
an input from a stack that is elsewhere: region = "far"\n
  => region = "far"\ninputs = { id = "organization.organization_id" }\n @ organization.organization_id
  ~ E105 the stack vault reads organization.organization_id, but organization does not run in all environments of vault
  ~ same environments
an input from the pipeline: environments = ["management"]\n\n[checks
  => environments = ["management"]\ninputs = { vpc = "network.vpc_id" }\n\n[checks @ vpc = "network
  ~ E105 the stack organization reads network.vpc_id, but network does not run in all environments of organization
  ~ same environments
a check in the pipeline of a stack beside it: matches = ".+"\nenvironments = ["management"]
  => matches = ".+" @ output = "organization.unit_ids"
  ~ E105 the check units reads organization.unit_ids, but organization runs only in management
  ~ environments = ["management"]
a region that nobody named: region = "far"\n => region = "us"\n @ region = "us"
  ~ E119 the stack vault runs in the region named us, but staging has no such region ~ us = "…"
a region that is none: "us-east-1" => "us-east" @ "us-east"
  ~ E103 environments.dev.regions.us must be an AWS region ~ correct
""")


@pytest.mark.parametrize(("old", "new", "at", "problem", "hint"), FAULTS.values(), ids=FAULTS.keys())
def test_faults(old: str, new: str, at: str, problem: str, hint: str) -> None:
    assert PLACED.count(old) >= 1
    text = PLACED.replace(old, new, 1)
    found = problems_of(text)
    said = [each for each in found if f"{each.code} {each.message}".startswith(problem)]
    assert said, [f"{each.code} {each.message}" for each in found]
    assert hint in said[0].hint
    assert str(said[0].location) == line_of(text, at)


def test_a_pipeline_without_a_stack_is_none() -> None:
    text = PLACED.replace('module = "modules/vpc"', 'module = "modules/vpc"\nenvironments = ["management"]')
    text = text.replace(
        'module = "modules/ec2_instance"', 'module = "modules/ec2_instance"\nenvironments = ["management"]'
    )
    text = text.replace('region = "far"', 'environments = ["management"]')
    assert "E104 no stack runs in the pipeline" in [f"{each.code} {each.message}" for each in problems_of(text)]
