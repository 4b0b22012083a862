"""The power fails while a renamed stack takes its state along in S3: at each write to S3 of that deployment, before it
has landed and after that. envctl, Terraform and all that they started are gone at once, and a lock may be left.

The state is never lost and never in two places that both count, and nothing is made twice. By day the same is shown
with fakes: tests/usecases/deployment/leaving/test_leaving_stacks.py.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aws_api_emulator.exchange import Request

from envctl.adapters.sandbox.lifecycle import Bucket, Sandbox
from tests.e2e.conftest import Project
from tests.e2e.project_text import render_project
from tests.faults.faults import Dropped, Fault, no_fault
from tests.faults.proxy import FaultyProxy
from tests.modules import applying

pytestmark = [pytest.mark.night, pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.slow]

ACCOUNT, REGION = "123456789012", "us-east-1"
BUCKETS = STORE, STATES = "tiny-store", "tiny-states"
TOML = render_project(
    "tiny",
    {"base": 'module = "modules/part"'},
    ["dev"],
    more=f"""
[store]
url = "s3://{STORE}/envctl"
region = "{REGION}"
account_id = "{ACCOUNT}"

[state]
backend = "s3"
bucket = "{STATES}"
""",
)
WEB = """
[stacks.web]
module = "modules/part"
inputs = { of = "base.name" }
"""
FRONT = WEB.replace("web", "front") + 'moved_from = "web"\n'
# Each time that something is made, a line is added outside of Terraform: it says what was made twice.
PART = """
variable "made" { type = string }
variable "of" {
  type    = string
  default = "base"
}
resource "terraform_data" "this" {
  input = var.of
  provisioner "local-exec" {
    command = "echo ${self.input} >> ${var.made}"
  }
}
output "name" { value = "web" }
"""
APPLY = ("apply", "dev", "--yes")
STARTED = "ledger/0000000006.json"
# More than there are; a deployment that is not killed any more says that there are no more.
WRITES, PARTS = 40, 4


@dataclass
class Cloud:
    """`saved` is what the buckets and the folders held before the deployment that is killed."""

    proxy: FaultyProxy
    s3: Any
    project: Project
    saved: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def objects(self) -> dict[tuple[str, str], bytes]:
        return {
            (bucket, each["Key"]): self.s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
            for bucket in BUCKETS
            for each in self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        }

    def ids(self, stack: str) -> list[str]:
        """Of what the state of a stack holds."""
        state = self.objects().get((STATES, f"dev/{stack}.tfstate"), b'{"resources": []}')
        held = [each for each in json.loads(state)["resources"] if each["mode"] == "managed"]
        return [one["attributes"]["id"] for each in held for one in each["instances"]]

    def save(self) -> None:
        self.saved = self.objects()
        for folder in (self.project.root, self.project.home):
            shutil.copytree(folder, folder.with_name(f"{folder.name}-saved"), symlinks=True)

    def restore(self) -> None:
        now = self.objects()
        for bucket, key in now.keys() - self.saved.keys():
            self.s3.delete_object(Bucket=bucket, Key=key)
        for (bucket, key), data in self.saved.items():
            if now.get((bucket, key)) != data:
                self.s3.put_object(Bucket=bucket, Key=key, Body=data)
        for folder in (self.project.root, self.project.home):
            shutil.rmtree(folder)
            shutil.copytree(folder.with_name(f"{folder.name}-saved"), folder, symlinks=True)

    def kill_at(self, number: int, *, landed: bool) -> str:
        """Deploys the rename until its write of that number to S3; what it would have written, or nothing if there
        are not that many.
        """
        process = self.project.start(*APPLY)
        fuse = Fuse(process, number, landed=landed)
        with self.proxy.use_plan(fuse):
            _, err = process.communicate(timeout=120)
        assert fuse.met or process.returncode == 0, err
        return fuse.met


@dataclass
class Fuse:
    """Kills a command, with all that it has started, at its write of that number after its start was recorded."""

    process: "subprocess.Popen[str]"
    number: int
    landed: bool
    count: int = 0
    met: str = ""

    def __call__(self, request: Request) -> Fault | None:
        if request.method not in {"PUT", "DELETE"} or not (self.count or STARTED in request.target):
            return None
        self.count += 1
        if self.count != self.number:
            return Dropped() if self.met else None
        self.met = f"{request.method} {request.target}"
        for pid in family(self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return None if self.landed else Dropped()


def family(pid: int) -> set[int]:
    """A process and all that it has started, and these in turn."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        with suppress(OSError):
            if folder.name.isdigit():
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    found, new = set[int](), {pid}
    while new:
        found |= new
        new = {child for child, parent in parents.items() if parent in new} - found
    return found


@pytest.fixture
def cloud(tmp_path: Path, home: Path) -> Iterator[Cloud]:
    """The stacks base and web are deployed, with state and store in S3, and web is renamed in the project file."""
    sandbox = Sandbox(tmp_path / "sandbox")
    running = sandbox.start(buckets=[Bucket(name, REGION, ACCOUNT) for name in BUCKETS])
    with FaultyProxy(running, tmp_path / "proxy") as proxy:
        project = replace(Project(tmp_path / "tiny", home), extra=proxy.build_environment())
        project.write("modules/part/main.tf", PART)
        project.write("environments/dev/terraform.tfvars", f'made = "{home}/made"\n')
        project.write("envctl.toml", TOML + WEB)
        project.run_checked(*APPLY)
        project.write("envctl.toml", TOML + FRONT)
        found = Cloud(proxy, applying.Account(running, ACCOUNT).client("s3"), project)
        found.save()
        yield found
        proxy.plan = no_fault
    sandbox.stop()


def recovered(cloud: Cloud, before: list[str], where: str) -> None:
    """`recover`, and the same command again."""
    project = cloud.project
    assert before in (cloud.ids("web"), cloud.ids("front")), f"{where}: the state is lost"
    project.run_checked("recover", "dev", "--yes")
    project.run_checked(*APPLY)
    assert (cloud.ids("web"), cloud.ids("front")) == ([], before), where
    assert sorted((project.home / "made").read_text().split()) == ["base", "web"], where
    assert not [key for _, key in cloud.objects() if key.endswith(".tflock")], where
    assert project.run("plan", "dev", "--detailed-exitcode").code == 0, where
    project.run_checked("ledger", "verify")


@pytest.mark.parametrize("part", range(PARTS))
def test_power_fails_at_any_write(part: int, cloud: Cloud) -> None:
    before = cloud.ids("web")
    for number in range(1 + part, WRITES, PARTS):
        for landed in (False, True):
            cloud.restore()
            where = cloud.kill_at(number, landed=landed)
            if not where:
                assert number > 10
                return
            recovered(cloud, before, f"write {number}, {where}, {'landed' if landed else 'not landed'}")
    pytest.fail(f"there are more than {WRITES} writes")
