"""G111 on in-memory ports: an older release never goes over a newer one unless a person says so."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from envctl.domain.exit_codes import ExitCode
from envctl.domain.guards import RefusedError
from envctl.domain.ledger.events import DeploymentStarted
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.domain.reading.reading import Reading
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.request import DEFAULT, DeployOptions
from envctl.usecases.deployment.result import DeploymentResult
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.inspect.status import load_status
from envctl.usecases.ports.core import PlanAnswer
from envctl.usecases.ports.project import Revision
from tests.catching import catch
from tests.fakes.project_files import NETWORK, PROJECT
from tests.fakes.terminal import ScriptedPrompter
from tests.fakes.terraform import MemoryWorkspace
from tests.fakes.world import World, list_entries
from tests.usecases.steps import edit_project, failing_at

MEANT = DeployOptions(older=True)
GATES = "[environments.prod.gates]\napprovals = { peer = 1, business = 2 }\n"
OPEN = "[environments.prod.gates]\napprovals = {}\n"


@pytest.fixture
def world() -> World:
    world = World()
    world.edit("envctl.toml", PROJECT.decode().replace(GATES, OPEN))
    return world


def enters(world: World, text: str) -> str:
    world.edit("modules/network/main.tf", NETWORK.decode() + f"# {text}\n")
    return apply(world.ports, "dev").release


def arrives(world: World, text: str) -> str:
    """A release that is proven in staging."""
    enters(world, text)
    return promote(world.ports, "dev", "staging").release


def reaches_prod(world: World, text: str) -> str:
    arrives(world, text)
    return promote(world.ports, "staging", "prod").release


def refused(world: World, release: str | None, *, source: str = "staging", to: str = "prod") -> RefusedError:
    raised = catch(RefusedError, promote, world.ports, source, to, release=release)
    assert [refusal.code for refusal in raised.refusals] == ["G111"]
    return raised


def to_prod(world: World, release: str | None = None, wishes: DeployOptions = DEFAULT) -> DeploymentResult:
    return promote(world.ports, "staging", "prod", wishes, release=release)


def way_on(world: World, environment: str = "prod") -> str:
    return next(each.next for each in load_status(world.ports).environments if each.environment == environment)


def runs(world: World, environment: str = "prod") -> str:
    current = next(
        each.present.current for each in load_status(world.ports).environments if each.environment == environment
    )
    return current.release if current else ""


def test_late_job_with_older_release_is_refused(world: World) -> None:
    first, second = reaches_prod(world, "one"), reaches_prod(world, "two")
    entries = len(list_entries(world))
    error = refused(world, first)
    assert error.exit_code is ExitCode.REFUSED
    assert f"envctl rollback prod --to {first[:12]}" in error.problems[0].hint
    assert (runs(world), len(list_entries(world))) == (second, entries)


def test_older_option_permits_an_older_release(world: World) -> None:
    first = reaches_prod(world, "one")
    reaches_prod(world, "two")
    done = to_prod(world, first, MEANT)
    assert done.deployment and (done.deployment.older, runs(world)) == (True, first)
    begun = [entry.event for entry in list_entries(world) if isinstance(entry.event, DeploymentStarted)][-1]
    assert begun.older


def test_unneeded_older_option_is_not_recorded(world: World) -> None:
    reaches_prod(world, "one")
    second = arrives(world, "two")
    done = to_prod(world, second, MEANT)
    assert done.deployment and not done.deployment.older


def test_halfway_newer_release_refuses_an_older_one(world: World) -> None:
    first = reaches_prod(world, "one")
    second = arrives(world, "two")
    with failing_at(world, "prod", "web"):
        to_prod(world)
    assert "partly deployed to prod" in refused(world, first).problems[0].message
    with pytest.raises(RefusedError, match="G111") as raised:
        apply(world.ports, "prod")
    assert f"envctl promote staging prod --release {second[:12]}" in raised.value.problems[0].hint
    assert rollback(world.ports, "prod").release == first


class Slow(ScriptedPrompter):
    """While the question stands there, another machine is faster."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self._meanwhile = meanwhile

    def confirm_plan(self, plan: EnvironmentPlan, reading: Reading | None, *, again: bool) -> PlanAnswer:
        self._meanwhile()
        return super().confirm_plan(plan, reading, again=again)


def test_slower_job_of_an_older_release_is_refused(world: World) -> None:
    """Both were asked while neither ran: the ledger decides, when the start is recorded."""
    first, second = arrives(world, "one"), arrives(world, "two")
    other = replace(world, workspace=MemoryWorkspace(), prompter=ScriptedPrompter())
    other.terraform = world.terraform
    world.prompter = Slow(lambda: promote(other.ports, "staging", "prod", release=second))
    raised = catch(RefusedError, to_prod, world, first)
    assert {refusal.code for refusal in raised.refusals} <= {"G109", "G111"}
    assert runs(world) == second
    world.prompter = ScriptedPrompter()
    refused(world, first)


