"""A stack with a rollout leaves the project file, or gets another name, with a real Terraform: its requests stay where
they are until it is destroyed, also after `kill -9` while they are shared.
"""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.e2e.conftest import Project, wait_until
from tests.e2e.faults.test_rollout_stopped import WEB
from tests.e2e.project_text import OPEN, render_project

pytestmark = [pytest.mark.terraform, pytest.mark.slow]

HEAD = render_project("small", {"base": ""}, ["dev", "staging"], gates={"staging": OPEN})
STACK = """
[stacks.%s]
module = "modules/web"
%s
[stacks.%s.rollout]
steps = [10, 100]
wait = "%s"

[artifacts.app]
variable = "image"
kind = "string"
"""
GREEN, BLUE = {"green": 100}, {"blue": 100}


class Small(Project):
    def runs(self, image: str, name: str = "web", wait: str = "1s", more: str = "") -> None:
        """The project file has the stack by that name, and dev is to run the image."""
        self.write("envctl.toml", HEAD + STACK % (name, more, name, wait))
        self.write("environments/dev/terraform.tfvars", f'image = "{image}"\n')

    def leaves(self, more: str = "") -> None:
        self.write("envctl.toml", HEAD + more)
        self.write("environments/dev/terraform.tfvars", "")

    def state(self, environment: str, stack: str) -> dict[str, str]:
        """The ids of what its state holds, by the address within its module."""
        file = self.root / f".envctl/state/{environment}/{stack}.tfstate"
        held = json.loads(file.read_bytes())["resources"] if file.exists() else []
        assert {each["module"] for each in held} <= {f"module.{stack}"}
        return {
            f"{each['name']} {one.get('index_key', '')}".strip(): one["attributes"]["id"]
            for each in held
            for one in each["instances"]
        }

    def weights(self, environment: str, stack: str = "web") -> dict[str, int]:
        state = json.loads((self.root / f".envctl/state/{environment}/{stack}.tfstate").read_bytes())
        return dict(state["outputs"]["weights"]["value"])

    def last(self) -> dict[str, object]:
        *_, entry = sorted((self.root / ".envctl/store/ledger").glob("*.json"))
        return dict(json.loads(entry.read_text())["event"])

    def kill_while_shared(self, *words: str) -> None:
        running = self.start(*words)
        wait_until(lambda: self.last()["kind"] == "traffic shifted" and self.last()["percent"] == 10)
        os.kill(running.pid, signal.SIGKILL)
        running.communicate(timeout=30)


@pytest.fixture
def web(tmp_path: Path, home: Path) -> Small:
    """Dev runs the old image, in blue."""
    project = Small(tmp_path / "small", home)
    project.write("modules/base/main.tf", 'resource "terraform_data" "this" {}\n')
    project.write("modules/web/main.tf", WEB)
    project.write("environments/staging/terraform.tfvars", "")
    project.runs("old")
    project.run_checked("apply", "dev", "--yes")
    return project


def test_stack_removed_during_rollout_is_recovered(web: Small) -> None:
    web.runs("new", wait="10m")
    web.kill_while_shared("apply", "dev", "--yes")
    web.leaves()
    assert web.run("apply", "dev", "--yes", "--json").codes == ["G109"]
    told = web.run_checked("recover", "dev", "--yes", "--json").document["result"]
    assert told["back"] == [{"stack": "web", "color": "blue"}]
    assert web.weights("dev") == BLUE
    web.run_checked("apply", "dev", "--yes")
    assert web.state("dev", "web") == {}
    assert web.run("plan", "dev", "--detailed-exitcode").code == 0


@pytest.mark.night
def test_renamed_stack_keeps_its_color_and_steps(web: Small) -> None:
    web.runs("new")
    web.run_checked("apply", "dev", "--yes")
    before = web.state("dev", "web")
    web.runs("new", "front", more='moved_from = "web"')
    web.run_checked("apply", "dev", "--yes")
    assert web.state("dev", "front") == before
    assert (web.weights("dev", "front"), web.state("dev", "web")) == (GREEN, {})

    web.runs("newer", "entry", "10m", more='moved_from = "front"')
    web.kill_while_shared("apply", "dev", "--yes")
    assert web.weights("dev", "entry") == {"green": 90, "blue": 10}
    assert web.state("dev", "entry")["service green"] == before["service green"]
    web.run_checked("recover", "dev", "--yes")
    assert web.weights("dev", "entry") == GREEN
    web.runs("newer", "entry", more='moved_from = "front"')
    done = web.run_checked("apply", "dev", "--yes", "--json").document["result"]
    assert [share["percent"] for share in done["rollouts"][0]["shares"]] == [10, 100]
    assert web.weights("dev", "entry") == BLUE
