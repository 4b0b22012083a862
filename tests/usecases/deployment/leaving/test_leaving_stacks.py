"""A stack that leaves the project is part of plan, approval, deployment, drift and destroy: none is lost in silence."""

import pytest

from envctl.domain.errors import EnvctlError, OperationFailedError, UsageError
from envctl.domain.guards import RefusedError
from envctl.domain.ledger.events import DeploymentFailed, DeploymentStarted, DeploymentSucceeded, Event
from envctl.domain.ledger.state_events import StateMoved
from envctl.domain.plan.changes import Action, EnvironmentPlan
from envctl.domain.release.bundle import compute_identity, pack
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.concurrency.dag_runner import StackSelection
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.recovery.recover import recover
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.deployment.verification import verify
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.fleet.matrix import begin_matrix_run
from envctl.usecases.inspect.doctor.doctor import diagnose_project
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.inspect.preview import preview_environments
from envctl.usecases.inspect.status import load_status
from envctl.usecases.ledger import journal
from envctl.usecases.ledger.ledger_store import release_key
from envctl.usecases.ports.context import Context
from envctl.usecases.project import project_file, working_tree
from envctl.usecases.project.settings.environment_settings import load_settings
from envctl.usecases.release import release_store
from tests.catching import catch
from tests.fakes.terraform import Killed
from tests.fakes.world import World, list_entries
from tests.usecases.steps import acting_as, deploy_everywhere, deploy_to_staging, failing_at, killed_at

HEAD = """
[project]
name = "shop"

[pipeline]
order = ["dev", "staging", "prod"]

[environments.dev]
[environments.staging]
gates = {{ approvals = {{}} }}
[environments.prod]
{prod}
[environments.prod.gates]
approvals = {{}}
"""
PART = """
variable "text" { type = string }
variable "of" {
  type    = string
  default = ""
}
output "name" { value = var.text }
"""
BASE = '[stacks.base]\nmodule = "modules/part"\n'
WEB = '[stacks.web]\nmodule = "modules/part"\ninputs = { of = "base.name" }\n'
CACHE = '[stacks.cache]\nmodule = "modules/cache"\ninputs = { of = "web.name" }\n'
PROTECTED = "protected = true\n"


def project(world: World, *tables: str, prod: str = "") -> None:
    world.edit("envctl.toml", HEAD.format(prod=prod) + "\n".join(tables))


@pytest.fixture
def world() -> World:
    found = World()
    found.tree.content.clear()
    project(found, BASE, WEB, CACHE)
    found.edit("modules/part/main.tf", PART)
    found.edit("modules/cache/main.tf", PART)
    for environment in ("dev", "staging", "prod"):
        found.edit(f"environments/{environment}/terraform.tfvars", 'text = "one"\n')
    return found


def there(world: World, environment: str) -> set[str]:
    return {stack for where, stack in world.terraform.reality if where == environment}


def held(world: World, environment: str) -> frozenset[str]:
    return journal.load(world.ports).find_environment(environment).held_stacks


def leaving(plan: EnvironmentPlan | None) -> dict[str, tuple[str, ...]]:
    assert plan is not None
    return {
        each.stack: (each.leaves, *(resource.action.value for resource in each.resources))
        for each in plan.stacks
        if each.leaves
    }


def last(world: World) -> Event:
    return next(e.event for e in reversed(list_entries(world)) if not e.event.kind.startswith("verification"))


def codes(raised: pytest.ExceptionInfo[EnvctlError]) -> list[str]:
    return [problem.code for problem in raised.value.problems]


def leaves_as_before(world: World, environment: str = "dev") -> None:
    """A release of the tree, recorded as an envctl did that knew nothing of stacks that leave."""
    made = working_tree.build_release(Context(world.ports, project_file.load_project(world.ports)))
    bundle = pack(made)
    release_store.save_bundle(world.ports, compute_identity(bundle), bundle, made)
    settings = load_settings(
        Context(world.ports, project_file.load_project(world.ports)), environment, made.wiring
    ).digest(())
    _, entry = journal.append(
        world.ports,
        lambda _: DeploymentStarted(
            environment=environment, release=compute_identity(bundle), settings=settings, action="apply"
        ),
    )
    assert entry is not None
    done = DeploymentSucceeded(
        environment=environment, release=compute_identity(bundle), started=entry.seq, stacks=tuple(made.wiring.stacks)
    )
    journal.append(world.ports, lambda _: done)


