"""Which role a command takes, and that who looks is no part of the place of an approval."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from envctl.cli.wiring.readers import ProjectFileReader
from envctl.domain.aws.access import build_credentials_spec
from envctl.domain.config.project import Project
from envctl.domain.release.place.environment_place import resolve_place
from envctl.domain.release.place.place_digest import bind_place, resolve_bound_place
from envctl.domain.release.rendering.root_module import render_root_module
from envctl.domain.release.wiring import StackWiring, Wiring

DEPLOYER = "arn:aws:iam::111111111111:role/envctl-deployer"
LOOKER = "arn:aws:iam::111111111111:role/envctl-look"
OTHER = "arn:aws:iam::222222222222:role/dns"
TEXT = f"""
[project]
name = "shop"

[state]
backend = "s3"

[pipeline]
order = ["dev"]

[environments.dev]
account_id = "111111111111"
region = "eu-west-1"
assume_role = "{DEPLOYER}"
look_role = "{LOOKER}"
session_duration = "3h"

[stacks.network]
module = "modules/network"

[stacks.web]
module = "modules/web"
inputs = {{ subnet = "network.subnet" }}
"""
WIRING = Wiring(
    project="shop",
    terraform=">= 1.10",
    stacks={
        "network": StackWiring(module="modules/network"),
        "web": StackWiring(module="modules/web", inputs={"subnet": "network.subnet"}),
    },
    artifacts={},
    schema={"network": (), "web": ()},
    outputs={"network": {"subnet": False}, "web": {}},
)


@pytest.fixture
def project() -> Project:
    return ProjectFileReader(sandbox=False).parse_project(TEXT.encode())


def render(project: Project, wiring: Wiring = WIRING) -> dict[str, Any]:
    place = resolve_place(project, "dev", acting=True)
    return dict(render_root_module(wiring, "web", place, {}).document)


def test_place_of_an_approval_is_the_deployers(project: Project) -> None:
    assert resolve_place(project.for_looking(), "dev") == resolve_place(project, "dev")
    looked = resolve_bound_place(project.for_looking(), "dev", WIRING)
    assert looked.digest == resolve_bound_place(project, "dev", WIRING).digest
    assert looked == bind_place(WIRING, resolve_place(project, "dev"))


def test_look_role_is_rendered_everywhere(project: Project) -> None:
    looked = render(project.for_looking())
    states = looked["data"]["terraform_remote_state"]["network"]["config"]
    backend = looked["terraform"]["backend"]["s3"]
    (provider,) = looked["provider"]["aws"]["assume_role"]
    assert {each["role_arn"] for each in (states["assume_role"], backend["assume_role"], provider)} == {LOOKER}
    assert repr(looked).replace(LOOKER, DEPLOYER) == repr(render(project))


def test_role_of_the_deployer_in_providers_is_replaced(project: Project) -> None:
    tables: dict[str, dict[str, object]] = {
        "aws": {"assume_role": [{"role_arn": DEPLOYER, "external_id": "x"}]},
        "awscc": {"source": "hashicorp/awscc", "assume_role": {"role_arn": DEPLOYER}},
        "dns": {"source": "hashicorp/awscc", "assume_role": {"role_arn": OTHER}},
    }
    wiring = replace(WIRING, providers=tables)
    looked, deployed = render(project.for_looking(), wiring)["provider"], render(project, wiring)["provider"]
    assert looked["aws"]["assume_role"] == [{"role_arn": LOOKER, "external_id": "x"}]
    assert looked["awscc"]["assume_role"] == {"role_arn": LOOKER}
    assert looked["dns"]["assume_role"] == {"role_arn": OTHER}
    assert deployed["aws"]["assume_role"] == [{"role_arn": DEPLOYER, "external_id": "x"}]


def test_deployer_of_another_environment_is_replaced() -> None:
    there, look = (f"arn:aws:iam::222222222222:role/{name}" for name in ("deployer", "look"))
    more = f"""
[environments.shared]
account_id = "222222222222"
assume_role = "{there}"
look_role = "{look}"
external_id = "their-id"
"""
    text = TEXT.replace('order = ["dev"]', 'order = ["dev", "shared"]') + more
    project = ProjectFileReader(sandbox=False).parse_project(text.encode())
    tables: dict[str, dict[str, object]] = {"aws.dns": {"assume_role": {"role_arn": there}}}
    web = replace(WIRING.stacks["web"], providers=tables)
    wiring = replace(WIRING, stacks={**WIRING.stacks, "web": web})
    looked, deployed = render(project.for_looking(), wiring), render(project, wiring)
    assert looked["provider"]["aws"][1]["assume_role"] == {"role_arn": look, "external_id": "their-id"}
    assert deployed["provider"]["aws"][1]["assume_role"] == {"role_arn": there}


def test_session_of_a_look_takes_its_role_for_an_hour(project: Project) -> None:
    looks, deploys = (build_credentials_spec(each, "dev") for each in (project.for_looking(), project))
    assert (looks.role, looks.duration) == (LOOKER, timedelta(hours=1))
    assert (deploys.role, deploys.duration) == (DEPLOYER, timedelta(hours=3))


def test_environment_without_a_look_role_keeps_its_role() -> None:
    text = TEXT.replace(f'look_role = "{LOOKER}"\n', "")
    project = ProjectFileReader(sandbox=False, look=True).parse_project(text.encode())
    assert not project.looks_with_role("dev")
    assert project.find_acting_role("dev") == build_credentials_spec(project, "dev").role == DEPLOYER


def test_view_of_an_environment_still_looks(project: Project) -> None:
    assert project.for_looking().view_for("dev").find_acting_role("dev") == LOOKER
    assert project.find_acting_role("dev") == DEPLOYER
