"""A run of two jobs at once, each in a checkout of its own with real Terraform, and one that collects."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from envctl.domain.ci.run_documents import (
    COLLECTED_FOLDER,
    CollectedRun,
    encode_document,
    format_run_id,
    format_run_key,
)
from envctl.domain.ledger.events import Actor
from tests.e2e.conftest import Project
from tests.e2e.project_text import OPEN, render_project

pytestmark = pytest.mark.terraform

TOML = render_project(
    "shop",
    dict.fromkeys(("network", "web"), 'module = "modules/part"'),
    ["dev", "staging"],
    gates={"staging": OPEN},
    more='[store]\nurl = "file://STORE"\n',
)
MODULE = """
variable "size" { type = number }
resource "terraform_data" "this" { input = var.size }
"""


@pytest.fixture
def shop(tmp_path: Path, home: Path) -> Project:
    project = Project(tmp_path / "shop", home)
    project.write("envctl.toml", TOML.replace("STORE", f"{tmp_path}/store"))
    project.write("modules/part/main.tf", MODULE)
    project.write("environments/common.tfvars", "size = 1\n")
    project.run_checked("apply", "dev", "--yes")
    project.run_checked("promote", "dev", "staging", "--yes")
    # So long that each of two jobs is worth its beginning.
    took = {name: {"network": 30.0, "web": 30.0} for name in ("dev", "staging")}
    now = datetime.now(UTC)
    before = CollectedRun(format_run_id("drift", now, "before"), now, Actor("ann"), took)
    earlier = tmp_path / "store" / format_run_key(COLLECTED_FOLDER, before.run)
    earlier.parent.mkdir(parents=True)
    earlier.write_bytes(encode_document(before))
    return project


def checked_out(shop: Project, name: str) -> Project:
    """As on another machine, with the states, which lie in its folder here."""
    root = shop.root.with_name(name)
    shutil.copytree(shop.root, root)
    return Project(root, shop.home)


def test_two_jobs_see_together_what_one_sees(shop: Project) -> None:
    shop.write("environments/staging/terraform.tfvars", "size = 2\n")
    ledger = shop.root.with_name("store") / "ledger"
    entries = len(list(ledger.iterdir()))
    jobs = json.loads(shop.run_checked("matrix", "drift", "--jobs", "2").out)["include"]
    assert [job["shard"] for job in jobs] == [1, 2]
    run = jobs[0]["run"]
    machines = [(checked_out(shop, f"machine-{job['shard']}"), str(job["shard"])) for job in jobs]
    at_work = [machine.start("drift", "--run", run, "--shard", shard) for machine, shard in machines]
    said = [process.communicate(timeout=120) for process in at_work]
    assert [process.returncode for process in at_work] == [0, 0], said
    assert len(list(ledger.iterdir())) == entries
    told = shop.run("collect", run, "--pending", "--json")
    assert told.code == 2
    found = {each["environment"]: each for each in told.document["result"]["environments"]}
    assert {name: (each["condition"], each["pending"]) for name, each in found.items()} == {
        "dev": ("clean", False),
        "staging": ("clean", True),
    }
    assert [stack["stack"] for stack in found["staging"]["stacks"]] == ["network", "web"]
    shop.run_checked("collect", run)
    assert len(list(ledger.iterdir())) == entries + 2
    shop.run_checked("ledger", "verify")


def read_folder(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_plans_of_a_pull_request_write_nothing_into_the_store(shop: Project) -> None:
    shop.write("environments/staging/terraform.tfvars", "size = 2\n")
    store, results = shop.root.with_name("store"), shop.root.with_name("results")
    before = read_folder(store)
    jobs = json.loads(shop.run_checked("matrix", "plan", "--jobs", "2", "--results", str(results)).out)["include"]
    assert [job["shard"] for job in jobs] == [1, 2]
    run = jobs[0]["run"]
    for job in jobs:
        machine, shard = checked_out(shop, f"machine-{job['shard']}"), str(job["shard"])
        # What a job downloads, and what it uploads for the job that collects.
        shutil.copytree(results, machine.root / "results")
        machine.run_checked("plan", "--run", run, "--shard", shard, "--results", "results")
        shutil.copytree(machine.root / "results" / "runs" / "answers", results / "runs" / "answers", dirs_exist_ok=True)
    told = shop.run("collect", run, "--results", str(results), "--detailed-exitcode", "--json")
    assert told.code == 2, told.err
    found = {each["environment"]: each["plan"] for each in told.document["result"]["environments"]}
    assert [[stack["stack"] for stack in plan["stacks"]] for plan in found.values()] == [["network", "web"]] * 2
    assert {name: plan["changes"] for name, plan in found.items()} == {"dev": False, "staging": True}
    for words in ("preview",), ("plan", "dev"), ("validate",), ("why", "staging"), ("diff", "dev", "staging"):
        shop.run_checked(*words)
    assert read_folder(store) == before


def test_folder_of_results_is_refused_with_a_code(shop: Project) -> None:
    results, store = shop.root.with_name("results"), shop.root.with_name("store")
    (run,) = json.loads(shop.run_checked("matrix", "plan", "dev", "--results", str(results)).out)["include"]
    drift = json.loads(shop.run_checked("matrix", "drift", "dev").out)["include"][0]["run"]
    shard = ("plan", "--run", run["run"], "--shard", "1")
    (results / "loop").symlink_to("loop")
    refused: dict[tuple[str, ...], str] = {
        ("matrix", "drift", "--results", str(results)): "E026",
        ("matrix", "--results", str(results)): "E026",
        ("matrix", "plan", "--results", str(results), "--format", "codebuild"): "E026",
        ("matrix", "plan", "--results", str(store)): "E026",
        ("collect", drift, "--results", str(results)): "E026",
        ("plan", "dev", "--results", str(results)): "E026",
        ("plan", "--unit", "dev/web", "--results", str(results)): "E026",
        (*shard, "--unit", "dev/web", "--results", str(results)): "E026",
        ("drift", "--run", drift, "--shard", "1", "--results", str(results)): "E000",
        (*shard,): "E027",
        (*shard, "--results", str(shop.root / "elsewhere")): "E027",
        (*shard, "--results", str(results / "loop")): "E366",
        (*shard, "--results", str(shop.root / "envctl.toml")): "E404",
    }
    for words, code in refused.items():
        ran = shop.run(*words, "--json")
        assert (ran.code != 0, ran.codes) == (True, [code]), words
    answer = results / "runs" / "answers" / run["run"] / "0001.001.json"
    shop.run_checked(*shard, "--results", str(results))
    answer.write_text(json.dumps({"format": 1, "kind": "Answer", "document": {"\x1b[31mred": 1}}))
    ran = shop.run("collect", run["run"], "--results", str(results))
    assert (ran.code, "E472" in ran.out, "\x1b" in ran.out + ran.err) == (1, True, False)
    answer.unlink()
    answer.symlink_to("/etc/hostname")
    ran = shop.run("collect", "--results", str(results), "--json")
    assert (ran.code, ran.codes) == (1, ["E472"])
