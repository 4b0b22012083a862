"""What an environment puts out, for people, for scripts and for a command: on real Terraform, and in the sandbox."""

import json
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.conftest import PreparedProjects, Project, write_small

pytestmark = pytest.mark.terraform

SECRET = "planted-dev-secret"
MORE = """
output "ids" {
  value = ["a", "b"]
}
output "password" {
  value     = var.password
  sensitive = true
}
"""


def apply_outputs(root: Path, home: Path) -> Project:
    small = write_small(root, home)
    top = small.root / "modules" / "top" / "main.tf"
    top.write_text(top.read_text() + MORE)
    small.run_checked("apply", "dev", "--yes")
    return small


@pytest.fixture
def applied(prepared: PreparedProjects) -> Project:
    return prepared.restore(apply_outputs)


def holding(folder: Path, text: str) -> list[str]:
    """The files in which the text stands."""
    return [file.name for file in folder.rglob("*") if file.is_file() and text.encode() in file.read_bytes()]


def test_outputs_are_shown_by_stack_and_redacted(applied: Project) -> None:
    told = applied.run_checked("output", "dev")
    assert [line.strip() for line in told.out.splitlines()[1:] if line] == [
        "base",
        'name = "dev-name"',
        "top",
        'ids      = ["a", "b"]',
        "password = (sensitive)",
    ]
    document = applied.run_checked("output", "dev", "--json").document
    assert document["result"]["stacks"][1]["outputs"] == {"ids": ["a", "b"], "password": "(sensitive)"}
    for said in (told.out, json.dumps(document), applied.run_checked("output", "dev", "--markdown").out):
        assert SECRET not in said


BARE = {
    "text": (["base.name"], "dev-name\n"),
    "a list": (["ids"], '["a", "b"]\n'),
    "what is sensitive and asked for": (["password", "--reveal"], f"{SECRET}\n"),
}


def test_single_output_is_printed_plainly(applied: Project) -> None:
    for words, expected in BARE.values():
        told = applied.run_checked("output", "dev", *words)
        assert (told.out, told.err) == (expected, "")
    refused = applied.run("output", "dev", "password", "--json")
    assert (refused.code, refused.codes) == (64, ["E014"])
    assert SECRET not in refused.out


def test_unreadable_state_does_not_hide_other_outputs(applied: Project) -> None:
    states = applied.root / ".envctl" / "state" / "dev"
    (states / "base.tfstate").unlink()
    told = applied.run("output", "dev")
    assert told.code == 1
    assert 'ids      = ["a", "b"]' in told.out
    assert "E321" in told.err
    (states / "top.tfstate").write_text("{")
    document = applied.run("output", "dev", "--json").document
    assert (document["ok"], document["exit_code"], document["result"]["unread"]) == (False, 1, ["base", "top"])
    assert [problem["code"] for problem in document["problems"]] == ["E321", "E328"]
    assert applied.run("exec", "dev", "--", "true").code == 1


def test_command_gets_outputs_in_its_environment_only(applied: Project) -> None:
    before = set(holding(applied.root, SECRET))
    told = applied.run_checked(
        "exec", "dev", "--", "sh", "-c", 'echo "$ENVCTL_OUTPUT_TOP_PASSWORD|$ENVCTL_OUTPUT_TOP_IDS"; env'
    )
    assert told.out.startswith(f'{SECRET}|["a", "b"]\n')
    assert "ENVCTL_PROJECT=small\n" in told.out
    assert told.err == ""
    assert set(holding(applied.root, SECRET)) == before
    assert (
        applied.run_checked("exec", "dev", "--", "sh", "-c", 'tr "\\0" " " < /proc/$$/cmdline').out.count(SECRET) == 0
    )


def test_exec_returns_the_exit_code_of_command(applied: Project) -> None:
    for words, code, said in (
        (["sh", "-c", "exit 7"], 7, ""),
        (["nonesuch"], 127, "E015"),
        (["./envctl.toml"], 126, "E018"),
    ):
        told = applied.run("exec", "dev", "--", *words)
        assert told.code == code
        assert said in told.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_is_delivered_to_the_command(applied: Project, number: signal.Signals) -> None:
    script = f"import signal, sys, time; signal.signal({number.value}, lambda *_: sys.exit(9))\n"
    script += "print('ready', flush=True)\nwhile True: time.sleep(0.01)"
    process = applied.start("exec", "dev", "--", sys.executable, "-c", script)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    assert process.wait(20) == 9
    process.communicate()


def test_exec_does_not_lock_the_environment(applied: Project) -> None:
    process = applied.start("exec", "dev", "--", "sh", "-c", "echo ready; exec sleep 60")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    applied.run_checked("plan", "dev")
    process.kill()
    process.communicate()


def test_output_and_exec_without_deployment_suggest_promotion(small: Project) -> None:
    for words in (["output", "staging"], ["exec", "staging", "--", "touch", "ran"]):
        told = small.run(*words)
        assert told.code == 1
        assert "E414" in told.err
        assert "envctl promote dev staging" in told.err
    assert not (small.root / "ran").exists()


WHO = """
import boto3, os
print(boto3.client("sts").get_caller_identity()["Account"])
vpcs = boto3.client("ec2").describe_vpcs(VpcIds=[os.environ["ENVCTL_OUTPUT_NETWORK_VPC_ID"]])["Vpcs"]
print(vpcs[0]["CidrBlock"])
"""


@pytest.mark.night
def test_sandboxed_command_reaches_only_the_embedded_account(shop: Project) -> None:
    shop.run_checked("--sandbox", "apply", "dev", "--yes")
    mine = {"AWS_PROFILE": "mine", "AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_SECRET_ACCESS_KEY": "real"}
    shop = replace(shop, extra={**shop.extra, **mine})
    told = shop.run_checked("--sandbox", "exec", "dev", "--", sys.executable, "-c", WHO)
    assert told.out == "111111111111\n10.10.0.0/16\n"
    seen = shop.run_checked("--sandbox", "exec", "dev", "--", "env").out
    assert "AWS_PROFILE" not in seen
    assert "AKIAREAL" not in seen
    assert "AWS_SESSION_TOKEN=" in seen
