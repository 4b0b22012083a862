"""What keeps drift from being looked for: each has an answer of its own, and the other environments are reported."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ACCOUNTS, REPOSITORY, CommandResult, Project, run_in_sandbox, wait_until
from tests.e2e.project_text import OPEN, render_project

pytestmark = pytest.mark.terraform

DAMAGED, FUTURE = "the state is damaged", "use that version or a newer one"


def conditions(ran: CommandResult) -> dict[str, str]:
    return {each["environment"]: each["condition"] for each in ran.document["result"]["environments"]}


def problems(ran: CommandResult, environment: str) -> dict[str, list[str]]:
    """The codes of what kept each stack from being looked at."""
    (found,) = (each for each in ran.document["result"]["environments"] if each["environment"] == environment)
    return {stack["stack"]: [problem["code"] for problem in stack["problems"]] for stack in found["stacks"]}


class TestTheState:
    """On disk, of two stacks; `top` reads what `base` puts out."""

    def test_lost_state_is_unknown_and_nothing_is_recreated(self, small_in_staging: Project) -> None:
        state(small_in_staging, "base").unlink()
        found = small_in_staging.run("drift", "--json")
        assert (found.code, conditions(found)) == (1, {"dev": "clean", "staging": "unknown", "prod": "empty"})
        assert problems(found, "staging") == {"base": ["E321"], "top": ["E321"]}
        for words in (("plan", "staging"), ("apply", "staging", "--yes"), ("promote", "dev", "staging", "--yes")):
            refused = small_in_staging.run(*words, "--json")
            # Of the one itself, and of the one that reads it.
            assert (refused.code, refused.codes) == (1, ["E321", "E321"])
        assert state(small_in_staging, "base").read_bytes() == b""

    def test_unreadable_state_is_reported_with_its_reason(self, small_in_staging: Project) -> None:
        kept = state(small_in_staging, "top").read_text()
        reasons: dict[str, tuple[Callable[[dict[str, Any]], object], str, str]] = {
            "a newer format": (lambda document: document.update(version=5), "E327", FUTURE),
            "a newer provider": (newer_provider, "E327", "deploy a release with that provider version"),
        }
        for change, code, hint in reasons.values():
            document = json.loads(kept)
            change(document)
            state(small_in_staging, "top").write_text(json.dumps(document))
            self.is_unknown(small_in_staging, code, hint)
        state(small_in_staging, "top").write_text(kept[: len(kept) // 2])
        self.is_unknown(small_in_staging, "E328", DAMAGED)

        # Terraform reads what a newer one of the same format wrote.
        state(small_in_staging, "top").write_text(json.dumps({**json.loads(kept), "terraform_version": "99.0.0"}))
        assert conditions(small_in_staging.run("drift", "staging", "--json")) == {"staging": "clean"}

    @staticmethod
    def is_unknown(project: Project, code: str, hint: str) -> None:
        found = project.run("drift", "staging", "dev", "--json")
        assert (found.code, conditions(found)) == (1, {"staging": "unknown", "dev": "clean"})
        told = problems(found, "staging")
        assert (told["base"], set(told["top"])) == ([], {code})
        assert hint in found.out

    def test_broken_ledger_stops_drift_check(self, small_in_staging: Project) -> None:
        store = small_in_staging.root / ".envctl" / "store"
        shutil.copytree(store, small_in_staging.root / "backup")
        (store / "ledger" / "0000000003.json").chmod(0o600)
        (store / "ledger" / "0000000003.json").write_text("{")
        found = small_in_staging.run("drift", "--json")
        assert (found.code, found.codes) == (1, ["E401"])
        assert "entry 3" in found.document["problems"][0]["message"]
        shutil.rmtree(store)
        (small_in_staging.root / "backup").rename(store)
        assert small_in_staging.run("drift").code == 0


def state(project: Project, stack: str) -> Path:
    return project.root / ".envctl" / "state" / "staging" / f"{stack}.tfstate"


def newer_provider(document: dict[str, Any]) -> None:
    for resource in document["resources"]:
        for instance in resource["instances"]:
            instance["schema_version"] = 9


TOML = render_project(
    "news",
    {"news": ""},
    on_aws=True,
    gates={"staging": OPEN},
    more="""
[providers.aws]
source      = "hashicorp/aws"
max_retries = 1

[sandbox]
endpoint_url = "http://127.0.0.1:PORT"
""",
)
MODULE = """
resource "aws_ssm_parameter" "name" {
  name  = "news"
  type  = "String"
  value = "here"
}

resource "aws_sns_topic" "news" {
  name = aws_ssm_parameter.name.name
}
"""


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Path]:
    """AWS that fails the accounts that `faults.json` names."""
    folder = tmp_path / "cloud"
    folder.mkdir()
    fail(folder, "nothing")
    command = [sys.executable, "-m", "tests.e2e.faults.faulty_cloud", str(folder)]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, cwd=REPOSITORY, stdout=log, stderr=log) as server,
    ):
        try:
            wait_until((folder / "port").exists)
            yield folder
        finally:
            server.kill()


def fail(cloud: Path, fault: str) -> None:
    """From now on, in the account of staging."""
    (cloud / "faults.json").write_text(json.dumps({ACCOUNTS["staging"]: fault}))


FAULTS = {
    "credentials that expire half-way": ("expired half-way", "E324", "aws sso login"),
    "an API that throttles": ("throttled", "E323", "-parallelism=2"),
    "a role that may not be taken": ("role denied", "E326", "check assume_role"),
}


@pytest.mark.night
def test_failing_account_does_not_hide_other_environments(
    tmp_path: Path, home: Path, unpacked_provider: Path, cloud: Path
) -> None:
    project = Project(tmp_path / "news", home)
    project.write("envctl.toml", TOML.replace("PORT", (cloud / "port").read_text()))
    project.write("modules/news/main.tf", MODULE)
    with run_in_sandbox(project, unpacked_provider):
        project.run_checked("--sandbox", "apply", "dev", "--yes")
        project.run_checked("--sandbox", "promote", "dev", "staging", "--yes")
        for fault, code, hint in FAULTS.values():
            fail(cloud, fault)
            found = project.run("--sandbox", "drift", "--json")
            assert (found.code, conditions(found)) == (1, {"dev": "clean", "staging": "unknown", "prod": "empty"}), (
                fault
            )
            assert problems(found, "staging") == {"news": [code]}, fault
            assert hint in found.out
        fail(cloud, "nothing")
        assert project.run("--sandbox", "drift").code == 0
