"""Somebody got hold of the credentials of dev's role, or of a developer's, and uses them by hand."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from envctl.domain.ledger.entries import Entry, decode_entry, encode_entry, hash_bytes
from envctl.domain.ledger.events import (
    ApprovalGiven,
    DeploymentStarted,
    DeploymentSucceeded,
    Event,
    VerificationPassed,
)
from envctl.domain.ledger.release_events import ReleaseCreated
from tests.e2e.conftest import ACCOUNTS, Project
from tests.e2e.organisation import MODULE, STORE, Organisation

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.slow]
PROFILE = f"""
[profile shop-approver]
role_arn = arn:aws:iam::{ACCOUNTS["prod"]}:role/ApproverRole
credential_source = Environment
"""
LEDGER, RELEASES = "shop/ledger/", "shop/releases/"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, organisation: Organisation) -> Project:
    """Signed, with a release that staging has proven. No test leaves it where another one could not begin."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "home").mkdir()
    project = Project(folder / "shop", folder / "home", organisation.build_environment("ci"))
    organisation.write_signed_project(project)
    project.write("modules/parameters/main.tf", MODULE)
    project.run_checked("apply", "dev", "--yes")
    project.run_checked("promote", "dev", "staging", "--yes")
    return project


def ann(organisation: Organisation) -> Any:
    """S3 with the keys of a developer, who may read the store and create in it."""
    return organisation.open_personal_client(organisation.people["ann"], "s3")


def entries(s3: Any) -> list[tuple[str, bytes]]:
    listed = s3.list_objects_v2(Bucket=STORE, Prefix=LEDGER)["Contents"]
    return [(each["Key"], s3.get_object(Bucket=STORE, Key=each["Key"])["Body"].read()) for each in listed]


def forge(s3: Any, *events: Event) -> list[Entry]:
    """Appends to the chain as it should be, with right hashes, and without a signature."""
    forged = []
    for event in events:
        _, last = entries(s3)[-1]
        before = decode_entry(last)
        entry = Entry(
            seq=before.seq + 1,
            prev=hash_bytes(last),
            at=before.at,
            actor=replace(before.actor, name="quinn"),
            event=event,
        )
        s3.put_object(Bucket=STORE, Key=f"{LEDGER}{entry.seq:010d}.json", Body=encode_entry(entry), IfNoneMatch="*")
        forged.append(entry)
    return forged


def denied(act: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as raised:
        act()
    return str(raised.value.response["Error"]["Code"])


def test_dev_role_can_not_access_store_or_prod(organisation: Organisation) -> None:
    keys = organisation.assume_role("envctl-deployer", "dev")
    s3 = organisation.open_personal_client(keys, "s3")
    kept = "shop/plans/of-ann"
    ann(organisation).put_object(Bucket=STORE, Key=kept, Body=b"{}")
    acts: dict[str, Callable[[], object]] = {
        "list": lambda: s3.list_objects_v2(Bucket=STORE),
        "read": lambda: s3.get_object(Bucket=STORE, Key=kept),
        "add": lambda: s3.put_object(Bucket=STORE, Key=f"{LEDGER}0000009999.json", Body=b"{}"),
        "change": lambda: s3.put_object(Bucket=STORE, Key=kept, Body=b"{}"),
        "remove": lambda: s3.delete_object(Bucket=STORE, Key=kept),
        "read the state of prod": lambda: s3.list_objects_v2(Bucket=f"shop-tfstate-{ACCOUNTS['prod']}"),
        "be prod": lambda: organisation.open_personal_client(keys, "sts").assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNTS['prod']}:role/envctl-deployer", RoleSessionName="mallory"
        ),
    }
    assert {name: denied(act) for name, act in acts.items()} == dict.fromkeys(acts, "AccessDenied")
    kms = organisation.open_personal_client(keys, "kms")
    alias = f"arn:aws:kms:ap-northeast-1:{ACCOUNTS['prod']}:alias/envctl-prod"
    sign = {"Message": b"m", "MessageType": "RAW", "SigningAlgorithm": "ECDSA_SHA_256"}
    assert denied(lambda: kms.sign(KeyId=alias, **sign)) in {"AccessDeniedException", "NotFoundException"}


