"""A promotion in steps, and Ctrl-C and `kill -9` while a share is watched, with a real Terraform and a module that
needs no provider: its state says where the requests go.
"""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.by_day import keep_by_day
from tests.e2e.conftest import PreparedProjects, Project, wait_until
from tests.e2e.project_text import render_project

pytestmark = [pytest.mark.terraform, pytest.mark.slow]

TOML = render_project(
    "small",
    {"web": ""},
    ["dev"],
    more="""
[stacks.web.rollout]
steps = [10, 100]
wait = "10m"
abort_on = ["check:answers"]

[checks.answers]
kind = "command"
command = ["test", "-e", "answers"]

[artifacts.app]
variable = "image"
kind = "string"
""",
)
WEB = """
variable "image" { type = string }
variable "color" { type = string }
variable "traffic_percent" { type = number }
variable "stable_image" { type = string }

locals {
  images = merge(
    { (var.color) = var.image },
    var.stable_image == null ? {} : { (var.color == "blue" ? "green" : "blue") = var.stable_image },
  )
}

resource "terraform_data" "service" {
  for_each = local.images
  input    = each.value
}

resource "terraform_data" "rule" {
  input = {
    for color, image in local.images :
    color => color == var.color ? var.traffic_percent : 100 - var.traffic_percent
  }
  depends_on = [terraform_data.service]
}

output "weights" { value = terraform_data.rule.output }
"""


class Small(Project):
    def takes(self, image: str) -> None:
        self.write("environments/dev/terraform.tfvars", f'image = "{image}"\n')

    def weights(self, environment: str = "dev") -> dict[str, int]:
        state = json.loads((self.root / ".envctl" / "state" / environment / "web.tfstate").read_text())
        return dict(state["outputs"]["weights"]["value"])

    def last(self) -> dict[str, object]:
        """The event of the ledger's last entry."""
        *_, entry = sorted((self.root / ".envctl" / "store" / "ledger").glob("*.json"))
        return dict(json.loads(entry.read_text())["event"])

    def watched(self) -> "subprocess.Popen[str]":
        """A command that has sent the first share over, and watches it."""
        running = self.start("apply", "dev", "--yes", "--json")
        wait_until(lambda: self.last()["kind"] == "traffic shifted" and self.last()["percent"] == 10)
        return running


def deploy_old(root: Path, home: Path, kind: str = "module") -> Small:
    project = Small(root, home)
    project.write("envctl.toml", TOML.replace("module = ", f"{kind} = "))
    project.write("modules/web/main.tf", WEB)
    project.write("answers", "")
    project.takes("old")
    project.run_checked("apply", "dev", "--yes")
    project.takes("new")
    return project


@pytest.fixture
def web(prepared: PreparedProjects) -> Small:
    """It runs the old image, and is to run the new one."""
    return prepared.restore(deploy_old)


def deploy_root(root: Path, home: Path) -> Small:
    return deploy_old(root, home, "root")


@pytest.fixture(params=keep_by_day([deploy_old, deploy_root], deploy_root), ids=["module", "root"])
def each_kind(request: pytest.FixtureRequest, prepared: PreparedProjects) -> Small:
    """As `web`, with a module and with a root module."""
    deploy: Callable[[Path, Path], Small] = request.param
    return prepared.restore(deploy)


AFTERWARDS = """
[environments.staging]

[environments.staging.gates]
approvals = {}
"""


def test_promotion_shifts_traffic_from_the_live_color(web: Small) -> None:
    toml = TOML.replace('["dev"]', '["dev", "staging"]').replace('wait = "10m"', 'wait = "1s"')
    web.write("envctl.toml", toml + AFTERWARDS)
    web.takes("old")
    web.run_checked("apply", "dev", "--yes")
    web.run_checked("promote", "dev", "staging", "--yes")
    assert web.weights("staging") == {"blue": 100}
    web.takes("new")
    web.run_checked("apply", "dev", "--yes")
    told = web.run_checked("promote", "dev", "staging", "--yes", "--json").document["result"]
    assert [share["percent"] for share in told["rollouts"][0]["shares"]] == [10, 100]
    assert web.weights("staging") == {"green": 100}
    assert web.run_checked("plan", "staging", "--detailed-exitcode").code == 0


BLUE, SHARED = {"blue": 100}, {"blue": 90, "green": 10}


@pytest.mark.night
def test_interruption_restores_traffic_before_exit(web: Small) -> None:
    assert web.weights() == BLUE
    running = web.watched()
    assert web.weights() == SHARED
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "stopped at 10 %: all requests go to blue again" in out
    assert web.weights() == BLUE
    assert web.last()["kind"] == "deployment failed"


@pytest.mark.night
def test_failing_check_restores_traffic(web: Small) -> None:
    running = web.watched()
    (web.root / "answers").unlink()
    out, err = running.communicate(timeout=60)
    assert running.returncode == 1, err
    assert "check answers failed" in out
    assert web.weights() == BLUE


def test_traffic_of_killed_rollout_is_restored_by_recover(each_kind: Small) -> None:
    web = each_kind
    running = web.watched()
    os.kill(running.pid, signal.SIGKILL)
    running.communicate(timeout=30)
    assert web.weights() == SHARED
    # Nobody is asked in a job, and nothing is applied unasked.
    assert web.run("recover", "dev").code == 64
    assert web.weights() == SHARED
    web.run_checked("recover", "dev", "--yes")
    assert web.weights() == BLUE
    assert web.last()["kind"] == "deployment abandoned"
    assert web.run("plan", "dev", "--detailed-exitcode").code == 2
