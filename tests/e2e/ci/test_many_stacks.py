"""Many stacks of an environment. Some fail, are killed or are stopped: what becomes of the others, and what comes next.

Real Terraform with its built-in provider. Each stack does what a script says when it is applied, and leaves its name.
"""

import json
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Project, wait_until
from tests.e2e.project_text import PEER, render_project

pytestmark = pytest.mark.terraform

HEAD = render_project("many", {}, ["dev", "staging"], gates={"staging": PEER})
PART = """
variable "acts" {
  type = string
}

variable "text" {
  type = string
}

variable "of" {
  type    = string
  default = ""
}

locals {
  me = basename(abspath(path.root))
}

resource "terraform_data" "first" {
  input = local.me
}

resource "terraform_data" "this" {
  input            = "${local.me} ${var.text} ${var.of}"
  triggers_replace = "${var.text} ${var.of}"
  depends_on       = [terraform_data.first]

  provisioner "local-exec" {
    command = "echo ${local.me} >> ${var.acts}/acted; . ${var.acts}/act"
  }
}

output "name" {
  value = terraform_data.this.output
}
"""
EIGHT = tuple(f"s{number}" for number in range(1, 9))
OF_EIGHT = {"s7": 'inputs = { of = "s1.name" }', "s8": 'inputs = { of = "s7.name" }'}
FIVE = ("base", "mid", "top", "side", "alone")
OF_FIVE = {
    "mid": 'inputs = { of = "base.name" }',
    "top": 'inputs = { of = "mid.name" }',
    "side": 'after = ["base"]',
}


class Many(Project):
    def lay(self, names: Sequence[str], needs: Mapping[str, str]) -> None:
        self.wire(names, needs)
        for name in names:
            self.write(f"modules/{name}/main.tf", PART)
        for environment in ("dev", "staging"):
            self.says(environment, "one")
        self.acts()

    def wire(self, names: Sequence[str], needs: Mapping[str, str]) -> None:
        tables = (f'[stacks.{name}]\nmodule = "modules/{name}"\n{needs.get(name, "")}\n' for name in names)
        self.write("envctl.toml", HEAD + "\n".join(tables))

    def says(self, environment: str, text: str) -> None:
        """A settings change, which makes every stack anew."""
        settings = f'acts = "{self.home}"\ntext = "{text}"\n'
        self.write(f"environments/{environment}/terraform.tfvars", settings)

    def acts(self, **what: str) -> None:
        """What those stacks do when they are applied; the others do nothing."""
        cases = "".join(f"{name}) {does};;\n" for name, does in what.items())
        (self.home / "act").write_text(f"case $(basename $PWD) in\n{cases}esac\n")
        (self.home / "acted").write_text("")

    @property
    def acted(self) -> list[str]:
        return sorted((self.home / "acted").read_text().split())

    @property
    def ledger(self) -> list[dict[str, Any]]:
        files = sorted((self.root / ".envctl/store/ledger").glob("*.json"))
        return [json.loads(file.read_bytes())["event"] for file in files]

    def state(self, stack: str) -> list[str]:
        """What of the stack is there whole, by its state."""
        state = json.loads((self.root / f".envctl/state/dev/{stack}.tfstate").read_bytes())
        return [each["name"] for each in state["resources"] if each["instances"][0].get("status") != "tainted"]

    def proven(self) -> bool:
        present = self.run_checked("status", "--json").document["result"]["environments"][0]["present"]
        release = (present["current"] or {"release": ""})["release"]
        return present["evidence"].get(release, {"verified_at": None})["verified_at"] is not None


def ends(document: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in document["stacks"]:
        found.setdefault(each["end"], []).append(each["stack"])
    return found


@pytest.fixture
def eight(tmp_path: Path, home: Path) -> Many:
    project = Many(tmp_path / "eight", home)
    project.lay(EIGHT, OF_EIGHT)
    return project


@pytest.fixture
def five(tmp_path: Path, home: Path) -> Many:
    project = Many(tmp_path / "five", home)
    project.lay(FIVE, OF_FIVE)
    return project


WAITS = "until [ -e {home}/go ]; do sleep 0.05; done"


def test_failed_stack_of_eight_is_resumed_next_time(eight: Many) -> None:
    eight.acts(s1="exit 1")
    failed = eight.run("apply", "dev", "--yes", "--json")
    others = [name for name in EIGHT if name not in ("s1", "s7", "s8")]
    assert (failed.code, failed.codes) == (1, ["E305"])
    assert "s1" in failed.document["problems"][0]["message"]
    assert ends(failed.document) == {"failed": ["s1"], "applied": others, "left": ["s7", "s8"]}
    because = {each["stack"]: each["because"] for each in failed.document["stacks"] if each["end"] == "left"}
    assert because == {"s7": ["s1"], "s8": ["s1"]}
    last = eight.ledger[-1]
    assert (last["kind"], last["interrupted"], sorted(last["stacks"])) == ("deployment failed", False, others)
    assert not eight.proven()

    eight.acts()
    shown = eight.run_checked("apply", "dev", "--yes").out
    assert eight.acted == ["s1", "s7", "s8"]
    assert "dev runs release" in shown
    assert eight.proven()


@pytest.mark.night
def test_interruption_stops_six_running_applies_cleanly(eight: Many) -> None:
    six = EIGHT[:6]
    eight.acts(**dict.fromkeys(six, WAITS.format(home=eight.home)))
    process = eight.start("--parallelism", "6", "apply", "dev", "--yes", "--json")
    wait_until(lambda: set(six) <= set(eight.acted))
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    said = json.loads(out)
    assert (process.returncode, [each["code"] for each in said["problems"]]) == (130, ["E311"])
    ended = ends(said)
    assert ended == {"stopped": list(six), "left": ["s7", "s8"]}
    assert [eight.state(stack) for stack in six] == [["first"]] * 6
    assert not list((eight.root / ".envctl/state").rglob("*.lock.info"))
    last = eight.ledger[-1]
    assert (last["kind"], last["interrupted"], last["stacks"]) == ("deployment failed", True, [])

    eight.acts()
    eight.run_checked("apply", "dev", "--yes")
    assert eight.acted == list(EIGHT)
    assert eight.proven()


def test_killed_terraform_does_not_stop_other_stacks(five: Many) -> None:
    waits = WAITS.format(home=five.home)
    five.acts(base=waits, alone=waits)
    process = five.start("apply", "dev", "--yes", "--json")
    wait_until(lambda: five.acted == ["alone", "base"])
    os.kill(int((five.root / ".envctl/work/dev/base/.running").read_text()), signal.SIGKILL)
    (five.home / "go").touch()
    out, _ = process.communicate(timeout=60)
    said = json.loads(out)
    (problem,) = said["problems"]
    assert (process.returncode, problem["code"]) == (1, "E332")
    assert problem["message"].startswith("base: Terraform was killed (SIGKILL)\nit was working on terraform_data.this")
    assert problem["hint"].endswith("envctl recover dev")
    assert ends(said) == {"failed": ["base"], "left": ["mid", "top", "side"], "applied": ["alone"]}
    assert five.state("base") == ["first"]

    five.run_checked("recover", "dev", "--yes")
    five.acts()
    five.run_checked("apply", "dev", "--yes")
    assert five.acted == ["base", "mid", "side", "top"]
    assert five.proven()