def drop_cache(world: World, *, before: bool = False) -> None:
    """Dev runs all stacks, and the tree no longer has the last one; `before`: as an older envctl deployed that."""
    apply(world.ports, "dev")
    project(world, BASE, WEB)
    if before:
        leaves_as_before(world)


class TestOfTheTree:
    def test_plan_shows_destruction_of_removed_stack(self, world: World) -> None:
        drop_cache(world)
        found, error = plan_environment(world.ports, "dev")
        assert (leaving(found), error) == ({"cache": ("destroy", "delete")}, None)
        previewed = preview_environments(world.ports, ["dev"]).environments[0].plan
        assert leaving(previewed) == {"cache": ("destroy", "delete")}

    def test_removed_stack_is_destroyed_after_remaining_stacks(self, world: World) -> None:
        apply(world.ports, "dev")
        project(world, BASE)
        world.terraform.calls.clear()
        apply(world.ports, "dev")
        done = [stack for what, _, stack in world.terraform.calls if what == "apply"]
        assert done == ["base", "cache", "web"]
        assert there(world, "dev") == held(world, "dev") == {"base"}
        event = last(world)
        assert isinstance(event, DeploymentSucceeded) and set(event.left) == {"cache", "web"}
        assert apply(world.ports, "dev").up_to_date

    def test_forgotten_stack_keeps_its_resources(self, world: World) -> None:
        apply(world.ports, "dev")
        project(world, BASE, WEB, '[removed.cache]\nthen = "forget"\n')
        deployed = apply(world.ports, "dev")
        assert leaving(deployed.plan) == {"cache": ("forget", "forget")}
        assert there(world, "dev") == {"base", "web", "cache"}
        here = journal.load(world.ports).find_environment("dev")
        assert here.held_stacks == {"base", "web"}
        assert here.forgotten == {"cache"}
        project(world, BASE, WEB, CACHE)
        apply(world.ports, "dev")
        assert journal.load(world.ports).find_environment("dev").forgotten == frozenset()

    def test_forgotten_stack_returns_after_environment_was_destroyed(self, world: World) -> None:
        apply(world.ports, "dev")
        project(world, BASE, WEB, '[removed.cache]\nthen = "forget"\n')
        apply(world.ports, "dev")
        destroy(world.ports, "dev")
        project(world, BASE, WEB, CACHE)
        deployed = apply(world.ports, "dev")
        assert [warning.code for warning in deployed.warnings] == ["G304"]
        assert journal.load(world.ports).find_environment("dev").forgotten == frozenset()

    @pytest.mark.parametrize("fate", ["destroy", "forget"])
    def test_removal_in_source_counts_as_rehearsal(self, world: World, fate: str) -> None:
        staging = "gates = { approvals = {} }"
        strict = (
            world.tree.content["envctl.toml"].decode().replace(staging, staging[:-1] + ', rehearsed = "refuse" }', 1)
        )
        world.edit("envctl.toml", strict)
        deploy_to_staging(world)
        world.edit("envctl.toml", strict.replace(CACHE, f'[removed.cache]\nthen = "{fate}"\n'))
        deploy_to_staging(world)
        assert held(world, "staging") == {"base", "web"}

    def test_partial_apply_destroys_no_removed_stack(self, world: World) -> None:
        drop_cache(world)
        apply(world.ports, "dev", DeployOptions(selection=StackSelection(("base",))))
        assert "cache" in there(world, "dev")
        assert "cache" in held(world, "dev")

    def test_removed_stack_that_fails_to_destroy_stays_known(self, world: World) -> None:
        drop_cache(world)
        world.terraform.fails_on.add(("dev", "cache"))
        with pytest.raises(OperationFailedError):
            apply(world.ports, "dev")
        assert isinstance(last(world), DeploymentFailed)
        assert "cache" in held(world, "dev")
        world.terraform.fails_on.clear()
        apply(world.ports, "dev")
        assert held(world, "dev") == there(world, "dev") == {"base", "web"}

    def test_partially_created_stack_is_destroyed_too(self, world: World) -> None:
        project(world, BASE, WEB)
        apply(world.ports, "dev")
        project(world, BASE, WEB, CACHE)
        with failing_at(world, "dev", "cache"):
            apply(world.ports, "dev")
        world.terraform.reality["dev", "cache"] = "half of it"
        assert "cache" in held(world, "dev")
        project(world, BASE, WEB)
        apply(world.ports, "dev")
        assert there(world, "dev") == {"base", "web"}

    def test_lost_state_is_not_an_empty_state(self, world: World) -> None:
        drop_cache(world)
        world.terraform.lose_state("dev", "cache")
        with pytest.raises(OperationFailedError) as raised:
            apply(world.ports, "dev")
        assert codes(raised) == ["E321"]

    def test_removed_stack_is_destroyed_by_its_release(self, world: World) -> None:
        drop_cache(world)
        del world.tree.content["modules/cache/main.tf"]
        plan_environment(world.ports, "dev")
        laid = world.workspace.code["dev"]
        [path] = [name for name in laid if name.startswith(".left/") and name.endswith("modules/cache/main.tf")]
        assert laid[path].data == PART.encode()
        assert f'"../.code/{path.removesuffix("/main.tf")}"'.encode() in world.workspace.stacks["dev", "cache"]

    def test_removed_stack_keeps_its_deployed_settings(self, world: World) -> None:
        world.edit("modules/cache/main.tf", PART + 'variable "size" { type = number }\n')
        world.edit("environments/dev/terraform.tfvars", 'text = "one"\nsize = 7\n')
        drop_cache(world)
        world.edit("environments/dev/terraform.tfvars", 'text = "one"\n')
        apply(world.ports, "dev")
        assert b'"size": 7' in world.workspace.stacks["dev", "cache"]

    def test_sensitive_setting_of_removed_stack_is_empty(self, world: World) -> None:
        secret = 'variable "password" {\n  type      = string\n  sensitive = true\n}\n'
        world.edit("modules/cache/main.tf", PART + secret)
        world.edit("environments/dev/terraform.tfvars", 'text = "one"\npassword = "hush"\n')
        drop_cache(world)
        world.edit("environments/dev/terraform.tfvars", 'text = "one"\n')
        plan_environment(world.ports, "dev")
        assert any("password is empty" in said for said in world.observer.heard)
        assert world.terraform.calls[-1] == ("plan", "dev", "cache")
        world.edit("environments/dev/removed.tfvars", 'password = "hush"\n')
        plan_environment(world.ports, "dev")
        assert b"var.password" in world.workspace.stacks["dev", "cache"]

    def test_missing_release_of_removed_stack_is_reported(self, world: World) -> None:
        made = apply(world.ports, "dev").release
        project(world, BASE, WEB)
        del world.store.content[release_key(made)]
        with pytest.raises(OperationFailedError) as raised:
            plan_environment(world.ports, "dev")
        assert codes(raised) == ["E140"]
        project(world, BASE, WEB, '[removed.cache]\nthen = "forget"\n')
        deployed = apply(world.ports, "dev")
        assert leaving(deployed.plan) == {"cache": ("forget",)}
        assert held(world, "dev") == {"base", "web"}

    def test_orphan_of_an_earlier_envctl_is_found(self, world: World) -> None:
        drop_cache(world, before=True)
        assert leaving(plan_environment(world.ports, "dev")[0]) == {"cache": ("destroy", "delete")}
        apply(world.ports, "dev")
        assert there(world, "dev") == {"base", "web"}

    def test_dry_run_names_the_destruction(self, world: World) -> None:
        drop_cache(world)
        explained = apply(world.ports, "dev", DeployOptions(dry_run=True)).stages
        assert "destroy all resources of cache, no longer in the release" in explained