def test_hotfix_that_skipped_a_stage_is_kept(world: World) -> None:
    edit_project(world, (OPEN, OPEN + 'waivable = ["order", "provenance", "older"]\n'))
    first = reaches_prod(world, "one")
    hotfix = enters(world, "hotfix")
    promote(world.ports, "dev", "prod", DeployOptions(break_glass="prod is down"))
    assert runs(world) == hotfix
    refused(world, first)
    # Prod is ahead of staging: nothing comes next for it.
    assert way_on(world) == ""
    promote(world.ports, "dev", "staging")
    assert to_prod(world).release == hotfix


def test_approver_is_told_of_an_older_release(world: World) -> None:
    first = reaches_prod(world, "one")
    second = reaches_prod(world, "two")
    world.edit("envctl.toml", PROJECT.decode())
    world.identity.name = "bob@example.com"
    told = approve_plan(world.ports, "prod", "peer", release=first)
    assert f"G111 older: release {first[:12]} is older than release {second[:12]} (runs in prod)" in told.notes
    world.identity.name = "cat@example.com"
    approve_plan(world.ports, "prod", "business", release=first)
    world.identity.name = "dan@example.com"
    told = approve_plan(world.ports, "prod", "business", release=first)
    assert told.next == f"ask another person: envctl promote staging prod --release {first[:12]} --older"


def test_standalone_environment_accepts_any_release(world: World) -> None:
    text = world.tree.content["envctl.toml"].decode()
    text += '\n[environments.lab]\npipeline = false\n[stacks.lab]\nmodule = "modules/network"\nenvironments = ["lab"]\n'
    world.edit("envctl.toml", text)
    world.edit("environments/lab/terraform.tfvars", 'cidr = "10.40.0.0/16"\n')
    first = apply(world.ports, "lab").release
    world.edit("modules/network/main.tf", NETWORK.decode() + "# two\n")
    assert apply(world.ports, "lab").release != first
    world.edit("modules/network/main.tf", NETWORK.decode())
    assert apply(world.ports, "lab").release == first


FIRST_COMMIT, SECOND_COMMIT = "1" * 40, "2" * 40


def enters_from(world: World, commit: str, text: str, wishes: DeployOptions = DEFAULT) -> DeploymentResult:
    world.version_control.known = Revision(commit, "ann@example.com", uncommitted=False)
    world.edit("modules/network/main.tf", NETWORK.decode() + f"# {text}\n")
    return apply(world.ports, "dev", wishes)


def two_commits(world: World) -> tuple[str, str]:
    """Both reach staging, and the second one is the descendant of the first."""
    found = []
    for commit, text in ((FIRST_COMMIT, "one"), (SECOND_COMMIT, "two")):
        found.append(enters_from(world, commit, text).release)
        promote(world.ports, "dev", "staging")
    world.version_control.descendants[SECOND_COMMIT] = True
    return found[0], found[1]


@pytest.mark.parametrize("text", ["one", "between"])
def test_rerun_job_of_earlier_commit_is_marked_older(world: World, text: str) -> None:
    _, second = two_commits(world)
    done = enters_from(world, FIRST_COMMIT, text)
    assert [warning.code for warning in done.warnings] == ["G111"]
    assert done.deployment and done.deployment.behind == second
    refused(world, None, source="dev", to="staging")
    assert runs(world, "staging") == second


def test_older_option_permits_an_earlier_commit(world: World) -> None:
    first, _ = two_commits(world)
    done = enters_from(world, FIRST_COMMIT, "one", MEANT)
    assert done.deployment and (done.deployment.older, done.deployment.behind) == (True, "")
    assert promote(world.ports, "dev", "staging").release == first


def test_next_commit_ends_the_older_mark(world: World) -> None:
    _, second = two_commits(world)
    enters_from(world, FIRST_COMMIT, "one")
    world.version_control.descendants.clear()
    assert enters_from(world, SECOND_COMMIT, "two").release == second
    third = enters_from(world, "3" * 40, "three").release
    assert promote(world.ports, "dev", "staging").release == third


def test_uncommitted_edit_on_earlier_commit_is_not_older(world: World) -> None:
    two_commits(world)
    world.version_control.known = Revision(FIRST_COMMIT, "ann@example.com", uncommitted=True)
    world.edit("modules/network/main.tf", NETWORK.decode() + "# edited\n")
    assert not apply(world.ports, "dev").warnings
    promote(world.ports, "dev", "staging")


@pytest.mark.parametrize(("text", "commit", "is_told"), [("one", FIRST_COMMIT, True), ("new", "4" * 40, False)])
def test_same_commit_is_recognized_without_history(world: World, text: str, commit: str, *, is_told: bool) -> None:
    two_commits(world)
    world.version_control.descendants[SECOND_COMMIT] = None
    assert bool(enters_from(world, commit, text).warnings) is is_told
