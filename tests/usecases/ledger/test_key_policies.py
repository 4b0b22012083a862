"""`envctl ledger keys --create`, `--check` and `--add` for the three keys of an environment."""

import json
from dataclasses import replace

import pytest

from envctl.domain.errors import UsageError
from envctl.domain.ledger.key_roles import KeyRole
from envctl.usecases.project import signing_keys
from envctl.usecases.project.signing_keys import CheckedKey
from tests.catching import catch
from tests.fakes.signing import build_signed_project
from tests.fakes.world import World

PEOPLE = 'approval_signing_key = "arn:aws:kms:ap-northeast-1:555555555555:alias/envctl-approve-prod"\n'
ROLES = 'assume_role = "arn:aws:iam::111111111111:role/envctl-deployer"\n'
APPROVER = "arn:aws:iam::555555555555:role/Approver"


@pytest.fixture
def world() -> World:
    world = World()
    text = build_signed_project(("prod",)).decode()
    world.tree.content["envctl.toml"] = text.replace(
        "[environments.prod]\n", f"[environments.prod]\n{PEOPLE}{ROLES}"
    ).encode()
    return world


def check(world: World, *signers: str) -> dict[KeyRole, CheckedKey]:
    return {each.role: each for each in signing_keys.check_keys(world.ports, ("prod",), signers=signers).checks}


def test_created_keys_have_no_difference(world: World) -> None:
    signing_keys.pin_keys(world.ports, ("prod",), create=True, signers=[APPROVER])
    checked = signing_keys.check_keys(world.ports, ("prod",), signers=[APPROVER])
    assert checked.exit_code == 0
    assert {each.role: each.signers for each in checked.checks} == {
        "deployment": ("arn:aws:iam::111111111111:role/envctl-deployer",),
        "people": (APPROVER,),
    }
    assert signing_keys.check_keys(world.ports, ("prod",)).exit_code == 0, "the signers of the policy stay"


def test_another_signer_is_a_difference(world: World) -> None:
    signing_keys.pin_keys(world.ports, ("prod",), create=True, signers=[APPROVER])
    checked = signing_keys.check_keys(world.ports, ("prod",), signers=[f"{APPROVER}s"])
    assert checked.exit_code == 1
    (people,) = [each for each in checked.checks if each.findings]
    assert people.role == "people"
    assert "EnvctlOnlyTheseSign" in people.findings[0].problem
    assert json.loads(people.policy) != world.signatures.for_role("people").records["prod"].policy


def test_deployer_among_the_signers_is_a_difference(world: World) -> None:
    """Whoever wrote it into the policy: it is not taken for a wish."""
    signing_keys.pin_keys(world.ports, ("prod",), create=True, signers=[APPROVER])
    keys = world.signatures.for_role("people")
    text = json.dumps(keys.records["prod"].policy)
    both = json.loads(
        text.replace(f'["{APPROVER}"]', f'["{APPROVER}", "arn:aws:iam::111111111111:role/envctl-deployer"]')
    )
    keys.records["prod"] = replace(keys.records["prod"], policy=both)
    assert check(world)["people"].findings


@pytest.mark.parametrize(
    ("signer", "said"),
    [
        ("arn:aws:iam::111111111111:role/envctl-deployer", "it deploys or looks"),
        ("arn:aws:iam::*:role/envctl-*", "is not the ARN of a role"),
        ("arn:aws:iam::111111111111:role/*", "it deploys or looks"),
        ("arn:aws:iam::555555555555:role/shop-prod-web", "it deploys or looks"),
        ("arn:aws:sts::555555555555:assumed-role/Approver/ann", "is not the ARN of a role"),
    ],
)
def test_signer_that_deploys_is_refused(world: World, signer: str, said: str) -> None:
    (problem,) = catch(
        UsageError, lambda: signing_keys.pin_keys(world.ports, ("prod",), create=True, signers=[signer])
    ).problems
    assert (problem.code, said in problem.message) == ("E464", True)
    assert not world.signatures.private


def test_key_of_an_earlier_envctl_is_told_and_works(world: World) -> None:
    signing_keys.pin_keys(world.ports, ("prod",), create=True)
    root = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    record = world.signatures.records["prod"]
    world.signatures.records["prod"] = replace(record, multi_region=False, policy={"Statement": [root]})
    found = check(world)["deployment"].findings
    assert [bool(each.statement) for each in found] == [False, True, True]
    assert [each.outcome for each in signing_keys.pin_keys(world.ports, ("prod",)).keys] == ["pinned already"] * 2


def test_key_of_people_is_changed_by_adding_another(world: World) -> None:
    signing_keys.pin_keys(world.ports, ("prod",), create=True)
    keys = world.signatures.for_role("people")
    del keys.private["prod"]
    keys.create_key("prod")
    deployment, people = signing_keys.pin_keys(world.ports, ("prod",), add=True).keys
    assert (deployment.outcome, people.outcome, len(people.others)) == ("pinned already", "added", 1)
    assert (world.tree.content["environments/prod/approval_signing_key.pem"] or b"").count(b"BEGIN PUBLIC KEY") == 2


def test_own_credentials_create_and_check(world: World) -> None:
    signing_keys.pin_keys(world.ports, ("prod",), create=True, as_me=True)
    assert world.signatures.managed_as_me
    signing_keys.check_keys(world.ports, ("prod",))
    assert not world.signatures.managed_as_me