class TestPromoted:
    def test_protected_environment_requires_decided_fate(self, world: World) -> None:
        project(world, BASE, WEB, CACHE, prod=PROTECTED)
        deploy_everywhere(world)
        project(world, BASE, WEB, prod=PROTECTED)
        deploy_to_staging(world)
        with pytest.raises(RefusedError) as raised:
            promote(world.ports, "staging", "prod")
        assert codes(raised) == ["G305"]
        assert "G305" in [each.code for each in explain_refusal(world.ports, "prod").refusals]
        # The tree of whoever promotes says nothing: it has to travel.
        project(world, BASE, WEB, '[removed.cache]\nthen = "destroy"\n', prod=PROTECTED)
        with pytest.raises(RefusedError):
            promote(world.ports, "staging", "prod")
        deploy_everywhere(world)
        assert there(world, "prod") == held(world, "prod") == {"base", "web"}

    def test_partial_deployment_needs_no_decided_fate(self, world: World) -> None:
        project(world, BASE, WEB, CACHE, prod=PROTECTED)
        deploy_everywhere(world)
        project(world, BASE, WEB, prod=PROTECTED)
        deploy_to_staging(world)
        promote(world.ports, "staging", "prod", DeployOptions(selection=StackSelection(("base",))))
        assert there(world, "prod") == held(world, "prod") == {"base", "web", "cache"}

    def test_approval_covers_the_destruction(self, world: World) -> None:
        gates = "[environments.prod.gates]\napprovals = { peer = 1 }\n"
        toml = HEAD.format(prod="").replace("[environments.prod.gates]\napprovals = {}\n", "")
        deploy_everywhere(world)
        world.edit("envctl.toml", toml + gates + BASE + WEB)
        deploy_to_staging(world)
        with acting_as(world, "bob@example.com"):
            approve_plan(world.ports, "prod", "peer")
        [shown] = [leaving(each) for each in world.observer.plans[-1:]]
        assert shown == {"cache": ("destroy", "delete")}
        promote(world.ports, "staging", "prod")
        assert there(world, "prod") == {"base", "web"}