@pytest.mark.night
def test_developer_can_not_remove_history_or_release(shop: Project, organisation: Organisation) -> None:
    s3 = ann(organisation)
    release = s3.list_objects_v2(Bucket=STORE, Prefix=RELEASES)["Contents"][0]["Key"]
    for key in (entries(s3)[0][0], release):
        assert denied(lambda key=key: s3.delete_object(Bucket=STORE, Key=key)) == "AccessDenied"  # type: ignore[misc]
        taken = denied(lambda key=key: s3.put_object(Bucket=STORE, Key=key, Body=b"{}", IfNoneMatch="*"))  # type: ignore[misc]
        assert taken == "PreconditionFailed"
    assert "E401" not in shop.run("ledger", "verify", "--json").codes


@pytest.mark.night
def test_entries_forged_by_developer_are_distrusted(shop: Project, organisation: Organisation) -> None:
    s3 = ann(organisation)
    seen = [decode_entry(data) for _, data in entries(s3)]
    release = next(entry.event.release for entry in seen if isinstance(entry.event, ReleaseCreated))
    began = next(entry.event for entry in seen if isinstance(entry.event, DeploymentStarted))
    plan = json.loads(shop.run_checked("why", "prod", "--plan", "--json").out)["result"]["plan"]
    start, *_ = forge(
        s3,
        ApprovalGiven(environment="prod", gate="peer", release=release, settings=began.settings, plan=plan),
        DeploymentStarted(
            environment="prod", release=release, settings=began.settings, action="promote", source="staging"
        ),
    )
    forged = start.seq + 1
    forge(
        s3,
        DeploymentSucceeded(environment="prod", release=release, started=forged, stacks=("parameters",), changed=2),
        VerificationPassed("prod", release, forged),
        ReleaseCreated(release="f" * 64),
    )

    refused = shop.run("promote", "staging", "prod", "--yes", "--json")
    assert (refused.code, refused.codes) == (4, ["G106"])
    there = shop.run_checked("status", "--json").document["result"]["environments"][2]["present"]
    assert (there["current"], there["last"], there["evidence"], there["approvals"]) == (None, None, {}, [])
    found = shop.run("ledger", "verify", "--json")
    assert (found.code, found.codes) == (1, ["E466"] * 5)

    # Who may approve does so with a role of their own, needs nothing else in prod, and is believed.
    (shop.home / "config").write_text(PROFILE)
    quinn = Project(shop.root, shop.home, organisation.build_environment("quinn"))
    approve = ("approve", "prod", "--gate", "peer", "--plan", plan, "--yes")
    unsigned = quinn.run(*approve, "--json")
    assert (unsigned.code, unsigned.codes) == (1, ["E468"])
    quinn.run_checked(*approve, AWS_CONFIG_FILE=str(shop.home / "config"))
    shop.run_checked("promote", "staging", "prod", "--yes")


@pytest.mark.night
def test_overwritten_entry_is_found_and_blocks_deployment(shop: Project, organisation: Organisation) -> None:
    """AWS refuses that by the policy of the bucket, whose condition moto does not know: so it happens here."""
    s3 = ann(organisation)
    key, data = entries(s3)[1]
    s3.put_object(Bucket=STORE, Key=key, Body=data.replace(b"dev", b"xxx", 1))
    found = shop.run("ledger", "verify", "--json")
    assert (found.code, found.codes) == (1, ["E401"])
    refused = shop.run("promote", "staging", "prod", "--yes", "--json")
    assert refused.code == 1
    assert "E401" in refused.codes
    # A versioned bucket has what was there before.
    s3.put_object(Bucket=STORE, Key=key, Body=data)
    assert "E401" not in shop.run("ledger", "verify", "--json").codes
