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