class TestDestroy:
    def test_destroy_includes_removed_stacks(self, world: World) -> None:
        drop_cache(world, before=True)
        destroy(world.ports, "dev")
        assert there(world, "dev") == held(world, "dev") == set()

    def test_stack_with_uncreated_need_is_destroyed(self, world: World) -> None:
        project(world, BASE, WEB)
        apply(world.ports, "dev")
        more = '[stacks.more]\nmodule = "modules/part"\n'
        project(world, BASE, WEB.replace("base.name", "more.name"), more)
        with failing_at(world, "dev", "more"):
            apply(world.ports, "dev")
        destroy(world.ports, "dev")
        assert there(world, "dev") == set()

    def test_dependent_stacks_are_destroyed_first(self, world: World) -> None:
        apply(world.ports, "dev")
        project(world, BASE)
        leaves_as_before(world)
        world.terraform.calls.clear()
        destroy(world.ports, "dev")
        assert [stack for what, _, stack in world.terraform.calls if what == "apply"] == ["cache", "web", "base"]


class TestDrift:
    def test_drift_check_includes_removed_stacks(self, world: World) -> None:
        drop_cache(world, before=True)
        world.terraform.drifted.add(("dev", "cache"))
        [found] = [each for each in check_drift(world.ports).environments if each.environment == "dev"]
        assert [(each.stack, each.condition) for each in found.stacks][-1] == ("cache", "drifted")
        assert found.pending

    def test_drift_of_removed_environment_is_unknown(self, world: World) -> None:
        deploy_to_staging(world)
        without(world, "staging")
        found = check_drift(world.ports)
        [gone] = [each for each in found.environments if each.environment == "staging"]
        assert (gone.condition, [each.code for each in gone.problems]) == ("unknown", ["E139"])
        assert not [each for each in check_drift(world.ports, ["dev"]).environments if each.environment == "staging"]

    def test_matrix_includes_removed_stacks(self, world: World) -> None:
        drop_cache(world, before=True)
        jobs = begin_matrix_run(world.ports, "drift", ["dev"])
        assert sum(job.stacks for job in jobs.jobs) == 3


def without(world: World, environment: str) -> None:
    text = world.tree.content["envctl.toml"].decode()
    section = f"[environments.{environment}]\ngates = {{ approvals = {{}} }}\n"
    world.edit("envctl.toml", text.replace(f'"{environment}", ', "").replace(section, ""))


class TestStatus:
    def test_status_names_removed_stacks_and_next_command(self, world: World) -> None:
        drop_cache(world, before=True)
        verify(world.ports, "dev")
        dev = load_status(world.ports).environments[0]
        assert (dev.leaving, dev.next) == (("cache",), "envctl apply dev")
        apply(world.ports, "dev")
        assert load_status(world.ports).environments[0].leaving == ()

    def test_removed_environment_is_named_while_it_has_resources(self, world: World) -> None:
        deploy_to_staging(world)
        whole = world.tree.content["envctl.toml"].decode()
        without(world, "staging")
        assert [(each.environment, each.stacks) for each in load_status(world.ports).gone] == [
            ("staging", ("base", "cache", "web"))
        ]
        told = [problem.code for problem in diagnose_project(world.ports).problems]
        assert "E139" in told
        with pytest.raises(UsageError) as raised:
            destroy(world.ports, "staging")
        assert codes(raised) == ["E139"]
        with pytest.raises(UsageError) as raised:
            destroy(world.ports, "stagin")
        assert codes(raised) == ["E002"]
        world.edit("envctl.toml", whole)
        destroy(world.ports, "staging")
        without(world, "staging")
        assert load_status(world.ports).gone == ()

    def test_destroy_names_forgotten_stacks(self, world: World) -> None:
        apply(world.ports, "dev")
        project(world, BASE, WEB, '[removed.cache]\nthen = "forget"\n')
        apply(world.ports, "dev")
        destroyed = destroy(world.ports, "dev")
        assert destroyed.forgotten == ("cache",)
        assert there(world, "dev") == {"cache"}


