"""Real Terraform against the sandbox: the states of all accounts in one bucket of another account."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from envctl.adapters.sandbox.lifecycle import Sandbox
from tests.e2e.conftest import ACCOUNTS, Project, run_in_sandbox
from tests.e2e.project_text import OPEN, render_project
from tests.e2e.stacks.test_states import BASE, READER, WEB
from tests.modules import applying

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.slow]

TOOLS, BUCKET = "444444444444", "all-states"
STATE = f"""
[state]
backend = "s3"
bucket = "{BUCKET}"
region = "us-east-1"
key = "{{stack}}/terraform.tfstate"
workspace = "{{env}}"
workspace_key_prefix = "envs"
account_id = "{TOOLS}"
assume_role = "arn:aws:iam::{TOOLS}:role/states-of-{{env}}"
look_role = "arn:aws:iam::{TOOLS}:role/look-at-{{env}}"
kms_key_id = "arn:aws:kms:us-east-1:{TOOLS}:key/0f3b1f0e-0000-4000-8000-000000000001"
dynamodb_table = "locks"

[stacks.base.state]
key = "legacy/base.tfstate"
"""


@pytest.fixture(scope="module")
def central(tmp_path_factory: pytest.TempPathFactory, unpacked_provider: Path) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("central")
    (folder / "home").mkdir()
    project = Project(folder / "shop", folder / "home")
    order, stacks = ["dev", "prod"], {"base": "", "web": READER}
    rules = {"dev": f'look_role = "arn:aws:iam::{ACCOUNTS["dev"]}:role/look"'}
    toml = render_project("shop", stacks, order, on_aws=True, rules=rules, gates={"prod": OPEN}, more=STATE)
    project.write("envctl.toml", toml)
    project.write("modules/base/main.tf", BASE)
    project.write("modules/web/main.tf", WEB)
    with run_in_sandbox(project, unpacked_provider):
        yield project


def list_keys(project: Project) -> list[str]:
    running = Sandbox(project.root / ".envctl" / "sandbox").find_running()
    assert running is not None
    s3 = applying.Account(running, TOOLS).client("s3")
    return sorted(each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET).get("Contents", ()))


@pytest.mark.night
def test_states_of_all_accounts_share_one_bucket(central: Project) -> None:
    central.run_checked("--sandbox", "--yes", "apply", "dev", timeout=300)
    central.run_checked("--sandbox", "--yes", "promote", "dev", "prod", timeout=300)
    for environment in ("dev", "prod"):
        central.run_checked("--sandbox", "plan", environment, "--detailed-exitcode")
        central.run_checked("--sandbox", "drift", environment)
    assert "prod" in central.run_checked("--sandbox", "output", "prod", "web.of").out
    assert list_keys(central) == [
        f"envs/{env}/{key}" for env in ("dev", "prod") for key in ("legacy/base.tfstate", "web/terraform.tfstate")
    ]
    for words, role in ((("plan", "dev"), "look-at-dev"), (("--yes", "apply", "dev"), "states-of-dev")):
        central.run_checked("--sandbox", *words)
        root = json.loads((central.root / ".envctl/sandbox/work/dev/web/main.tf.json").read_text())
        (backend,), (upstream,) = root["terraform"]["backend"].values(), root["data"]["terraform_remote_state"].values()
        for each in (backend, upstream["config"]):
            assert each["assume_role"]["role_arn"] == f"arn:aws:iam::{TOOLS}:role/{role}"


@pytest.mark.night
def test_lost_state_in_a_workspace_is_refused(central: Project) -> None:
    toml = (central.root / "envctl.toml").read_text()
    central.write("envctl.toml", toml.replace("legacy/base", "newer/base"))
    try:
        for command in (("plan", "dev"), ("--yes", "apply", "dev"), ("drift", "prod")):
            ran = central.run("--sandbox", "--json", *command)
            assert "E321" in ran.codes, (command, ran.out)
    finally:
        central.write("envctl.toml", toml)
