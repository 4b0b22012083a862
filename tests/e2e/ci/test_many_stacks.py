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

pytestmark = pytest.mark.terraform

HEAD = """
[project]
name = "many"

[pipeline]
order = ["dev", "staging"]

[environments.dev]
[environments.staging]

[environments.staging.gates]
approvals = { peer = 1 }
"""
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

  lifecycle {
    precondition {
      condition     = !fileexists("${var.acts}/no-plan-of-${local.me}")
      error_message = "not today"
    }
  }

  provisioner "local-exec" {
    command = "echo ${local.me} >> ${var.acts}/acted; . ${var.acts}/act"
  }
}

output "name" {
  value = terraform_data.this.output
}
"""
MORE = 'output "more" {\n  value = "more of ${terraform_data.this.output}"\n}\n'
TWELVE = tuple(f"s{number:02}" for number in range(1, 13))
OF_TWELVE = {"s07": 'inputs = { of = "s01.name" }', "s08": 'inputs = { of = "s07.name" }', "s09": 'after = ["s02"]'}
FIVE = ("base", "mid", "top", "side", "alone")
OF_FIVE = {
    "mid": 'inputs = { of = "base.name" }',
    "top": 'inputs = { of = "mid.name" }',
    "side": 'after = ["base"]',
}
BOB = "bob@example.com"


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
def twelve(tmp_path: Path, home: Path) -> Many:
    project = Many(tmp_path / "twelve", home)
    project.lay(TWELVE, OF_TWELVE)
    return project


@pytest.fixture
def five(tmp_path: Path, home: Path) -> Many:
    project = Many(tmp_path / "five", home)
    project.lay(FIVE, OF_FIVE)
    return project


WAITS = "until [ -e {home}/go ]; do sleep 0.05; done"


def test_failed_stack_of_twelve_is_resumed_next_time(twelve: Many) -> None:
    twelve.acts(s01="exit 1")
    failed = twelve.run("apply", "dev", "--yes", "--json")
    others = [name for name in TWELVE if name not in ("s01", "s07", "s08")]
    assert (failed.code, failed.codes) == (1, ["E305"])
    assert "s01" in failed.document["problems"][0]["message"]
    assert ends(failed.document) == {"failed": ["s01"], "applied": others, "left": ["s07", "s08"]}
    because = {each["stack"]: each["because"] for each in failed.document["stacks"] if each["end"] == "left"}
    assert because == {"s07": ["s01"], "s08": ["s01"]}
    last = twelve.ledger[-1]
    assert (last["kind"], last["interrupted"], sorted(last["stacks"])) == ("deployment failed", False, others)
    assert not twelve.proven()

    twelve.acts()
    shown = twelve.run_checked("apply", "dev", "--yes").out
    assert twelve.acted == ["s01", "s07", "s08"]
    assert "dev runs release" in shown
    assert twelve.proven()


def test_unplannable_stack_blocks_apply_but_not_plan(five: Many) -> None:
    (five.home / "no-plan-of-alone").touch()
    planned = five.run("plan", "dev", "--json")
    assert (planned.code, planned.codes) == (1, ["E305"])
    shown = {each["stack"]: each["waits_for"] for each in planned.document["result"]["stacks"]}
    assert shown == {"base": [], "mid": ["base"], "top": ["mid"], "side": ["base"]}
    applied = five.run("apply", "dev", "--yes", "--json")
    assert (applied.code, applied.codes, applied.document["stacks"]) == (1, ["E305"], [])
    assert (five.acted, five.root.joinpath(".envctl/store/ledger").exists()) == ([], False)


def test_interruption_stops_six_running_applies_cleanly(twelve: Many) -> None:
    six = TWELVE[:6]
    twelve.wire(TWELVE[:8], OF_TWELVE)
    twelve.acts(**dict.fromkeys(six, WAITS.format(home=twelve.home)))
    process = twelve.start("--parallelism", "6", "apply", "dev", "--yes", "--json")
    wait_until(lambda: set(six) <= set(twelve.acted))
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    said = json.loads(out)
    assert (process.returncode, [each["code"] for each in said["problems"]]) == (130, ["E311"])
    ended = ends(said)
    assert ended == {"stopped": list(six), "left": ["s07", "s08"]}
    assert [twelve.state(stack) for stack in six] == [["first"]] * 6
    assert not list((twelve.root / ".envctl/state").rglob("*.lock.info"))
    last = twelve.ledger[-1]
    assert (last["kind"], last["interrupted"], last["stacks"]) == ("deployment failed", True, [])

    twelve.acts()
    twelve.run_checked("apply", "dev", "--yes")
    assert twelve.acted == list(TWELVE[:8])
    assert twelve.proven()


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
    assert problem["message"].startswith(
        "base: Terraform was killed (SIGKILL)\nit was in the midst of terraform_data.this"
    )
    assert problem["hint"].endswith("envctl recover dev")
    assert ends(said) == {"failed": ["base"], "left": ["mid", "top", "side"], "applied": ["alone"]}
    assert five.state("base") == ["first"]

    five.run_checked("recover", "dev", "--yes")
    five.acts()
    five.run_checked("apply", "dev", "--yes")
    assert five.acted == ["base", "mid", "side", "top"]
    assert five.proven()


# How the guards answer is shown by day, with fakes: tests/usecases/deployment/test_many_stacks.py.
@pytest.mark.night
def test_replanned_stack_may_not_exceed_approved_changes(five: Many) -> None:
    approve = ("approve", "staging", "--gate", "peer", "--yes")
    promote = ("promote", "dev", "staging", "--yes")
    five.run_checked("apply", "dev", "--yes")
    five.run_checked(*approve, GIT_AUTHOR_EMAIL=BOB)
    # Of what is not there yet nothing was seen: each layer stops until it was, or until it is accepted unseen.
    first = five.run(*promote, "--json")
    assert (first.code, set(first.codes)) == (4, {"G302"})
    assert ends(first.document) == {"applied": ["base", "alone"], "refused": ["mid", "side"], "left": ["top"]}
    five.run_checked(*approve, "--unseen", "top", GIT_AUTHOR_EMAIL=BOB)
    five.run_checked(*promote)
    five.acts()

    five.write("modules/base/main.tf", PART.replace("${local.me} ${var.text}", "${local.me} is ${var.text}"))
    shown = five.run_checked("apply", "dev", "--yes").err
    assert shown.count("Plan for dev") == 3, "all, and then each that reads what has changed"
    assert five.acted == ["mid", "top"]
    told = five.run_checked(*approve, GIT_AUTHOR_EMAIL=BOB).err
    assert "Total for staging: 1 to update" in told

    refused = five.run(*promote, "--json")
    assert (refused.code, refused.codes) == (4, ["G302"])
    assert "replace mid: terraform_data.this" in refused.document["problems"][0]["message"]
    assert ends(refused.document) == {
        "applied": ["base"],
        "refused": ["mid"],
        "left": ["top"],
        "unchanged": ["side", "alone"],
    }
    assert five.ledger[-1]["kind"] == "deployment failed"

    five.run_checked(*approve, GIT_AUTHOR_EMAIL=BOB)
    again = five.run(*promote, "--json")
    assert ends(again.document)["refused"] == ["top"]
    five.run_checked(*approve, GIT_AUTHOR_EMAIL=BOB)
    five.run_checked(*promote)
    assert five.acted == ["mid", "mid", "top", "top"]


@pytest.mark.night
def test_stack_waits_for_upstream_output_about_to_exist(five: Many) -> None:
    reads = {"mid": 'inputs = { of = "base.more" }'}
    five.wire(("base", "mid"), OF_FIVE)
    five.run_checked("apply", "dev", "--yes")
    five.acts()
    five.write("modules/base/main.tf", PART + MORE)
    five.wire(("base", "mid"), reads)
    planned = five.run_checked("plan", "dev", "--json").document["result"]["stacks"]
    assert {each["stack"]: each["waits_for"] for each in planned if each["waits_for"]} == {"mid": ["base"]}
    alone = five.run("apply", "dev", "--stack", "mid", "--yes", "--json")
    assert alone.codes == ["E305"]
    assert alone.document["problems"][0]["hint"].endswith("--with-upstream")
    five.run_checked("apply", "dev", "--yes")
    assert five.acted == ["mid"]
    # An output that nobody puts out, now or ever.
    five.wire(("base", "mid"), {"mid": 'inputs = { of = "base.less" }'})
    assert five.run("plan", "dev", "--json").codes == ["E112"]


@pytest.mark.night
def test_partial_apply_is_possible_but_no_evidence(five: Many) -> None:
    def planned(*words: str) -> list[str]:
        return [
            each["stack"] for each in five.run_checked("plan", "dev", *words, "--json").document["result"]["stacks"]
        ]

    assert planned("--stack", "mid") == ["mid"]
    assert planned("--stack", "mid", "--with-upstream") == ["base", "mid"]
    assert planned("--stack", "base", "--with-downstream") == ["base", "mid", "top", "side"]
    needs = five.run("apply", "dev", "--stack", "mid", "--yes", "--json")
    assert (needs.code, needs.codes) == (64, ["E028"])
    part = five.run_checked("apply", "dev", "--stack", "mid", "--with-upstream", "--yes", "--json").document["result"]
    assert (five.acted, part["only"], part["deployment"]["outcome"]) == (["base", "mid"], ["base", "mid"], "partial")
    assert part["next"] == "envctl apply dev"
    assert not five.proven()
    refused = five.run("promote", "dev", "staging", "--yes", "--json")
    assert (refused.code, refused.codes[0]) == (3, "G102")

    five.run_checked("apply", "dev", "--yes")
    assert five.acted == ["alone", "base", "mid", "side", "top"]
    assert five.proven()
    looked = five.run_checked("drift", "dev", "--stack", "top", "--with-upstream", "--json").document["result"]
    assert [each["stack"] for each in looked["environments"][0]["stacks"]] == ["base", "mid", "top"]

    five.says("dev", "two")
    five.run_checked("apply", "dev", "--stack", "alone", "--yes")
    assert not five.proven(), "a part of it has been made anew since"
    assert five.run("promote", "dev", "staging", "--yes", "--json").codes[0] == "G102"
