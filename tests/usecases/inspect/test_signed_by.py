"""History, export and report say who signed; an unsigned name is verified nowhere."""

from collections.abc import Callable

import pytest

from envctl.cli.render.json.export import COLUMNS
from envctl.usecases.approval.vouch import vouch_for_history
from envctl.usecases.deployment.promote import promote
from envctl.usecases.inspect.export import export_deployments
from envctl.usecases.inspect.history import read_history, verify_ledger
from envctl.usecases.inspect.report import build_report
from envctl.usecases.inspect.settings import validate_project
from envctl.usecases.inspect.status import load_status
from envctl.usecases.project import signing_keys
from tests.fakes.signing import build_signed_project, create_signing_world
from tests.fakes.world import World, list_entries
from tests.usecases.approval.test_vouching import build_project
from tests.usecases.ledger.test_signing import approved
from tests.usecases.steps import deploy_to_staging, edit_project

YESTERDAY = (
    *("number", "environment", "action", "source", "release", "commit", "uncommitted", "author", "made_by", "made_at"),
    *("by", "by_via", "by_verified", "by_arn", "by_run_url", "settings", "plan", "started_at", "ended_at", "ended_by"),
    *("outcome", "changed", "reason", "performed", "verification", "verified_at", "verified_by", "checks"),
    *("approvals", "waivers", "waived_by", "waiver_reasons", "waived_guards", "waived_refusals", "held"),
    *("rolled_back_by", "place", "older", "lost", "imports", "rules", "rules_before"),
    *("subject", "request", "clusters", "program", "program_sha256", "program_pinned"),
)


def build_unsigned() -> World:
    return deploy_as_role(World())


def build_signed() -> World:
    return deploy_as_role(create_signing_world())


def deploy_as_role(world: World) -> World:
    """Deploy to staging as a caller that AWS names."""
    world.identity.via, world.identity.name = "aws", "arn:aws:sts::111111111111:assumed-role/deployer/ann"
    deploy_to_staging(world)
    return world


def build_vouched() -> World:
    world = build_unsigned()
    world.tree.content["envctl.toml"] = build_project()
    signing_keys.pin_keys(world.ports, create=True)
    vouch_for_history(world.ports, list_entries(world)[-1].seq, ())
    return world


WORLDS: dict[str, tuple[Callable[[], World], str, bool]] = {
    "unsigned": (build_unsigned, "not signed", False),
    "signed": (build_signed, "dev, deployment ", True),
    "vouched for": (build_vouched, "vouched by staging, prod", False),
}


@pytest.mark.parametrize(("build", "words", "verified"), WORLDS.values(), ids=WORLDS)
def test_signer_is_the_same_everywhere(build: Callable[[], World], words: str, verified: bool) -> None:
    world = build()
    assert list_entries(world)[0].actor.verified
    first = export_deployments(world.ports, "dev").deployments[0]
    shown = read_history(world.ports, limit=1000)
    in_report = build_report(world.ports).timeline.deployments[-1]
    assert first.signed_by.startswith(words)
    assert str(shown.signers[first.number]) == str(in_report.signer) == first.signed_by
    assert (first.by.verified, first.made_by and first.made_by.verified) == (verified, verified)
    assert shown.unbelieved == ()


def test_vouched_entries_are_told_but_need_no_signature() -> None:
    world = build_vouched()
    before = len(list_entries(world)) - 2
    found = verify_ledger(world.ports, require_signatures=True)
    assert (found.vouched, found.unsigned) == (before, ())


def test_export_keeps_columns_of_yesterday_in_order() -> None:
    assert COLUMNS[: len(YESTERDAY)] == YESTERDAY


def test_approvals_are_exported_with_their_signers() -> None:
    world = build_signed()
    approved(world)
    promote(world.ports, "staging", "prod")
    (done,) = export_deployments(world.ports, "prod").deployments
    assert len(done.approvals_signed_by) == len(done.approvals) > 1
    assert all(each.startswith("prod, deployment ") for each in done.approvals_signed_by)
    assert all(each.by.verified for each in done.approvals)


def test_status_names_environments_without_a_key() -> None:
    assert load_status(World().ports).unsigned == ()
    world, signed = build_unsigned(), create_signing_world(("staging", "prod"))
    assert load_status(world.ports).unsigned == ("dev", "staging", "prod")
    assert load_status(world.ports, ["prod"]).unsigned == ("prod",)
    assert load_status(deploy_as_role(signed).ports).unsigned == ("dev",)
    world.sandbox = True
    assert load_status(world.ports).unsigned == ()


def write_keys(people: str = "") -> bytes:
    key = f'approval_signing_key = "arn:aws:kms:ap-northeast-1:{people}:alias/approve"\n' if people else ""
    return build_signed_project().replace(b"[environments.prod]\n", b"[environments.prod]\n" + key.encode())


ONE_ACCOUNT = "111111111111"
REMARKS = {
    "no key": (b"", "who writes into the store can forge approvals of prod: no signing_key"),
    "no key of people": (
        write_keys(),
        "who deploys to prod can also sign approvals of it: no approval_signing_key",
    ),
    "one account for all": (
        write_keys(ONE_ACCOUNT),
        "approvals of prod rest on the deployer: approval_signing_key is in an account of environments",
    ),
}


@pytest.mark.parametrize(("project", "remark"), REMARKS.values(), ids=REMARKS)
def test_validation_names_gates_that_keys_do_not_protect(project: bytes, remark: str) -> None:
    world = World()
    if project:
        world.tree.content["envctl.toml"] = project
        signing_keys.pin_keys(world.ports, create=True)
    else:
        edit_project(world, ("[pipeline]\n", '[store]\nurl = "s3://shop-store"\nregion = "eu-west-1"\n[pipeline]\n'))
    found = [each for each in validate_project(world.ports).remarks if remark in each]
    assert len(found) == 1
    assert found[0].startswith("envctl.toml:")
    world.sandbox = True
    assert not [each for each in validate_project(world.ports).remarks if remark in each]


def test_key_of_people_elsewhere_has_no_remark() -> None:
    world = World()
    world.tree.content["envctl.toml"] = write_keys("555555555555")
    signing_keys.pin_keys(world.ports, create=True)
    assert not [each for each in validate_project(world.ports).remarks if "signing_key" in each]


def test_store_in_a_folder_has_no_remark_of_keys() -> None:
    assert not [each for each in validate_project(World().ports).remarks if "signing_key" in each]
