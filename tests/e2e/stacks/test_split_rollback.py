"""A rollback across a split of a root destroys nothing of what the old root takes back: real provider, sandbox."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from envctl.adapters.sandbox.lifecycle import Sandbox
from tests.e2e.conftest import ACCOUNTS, REGION, Project, run_in_sandbox
from tests.e2e.project_text import OPEN, render_project
from tests.modules import applying

pytestmark = pytest.mark.terraform

ENVIRONMENTS = ("dev", "prod")
PROVIDER = f'provider "aws" {{\n  region = "{REGION}"\n}}\n'
TOPIC = 'resource "aws_sns_topic" "{0}" {{\n  name = "{0}"\n}}\n'
REMOVED = "removed {\n  from = aws_sns_topic.b\n  lifecycle {\n    destroy = false\n  }\n}\n"
IMPORTED = """
data "aws_caller_identity" "here" {}

import {
  to = aws_sns_topic.b
  id = "arn:aws:sns:REGION:${data.aws_caller_identity.here.account_id}:b"
}
""".replace("REGION", REGION)


def write_project(project: Project, *stacks: str) -> None:
    text = render_project("shop", {}, ENVIRONMENTS, on_aws=True, gates={"prod": OPEN})
    project.write("envctl.toml", "\n".join((text, *stacks)))


WEB = '[stacks.web]\nroot = "live/web"\n'
TWO = '[stacks.two]\nroot = "live/two"\nafter = ["web"]\n'


@pytest.fixture
def split(tmp_path: Path, home: Path, unpacked_provider: Path) -> Iterator[Project]:
    """prod runs the release before the split, then the one after it."""
    project = Project(tmp_path / "shop", home)
    write_project(project, WEB)
    project.write("live/web/main.tf", PROVIDER + TOPIC.format("a") + TOPIC.format("b"))
    with run_in_sandbox(project, unpacked_provider):
        deploy(project)
        write_project(project, WEB, TWO)
        project.write("live/web/main.tf", PROVIDER + TOPIC.format("a") + REMOVED)
        project.write("live/two/main.tf", PROVIDER + TOPIC.format("b") + IMPORTED)
        deploy(project)
        yield project


def deploy(project: Project) -> None:
    project.run_checked("--sandbox", "apply", "dev", "--yes")
    project.run_checked("--sandbox", "promote", "dev", "prod", "--yes")


def list_topics(project: Project, environment: str) -> list[str]:
    running = Sandbox(project.root / ".envctl" / "sandbox").find_running()
    assert running is not None
    found = applying.Account(running, ACCOUNTS[environment]).client("sns", REGION).list_topics()["Topics"]
    return sorted(each["TopicArn"].rpartition(":")[2] for each in found)


def test_rollback_across_a_split_destroys_nothing(split: Project) -> None:
    refused = split.run("--sandbox", "rollback", "prod", "--yes", "--json")
    (problem,) = refused.document["problems"]
    assert (refused.code, problem["code"]) == (1, "E382")
    assert "aws_sns_topic.b (two deletes it, and web creates the same resource" in problem["message"]
    assert list_topics(split, "prod") == ["a", "b"]

    # As the hint says.
    assert '[removed.two]\n  then = "forget"' in problem["hint"]
    write_project(split, WEB, TWO, '[removed.two]\nthen = "forget"\n')
    split.run_checked("--sandbox", "rollback", "prod", "--yes")
    assert list_topics(split, "prod") == ["a", "b"]
    assert split.run_checked("--sandbox", "drift", "prod", "--json").document["result"]["found"] is False

    # The way forward again: the new stack has its state still.
    write_project(split, WEB, TWO)
    split.write("live/web/main.tf", PROVIDER + TOPIC.format("a") + TOPIC.format("c") + REMOVED)
    deploy(split)
    assert list_topics(split, "prod") == ["a", "b", "c"]