class TestRollback:
    def gated(self, world: World, *tables: str) -> None:
        toml = HEAD.format(prod="").replace("\napprovals = {}", "\napprovals = { peer = 1 }")
        world.edit("envctl.toml", toml + "".join(tables))

    def promoted(self, world: World, *unseen: str) -> None:
        deploy_to_staging(world)
        with acting_as(world, "bob@example.com"):
            approve_plan(world.ports, "prod", "peer", unseen=unseen)
        promote(world.ports, "staging", "prod")

    @pytest.fixture
    def grown(self, world: World) -> World:
        self.gated(world, BASE, WEB)
        self.promoted(world, "web")
        self.gated(world, BASE, WEB, CACHE)
        self.promoted(world)
        return world

    def test_rollback_that_removes_newer_stack_needs_approval(self, grown: World) -> None:
        with pytest.raises(RefusedError) as raised:
            rollback(grown.ports, "prod")
        assert codes(raised) == ["G106"]
        assert "cache would be removed" in raised.value.problems[0].message

    def test_removed_stack_is_recreated_only_if_approved(self, world: World) -> None:
        self.gated(world, BASE, WEB, CACHE)
        self.promoted(world, "web", "cache")
        self.gated(world, BASE, WEB)
        self.promoted(world)
        with pytest.raises(RefusedError) as raised:
            rollback(world.ports, "prod")
        assert codes(raised) == ["G106"]
        assert "would create cache again" in raised.value.problems[0].message

    def test_emptied_stack_is_recreated_only_if_approved(self, world: World) -> None:
        self.gated(world, BASE, WEB)
        self.promoted(world, "web")
        world.edit("modules/part/main.tf", PART + "# more\n")
        self.promoted(world)
        del world.terraform.reality["prod", "web"]
        raised = catch(RefusedError, rollback, world.ports, "prod")
        assert "would create web again" in raised.problems[0].message

    def test_rollback_reads_fate_of_newer_stack_from_tree(self, world: World) -> None:
        project(world, BASE, WEB, prod=PROTECTED)
        deploy_everywhere(world)
        project(world, BASE, WEB, CACHE, prod=PROTECTED)
        deploy_everywhere(world)
        with pytest.raises(RefusedError) as raised:
            rollback(world.ports, "prod")
        assert codes(raised) == ["G305"]
        project(world, BASE, WEB, CACHE, '[removed.cache]\nthen = "forget"\n', prod=PROTECTED)
        rollback(world.ports, "prod")
        assert held(world, "prod") == {"base", "web"}
        assert "cache" in there(world, "prod")


RENAMED = '[stacks.front]\nmodule = "modules/part"\ninputs = { of = "base.name" }\nmoved_from = "web"\n'
REMOTE = '[state]\nbackend = "s3"\nbucket = "states"\n'
CACHE_OF_FRONT = CACHE.replace("web.name", "front.name")


def rename_web(world: World) -> None:
    """Dev runs the stack web, which the tree calls front."""
    apply(world.ports, "dev")
    project(world, BASE, RENAMED, CACHE_OF_FRONT)


