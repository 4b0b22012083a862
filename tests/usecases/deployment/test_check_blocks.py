"""Check blocks of Terraform count as checks: one that failed, or gave no answer, is no evidence."""

import pytest

from envctl.domain.errors import Location, OperationFailedError
from envctl.domain.guards import RefusedError
from envctl.domain.ledger.events import VerificationFailed, VerificationPassed
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.deployment.verification import verify
from envctl.usecases.ledger import journal
from envctl.usecases.ports.terraform import CheckBlock
from tests.catching import catch
from tests.fakes.project_files import WEB
from tests.fakes.world import World, list_entries
from tests.usecases.steps import deploy_to_staging

PASSED = (CheckBlock("check.health", "pass"),)
FAILED = (CheckBlock("check.health", "fail", ("answered 503",), Location("modules/web/main.tf", 7)),)
SILENT = {
    "a condition that is not known": (CheckBlock("check.health", "unknown"),),
    "a condition that can't be computed": (CheckBlock("check.health", "error", ("no route",)),),
}


@pytest.fixture
def world() -> World:
    found = World()
    found.edit("modules/web/main.tf", f'{WEB.decode()}check "health" {{}}\n')
    return found


def is_verified(world: World, environment: str) -> bool:
    proof = journal.load(world.ports).find_environment(environment).current_evidence
    return proof is not None and proof.verified


def test_passed_block_is_recorded(world: World) -> None:
    world.terraform.check_blocks["dev", "web"] = PASSED
    done = apply(world.ports, "dev")
    assert done.verification
    assert [(each.name, each.outcome) for each in done.verification.checks] == [("web: check.health", "passed")]
    assert list_entries(world)[-1].event == VerificationPassed("dev", done.release, 2, ("web: check.health",))


def test_failed_block_fails_the_verification(world: World) -> None:
    world.terraform.check_blocks["dev", "web"] = FAILED
    failed = catch(OperationFailedError, apply, world.ports, "dev")
    [problem] = failed.problems
    assert (problem.code, problem.message) == ("E410", "web: check.health failed in dev: answered 503")
    assert (problem.location, problem.stack, problem.address) == (
        Location("modules/web/main.tf", 7),
        "web",
        "check.health",
    )
    assert problem.hint == "dev is not verified; fix the cause, then: envctl verify dev"
    event = list_entries(world)[-1].event
    assert isinstance(event, VerificationFailed)
    assert (event.checks, event.reason) == (("web: check.health",), "E410 at check web: check.health")
    refused = catch(RefusedError, promote, world.ports, "dev", "staging")
    assert [each.code for each in refused.refusals] == ["G103"]


@pytest.mark.parametrize("blocks", SILENT.values(), ids=SILENT.keys())
def test_block_without_answer_fails_the_verification(world: World, blocks: tuple[CheckBlock, ...]) -> None:
    world.terraform.check_blocks["dev", "web"] = blocks
    failed = catch(OperationFailedError, apply, world.ports, "dev")
    assert failed.problems[0].message.startswith("web: check.health has no answer in dev")
    assert not is_verified(world, "dev")


def test_all_failed_checks_are_told_at_once(world: World) -> None:
    world.terraform.check_blocks["dev", "network"] = (CheckBlock("check.route", "fail"), *PASSED)
    world.terraform.check_blocks["dev", "web"] = FAILED
    failed = catch(OperationFailedError, apply, world.ports, "dev")
    assert [each.message for each in failed.problems] == [
        "network: check.route failed in dev",
        "web: check.health failed in dev: answered 503",
    ]


def test_failed_block_counts_without_changes_to_apply(world: World) -> None:
    deploy_to_staging(world)
    world.edit("modules/web/README.md", "a release that changes no resource")
    apply(world.ports, "dev")
    world.terraform.resourceless |= {("staging", "network"), ("staging", "web")}
    world.terraform.check_blocks["staging", "web"] = FAILED
    applied = world.terraform.calls.count(("apply", "staging", "web"))
    with pytest.raises(OperationFailedError, match=r"E410 .*answered 503"):
        promote(world.ports, "dev", "staging")
    assert world.terraform.calls.count(("apply", "staging", "web")) == applied
    assert not is_verified(world, "staging")


def test_failed_block_ends_evidence_of_unchanged_deployment(world: World) -> None:
    apply(world.ports, "dev")
    assert is_verified(world, "dev")
    world.terraform.check_blocks["dev", "web"] = FAILED
    world.terraform.warnings["dev", "web"] = ("Check block assertion failed",)
    with pytest.raises(OperationFailedError, match="E410"):
        apply(world.ports, "dev")
    assert not is_verified(world, "dev")
    world.terraform.check_blocks["dev", "web"] = PASSED
    world.terraform.warnings.clear()
    assert apply(world.ports, "dev").up_to_date
    assert is_verified(world, "dev")


def test_other_warnings_end_no_evidence(world: World) -> None:
    apply(world.ports, "dev")
    world.terraform.check_blocks["dev", "web"] = FAILED
    world.terraform.warnings["dev", "web"] = ("Deprecated attribute",)
    assert apply(world.ports, "dev").verification is None
    assert is_verified(world, "dev")


def test_no_verify_records_no_failed_block(world: World) -> None:
    world.terraform.check_blocks["dev", "web"] = FAILED
    apply(world.ports, "dev", DeployOptions(verify=False))
    assert not is_verified(world, "dev")
    assert not any(isinstance(each.event, VerificationFailed) for each in list_entries(world))


def test_verify_asks_blocks_again(world: World) -> None:
    world.terraform.check_blocks["dev", "web"] = FAILED
    with pytest.raises(OperationFailedError, match="E410"):
        apply(world.ports, "dev")
    with pytest.raises(OperationFailedError, match=r"E410 .*answered 503"):
        verify(world.ports, "dev")
    world.terraform.check_blocks["dev", "web"] = PASSED
    world.terraform.calls.clear()
    assert [each.name for each in verify(world.ports, "dev").checks] == ["web: check.health"]
    assert ("init", "dev", "web") in world.terraform.calls
    assert is_verified(world, "dev")
    promote(world.ports, "dev", "staging")


def test_verify_ends_evidence_with_failed_block(world: World) -> None:
    apply(world.ports, "dev")
    world.terraform.check_blocks["dev", "web"] = FAILED
    with pytest.raises(OperationFailedError, match="E410"):
        verify(world.ports, "dev")
    assert not is_verified(world, "dev")


def test_verify_of_code_without_blocks_starts_no_terraform() -> None:
    world = World()
    apply(world.ports, "dev")
    world.terraform.calls.clear()
    verify(world.ports, "dev")
    assert world.terraform.calls == []


def test_code_that_only_looks_like_a_block_starts_no_terraform() -> None:
    """Many modules have a block health_check: their verification needs neither a plan nor secret values."""
    world = World()
    world.edit("modules/web/main.tf", f'{WEB.decode()}resource "a" "b" {{\n  health_check {{}}\n}}\n')
    apply(world.ports, "dev")
    world.terraform.calls.clear()
    verify(world.ports, "dev")
    assert world.terraform.calls == []
