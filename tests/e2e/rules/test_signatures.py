"""The real command with a real KMS: signed by roles and by people, forged by hand, and examined without AWS."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.sandbox.lifecycle import RunningSandbox
from envctl.domain.ledger.entries import Entry, decode_entry, encode_entry
from envctl.domain.ledger.events import ApprovalGiven
from envctl.domain.ledger.signatures import parse_public_keys, to_signature
from envctl.domain.ledger.trust import EnvironmentKeys, Trust
from tests.e2e.conftest import ACCOUNTS, REGION, Project
from tests.e2e.project_text import OPEN, PEER, render_project

pytestmark = [pytest.mark.sandbox, pytest.mark.terraform, pytest.mark.slow]
PROFILES = """
[profile shop-approver]
role_arn = arn:aws:iam::333333333333:role/ApproverRole
credential_source = Environment
"""


SIGNED = render_project(
    "small",
    {"base": "", "top": 'inputs = { base = "base.name" }'},
    on_aws=True,
    rules={name: f'signing_key = "alias/envctl-{name}"' for name in ("dev", "staging")}
    | {"prod": 'signing_key = "alias/envctl-prod"\nprofile = "shop-approver"'},
    # Here one person says everything.
    gates={"staging": OPEN, "prod": f"{PEER}\nself_approval = true"},
)


@pytest.fixture
def signing(small: Project, sandbox: RunningSandbox) -> Project:
    """Nothing in it says `sandbox`: to it, that is AWS."""
    small.write("envctl.toml", SIGNED)
    config = small.home / "aws-config"
    config.write_text(PROFILES)
    extra = {**sandbox.build_child_variables(), "AWS_CONFIG_FILE": os.fspath(config)}
    project = replace(small, extra=extra)
    project.run_checked("ledger", "keys", "--create")
    return project


def store(project: Project) -> Path:
    return project.root / ".envctl" / "store"


def entries(project: Project) -> list[Entry]:
    return [decode_entry(file.read_bytes()) for file in sorted((store(project) / "ledger").iterdir())]


def kms_of_dev(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the credentials of dev's role can do by hand."""
    import boto3

    for name, value in sandbox.build_child_variables().items():
        monkeypatch.setenv(name, value)
    role = f"arn:aws:iam::{ACCOUNTS['dev']}:role/envctl-deployer"
    keys = boto3.client("sts", REGION).assume_role(RoleArn=role, RoleSessionName="mallory")["Credentials"]
    return boto3.client(
        "kms",
        REGION,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


@pytest.mark.night
def test_signed_release_reaches_prod_despite_forged_approval(
    signing: Project, sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signing.run_checked("apply", "dev", "--yes")
    signing.run_checked("promote", "dev", "staging", "--yes")
    plan = json.loads(signing.run_checked("why", "prod", "--plan", "--json").out)["result"]["plan"]
    approve = ("approve", "prod", "--gate", "peer", "--plan", plan, "--unseen", "top", "--yes")

    # What bob would say, with whatever dev's own role can sign.
    elsewhere = replace(signing, root=tmp_path / "elsewhere")
    shutil.copytree(signing.root, elsewhere.root)
    elsewhere.run_checked(*approve)
    genuine = entries(elsewhere)[-1]
    assert isinstance(genuine.event, ApprovalGiven)
    key = parse_public_keys((signing.root / "environments/dev/signing_key.pem").read_bytes())[0]
    message = Trust("small", tuple(ACCOUNTS), {"dev": EnvironmentKeys((key,))}).encode_signed_message(genuine)
    kms = kms_of_dev(sandbox, monkeypatch)
    said = kms.sign(KeyId="alias/envctl-dev", Message=message, MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256")
    forged = replace(genuine, signature=to_signature(key, said["Signature"]))
    (store(signing) / "ledger" / f"{forged.seq:010d}.json").write_bytes(encode_entry(forged))

    refused = signing.run("promote", "staging", "prod", "--yes")
    assert refused.code == 4
    assert "G106" in refused.err
    assert f"entry {forged.seq} of the ledger (approval given about prod) is not trusted" in refused.err
    found = signing.run("ledger", "verify", "--json")
    assert (found.code, found.codes) == (1, ["E466"])
    assert "signed with the key of dev, not with the key of prod" in found.out

    # In prod bob has a profile, and no role to deploy with. What he says himself is believed.
    signing.run_checked(*approve)
    signing.run_checked("promote", "staging", "prod", "--yes")
    assert all(entry.signature for entry in entries(signing))

    # An auditor has a copy, the keys, and no AWS.
    copy = tmp_path / "copy"
    shutil.copytree(store(signing), copy)
    keys = tmp_path / "keys"
    for name in ACCOUNTS:
        (keys / name).mkdir(parents=True)
        shutil.move(signing.root / "environments" / name / "signing_key.pem", keys / name)
    alone = replace(signing, extra={})
    shutil.rmtree(store(signing))
    audited = alone.run("ledger", "verify", "--json", "--store", os.fspath(copy), "--keys", os.fspath(keys))
    assert (audited.code, audited.codes) == (1, ["E466"])
    for file in sorted((copy / "ledger").iterdir())[forged.seq - 1 :]:
        file.unlink()
    whole = alone.run("ledger", "verify", "--store", f"file://{copy}", "--keys", os.fspath(keys))
    # The same copy, shorter: this machine has seen more of it.
    assert whole.code == 1
    shutil.rmtree(signing.root / ".envctl")
    assert (
        "The ledger is verified"
        in alone.run_checked("ledger", "verify", "--store", os.fspath(copy), "--keys", os.fspath(keys)).out
    )
    assert not store(signing).exists()
