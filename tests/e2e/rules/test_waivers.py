"""The real command with a real KMS: who deploys can't break the glass, a person waives, and another one reviews it."""

import os
from dataclasses import replace
from typing import Any

import pytest

from envctl.adapters.sandbox.lifecycle import RunningSandbox
from tests.e2e.conftest import REGION, Project
from tests.e2e.project_text import OPEN, render_project

pytestmark = [pytest.mark.sandbox, pytest.mark.terraform, pytest.mark.slow]
SECURITY = "555555555555"
SIGNED = render_project(
    "small",
    {"base": "", "top": 'inputs = { base = "base.name" }'},
    on_aws=True,
    rules={
        "dev": 'signing_key = "alias/envctl-dev"',
        "staging": 'signing_key = "alias/envctl-staging"\n'
        f'approval_signing_key = "arn:aws:kms:{REGION}:{SECURITY}:alias/envctl-approve-staging"',
    },
    gates={"staging": f'{OPEN}\nwaivable = ["lock"]', "prod": OPEN},
)


def sign_in(project: Project, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, name: str) -> Project:
    """Return the project of a person of the security account. To it, the sandbox is AWS."""
    import boto3

    extra = sandbox.build_child_variables()
    with monkeypatch.context() as patched:
        for variable, value in extra.items():
            patched.setenv(variable, value)
        role = f"arn:aws:iam::{SECURITY}:role/People"
        keys = boto3.client("sts", REGION).assume_role(RoleArn=role, RoleSessionName=name)["Credentials"]
    own = {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
        "AWS_CONFIG_FILE": os.devnull,
    }
    return replace(project, extra={**extra, **own})


def test_person_waives_and_another_reviews(
    small: Project, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.write("envctl.toml", SIGNED)
    ann, bob, carol = (sign_in(small, sandbox, monkeypatch, name) for name in ("ann", "bob", "carol"))
    ann.run_checked("ledger", "keys", "--create")
    bob.run_checked("apply", "dev", "--yes")
    ann.run_checked("lock", "staging", "--reason", "no changes")

    refused = bob.run("promote", "dev", "staging", "--yes", "--break-glass", "it burns")
    assert (refused.code, "E061" in refused.err) == (64, True)
    assert "envctl waive staging" in refused.err
    assert bob.run("promote", "dev", "staging", "--yes").code == 4

    given = ann.run_checked("waive", "staging", "--guard", "lock", "--reason", "it burns", "--yes", "--json")
    number = given.document["result"]["waiver"]["number"]
    done = bob.run_checked("promote", "dev", "staging", "--yes", "--json").document["result"]
    assert (done["given"]["number"], [each["code"] for each in done["waived"]]) == (number, ["G108"])
    (debt,) = list_debts(bob)
    assert (debt["given"], debt["giver"]["name"].rpartition("/")[2]) == (number, "ann")

    for person in (ann, bob):
        assert person.run("review", "staging", "--waiver", str(debt["waiver"]), "--json").codes == ["E062"]
    carol.run_checked("review", "staging", "--waiver", str(debt["waiver"]), "--reason", "it was right")
    assert list_debts(bob) == []
    assert "The ledger is verified" in carol.run_checked("ledger", "verify").out
    (row,) = [line for line in carol.run_checked("ledger", "export", "staging").out.splitlines() if "it burns" in line]
    assert "People/ann" in row
    assert "People/carol" in row


def list_debts(project: Project) -> list[dict[str, Any]]:
    """Return the debts of staging."""
    found = project.run_checked("status", "--json").document["result"]["environments"]
    debts: list[dict[str, Any]] = next(e["present"]["debts"] for e in found if e["environment"] == "staging")
    return debts