class TestRenamed:
    def test_renamed_stack_takes_its_state_along(self, world: World) -> None:
        rename_web(world)
        found, _ = plan_environment(world.ports, "dev")
        assert leaving(found) == {}
        assert not [each.stack for each in found.stacks if each.waits_for]
        assert Action.CREATE not in {resource.action for each in found.stacks for resource in each.resources}
        apply(world.ports, "dev")
        assert there(world, "dev") == held(world, "dev") == {"base", "front", "cache"}
        assert [e.event.to for e in list_entries(world) if isinstance(e.event, StateMoved)] == ["front"]
        assert journal.load(world.ports).find_environment("dev").renamed == {}
        assert apply(world.ports, "dev").up_to_date

    def test_rename_without_moved_from_shows_both_stacks(self, world: World) -> None:
        apply(world.ports, "dev")
        project(world, BASE, RENAMED.replace('moved_from = "web"\n', ""), CACHE_OF_FRONT)
        found, _ = plan_environment(world.ports, "dev")
        assert leaving(found) == {"web": ("destroy", "delete")}

    def test_moved_from_is_ignored_without_old_stack(self, world: World) -> None:
        project(world, BASE, RENAMED, CACHE_OF_FRONT)
        apply(world.ports, "dev")
        assert there(world, "dev") == {"base", "front", "cache"}
        assert not [e for e in list_entries(world) if isinstance(e.event, StateMoved)]

    def test_rollback_restores_the_old_stack_name(self, world: World) -> None:
        deploy_everywhere(world)
        project(world, BASE, RENAMED, CACHE_OF_FRONT)
        deploy_everywhere(world)
        assert there(world, "prod") == {"base", "front", "cache"}
        rollback(world.ports, "prod")
        assert there(world, "prod") == held(world, "prod") == {"base", "web", "cache"}

    @pytest.mark.parametrize("remote", [False, True], ids=["local", "remote"])
    @pytest.mark.parametrize("landed", [False, True], ids=["before", "after"])
    @pytest.mark.parametrize("where", ["front", "web"])
    def test_killed_state_move_is_completed(self, world: World, where: str, *, landed: bool, remote: bool) -> None:
        states = [REMOTE] if remote else []
        world.terraform.remote = world.sandbox = remote
        project(world, BASE, WEB, CACHE, *states)
        apply(world.ports, "dev")
        before = world.terraform.reality["dev", "web"]
        project(world, BASE, RENAMED, CACHE_OF_FRONT, *states)
        dies = world.terraform.dies_after if landed else world.terraform.dies_on
        dies.add(("dev", where))
        with pytest.raises(Killed):
            apply(world.ports, "dev")
        dies.clear()
        world.workspace.held.clear()
        assert before in (world.terraform.reality.get(("dev", "web")), world.terraform.reality.get(("dev", "front")))
        assert [lock.stack for lock in recover(world.ports, "dev").broken] == ([where] if remote else [])
        apply(world.ports, "dev")
        assert there(world, "dev") == held(world, "dev") == {"base", "front", "cache"}
        assert world.terraform.locks == {}

    @pytest.mark.parametrize("remote", [False, True], ids=["local", "remote"])
    def test_reverted_state_move_leaves_no_copy(self, world: World, *, remote: bool) -> None:
        world.terraform.remote = remote
        rename_web(world)
        world.terraform.dies_after.add(("dev", "front"))
        with pytest.raises(Killed):
            apply(world.ports, "dev")
        world.terraform.dies_after.clear()
        world.terraform.locks.clear()
        world.workspace.held.clear()
        project(world, BASE, WEB, CACHE)
        recover(world.ports, "dev")
        assert there(world, "dev") == {"base", "web", "cache"}
        apply(world.ports, "dev")
        assert there(world, "dev") == held(world, "dev") == {"base", "web", "cache"}
        project(world, BASE, RENAMED, CACHE_OF_FRONT)
        apply(world.ports, "dev")
        assert there(world, "dev") == held(world, "dev") == {"base", "front", "cache"}

    def test_foreign_change_of_old_state_is_kept(self, world: World) -> None:
        rename_web(world)
        with killed_at(world, "dev", "web"):
            apply(world.ports, "dev")
        world.workspace.held.clear()
        world.terraform.serials["dev", "web"] = 7
        recover(world.ports, "dev")
        apply(world.ports, "dev")
        assert there(world, "dev") == {"base", "front", "cache", "web"}
        assert "the state of web differs from the copy in front; it is left unchanged" in world.observer.heard

    def test_foreign_state_is_not_overwritten_by_rename(self, world: World) -> None:
        rename_web(world)
        world.terraform.reality["dev", "front"] = "somebody else's"
        world.terraform.states.add(("dev", "front"))
        with pytest.raises(OperationFailedError) as raised:
            apply(world.ports, "dev")
        assert codes(raised) == ["E142"]
        assert world.terraform.reality["dev", "front"] == "somebody else's"
        assert "web" in held(world, "dev")
