"""`envctl diff A B` on in-memory ports: what each side is, how far they are apart, and what can't be known."""

from dataclasses import replace

import pytest

from envctl.domain.errors import OperationFailedError, UsageError
from envctl.domain.guards import RefusedError
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.promote import promote
from envctl.usecases.inspect.diff import Diff, Side, diff_environments
from envctl.usecases.inspect.status import load_status
from envctl.usecases.ledger.ledger_store import release_key
from envctl.usecases.release.object_changes import ObjectChanges, StackObjects
from tests.catching import catch
from tests.fakes.project_files import IMAGE, NETWORK, PROJECT, WEB
from tests.fakes.world import World
from tests.usecases.steps import deploy_edited, deploy_everywhere, deploy_to_staging, failing_at

GATES = "[environments.prod.gates]\napprovals = { peer = 1, business = 2 }\n"
NO_GATES = "[environments.prod.gates]\napprovals = {}\n"
PARITY = '[parity]\nmay_differ = ["cidr"]\n'
EQUAL = 'cidr = "10.30.0.0/16"\n'
DEV, STAGING, PROD = (f"environments/{name}/terraform.tfvars" for name in ("dev", "staging", "prod"))


@pytest.fixture
def world() -> World:
    world = World()
    world.edit("envctl.toml", PROJECT.decode().replace(GATES, NO_GATES) + PARITY)
    world.edit(PROD, EQUAL)
    return world


def bigger(world: World) -> None:
    """Prod has another size than staging."""
    world.edit(PROD, EQUAL + "size = 3\n")


def unequal(found: Diff) -> list[tuple[str, str, str]]:
    assert found.settings is not None
    return [(pair.name, pair.relation, pair.parity) for pair in found.settings.unequal_pairs]


def codes(side: Side) -> list[str]:
    return [problem.code for problem in side.problems]


class TestReleases:
    def test_same_release_has_no_distance(self, world: World) -> None:
        release = deploy_everywhere(world)
        found = diff_environments(world.ports, "staging", "prod")
        assert [(side.release, side.origin) for side in (found.first, found.second)] == [(release, "deployed")] * 2
        assert found.distance is None
        assert [pair.equal for pair in found.artifacts] == [True]
        assert unequal(found) == [("cidr", "differs", "allowed")]
        assert not found.unknown
        assert not found.differs, "only in what may differ"

    @pytest.mark.parametrize("order", [("dev", "staging"), ("staging", "dev")])
    def test_distance_of_several_releases_ignores_argument_order(self, world: World, order: tuple[str, str]) -> None:
        older = deploy_everywhere(world)
        newer = [deploy_edited(world, number) for number in range(3)]
        found = diff_environments(world.ports, *order)
        assert (found.first.environment, found.second.environment) == order
        assert found.distance is not None
        assert (found.distance.older, found.distance.newer, found.distance.behind) == ("staging", "dev", 3)
        assert [each.release for each in found.distance.releases] == newer[::-1]
        assert older not in newer
        assert found.distance.changes is not None
        (module,) = found.distance.changes.modules
        assert [(file.path, file.added, file.removed) for file in module.files] == [("modules/network/main.tf", 1, 0)]
        assert module.files[0].patch == ()
        assert found.differs

    def test_distance_equals_lag_of_status(self, world: World) -> None:
        deploy_everywhere(world)
        deploy_edited(world, 1)
        with failing_at(world, "dev", "web"):
            deploy_edited(world, 2)
        deploy_edited(world, 3)
        found = diff_environments(world.ports, "dev", "staging")
        assert found.distance and found.distance.behind == load_status(world.ports).environments[1].lag == 2
        assert len(found.distance.releases) == 3

    def test_code_patch_is_shown_on_request(self, world: World) -> None:
        deploy_everywhere(world)
        deploy_edited(world, 1)
        found = diff_environments(world.ports, "staging", "dev", patch=True)
        assert found.distance and found.distance.changes is not None
        assert found.distance.changes.modules[0].files[0].patch[-1] == "+# 1"

    def test_changed_artifact_is_shown(self, world: World) -> None:
        deploy_everywhere(world)
        newer = IMAGE.replace("a" * 64, "b" * 64)
        world.edit(DEV, f'cidr = "10.10.0.0/16"\nimage = "{newer}"\n')
        apply(world.ports, "dev")
        found = diff_environments(world.ports, "dev", "staging")
        assert [(pair.first, pair.second) for pair in found.artifacts] == [(newer, IMAGE)]
        assert found.distance and found.distance.changes is not None
        assert not found.distance.changes.modules
        assert unequal(found) == [("cidr", "differs", "allowed")]


class TestEmptyEnvironments:
    def test_empty_side_reads_settings_by_the_other_release(self, world: World) -> None:
        release = apply(world.ports, "dev").release
        found = diff_environments(world.ports, "staging", "dev")
        assert (found.first.origin, found.first.release, found.first.against) == ("nothing", "", release)
        assert found.distance is None
        assert [(pair.first, pair.second) for pair in found.artifacts] == [(None, IMAGE)]
        assert unequal(found) == [("cidr", "differs", "allowed")]
        assert found.differs
        assert not found.unknown

    def test_two_empty_sides_read_settings_by_working_tree(self, world: World) -> None:
        bigger(world)
        found = diff_environments(world.ports, "staging", "prod")
        assert [side.origin for side in (found.first, found.second)] == ["nothing", "nothing"]
        assert [side.against for side in (found.first, found.second)] == ["", ""]
        assert unequal(found) == [("cidr", "differs", "allowed"), ("size", "differs", "")]
        assert not found.unknown

    def test_working_tree_represents_an_empty_entry(self, world: World) -> None:
        found = diff_environments(world.ports, "dev", "staging")
        assert found.first.origin == "working tree"
        assert found.first.known is None
        assert found.second.against == found.first.release == apply(world.ports, "dev").release

    def test_working_tree_is_newer_than_every_release(self, world: World) -> None:
        deploy_everywhere(world)
        destroy(world.ports, "dev")
        world.edit("modules/network/main.tf", NETWORK.decode() + "# not deployed\n")
        found = diff_environments(world.ports, "dev", "prod")
        assert found.first.origin == "working tree"
        assert found.distance is not None
        assert (found.distance.older, found.distance.newer, found.distance.behind) == ("prod", "dev", 0)
        assert found.distance.changes is not None
        assert [module.module for module in found.distance.changes.modules] == ["modules/network"]

    def test_invalid_working_tree_is_reported_for_its_side(self, world: World) -> None:
        deploy_everywhere(world)
        destroy(world.ports, "dev")
        world.edit("modules/network/main.tf", 'variable "cidr" {\n')
        found = diff_environments(world.ports, "dev", "prod")
        assert (codes(found.first), codes(found.second)) == (["E201"], [])
        assert found.unknown


class TestWhatIsNotKnown:
    @pytest.mark.parametrize("state", ["missing", "damaged"])
    def test_unreadable_bundle_does_not_hide_the_rest(self, world: World, state: str) -> None:
        older = deploy_everywhere(world)
        newer = deploy_edited(world, 1)
        if state == "missing":
            del world.store.content[release_key(older)]
        else:
            world.store.content[release_key(older)] = b"something else"
        found = diff_environments(world.ports, "dev", "staging")
        assert codes(found.first) == []
        (problem,) = found.second.problems
        assert problem.code == "E416"
        assert f"which staging runs, is {state}" in problem.message
        assert found.distance and found.distance.behind == 1
        assert [each.release for each in found.distance.releases] == [newer]
        assert found.distance.changes is None
        assert (found.artifacts, found.settings) == ((), None)
        assert found.unknown
        assert found.differs

    def test_unfit_settings_are_a_problem_of_their_side(self, world: World) -> None:
        deploy_everywhere(world)
        deploy_edited(world, 1)
        world.edit(STAGING, 'cidr = "10.20.0.0/16"\nsise = 2\n')
        found = diff_environments(world.ports, "dev", "staging")
        (problem,) = found.second.problems
        assert (problem.code, str(problem.location)) == ("E203", f"{STAGING}:2")
        assert found.settings is None
        assert found.distance and found.distance.changes is not None
        assert [pair.equal for pair in found.artifacts] == [True]
        assert found.unknown

    def test_interrupted_deployment_is_not_whole(self, world: World) -> None:
        deploy_everywhere(world)
        world.terraform.fails_on.add(("staging", "web"))
        deploy_edited(world, 1)
        with pytest.raises(OperationFailedError):
            promote(world.ports, "dev", "staging")
        found = diff_environments(world.ports, "staging", "prod")
        assert (found.first.whole, found.second.whole) == (False, True)

    def test_failed_first_deployment_counts_as_empty(self, world: World) -> None:
        apply(world.ports, "dev")
        world.terraform.fails_on.add(("staging", "web"))
        with pytest.raises(OperationFailedError):
            promote(world.ports, "dev", "staging")
        found = diff_environments(world.ports, "dev", "staging")
        assert (found.second.origin, found.second.whole) == ("nothing", False)


class TestSettings:
    def test_each_setting_has_its_line(self, world: World) -> None:
        deploy_everywhere(world)
        bigger(world)
        found = diff_environments(world.ports, "staging", "prod")
        assert found.settings is not None
        size = next(pair for pair in found.settings.unequal_pairs if pair.name == "size")
        lines = [str(side.location) for side in (size.first, size.second) if side]
        assert lines == ["environments/common.tfvars:1", f"{PROD}:2"]

    def test_undeployed_settings_are_pending(self, world: World) -> None:
        deploy_everywhere(world)
        assert not diff_environments(world.ports, "staging", "prod").second.pending
        bigger(world)
        found = diff_environments(world.ports, "staging", "prod")
        assert (found.first.pending, found.second.pending) == (False, True)

    def test_each_side_is_read_by_its_own_release(self, world: World) -> None:
        deploy_everywhere(world)
        world.edit("modules/web/main.tf", WEB.decode() + 'variable "zones" {\n  default = 2\n}\n')
        apply(world.ports, "dev")
        assert ("zones", "only in first", "") in unequal(diff_environments(world.ports, "dev", "staging"))


def refused_by_parity(world: World) -> set[str]:
    """What the guard itself says of the next promotion to prod."""
    refused = catch(RefusedError, promote, world.ports, "staging", "prod")
    (refusal,) = (each for each in refused.refusals if each.code == "G205")
    return {problem.message.split()[0] for problem in refusal.because}


class TestParity:
    def test_refused_differences_equal_those_of_the_guard(self, world: World) -> None:
        bigger(world)
        deploy_to_staging(world)
        found = diff_environments(world.ports, "staging", "prod")
        assert unequal(found) == [("cidr", "differs", "allowed"), ("size", "differs", "refused")]
        assert refused_by_parity(world) == {"size"}

    def test_parity_refusal_names_the_lines(self, world: World) -> None:
        bigger(world)
        deploy_to_staging(world)
        (line,) = catch(RefusedError, promote, world.ports, "staging", "prod").refusals[0].because
        assert line.message == "size is different in staging: it comes from environments/common.tfvars:1"
        assert str(line.location) == f"{PROD}:2"

    def test_source_with_unfit_settings_is_refused(self, world: World) -> None:
        deploy_to_staging(world)
        world.edit(STAGING, 'cidr = "10.20.0.0/16"\nsise = 2\n')
        (line,) = catch(RefusedError, promote, world.ports, "staging", "prod").refusals[0].because
        assert (line.code, str(line.location)) == ("E203", f"{STAGING}:2")

    @pytest.mark.parametrize("order", [("staging", "prod"), ("prod", "staging")])
    def test_parity_is_compared_for_the_release_to_promote(self, world: World, order: tuple[str, str]) -> None:
        """A default that only one release brings is the same in both once both run it; and the other way round."""
        world.edit("modules/web/main.tf", WEB.decode() + 'variable "old" {\n  default = 1\n}\n')
        world.edit(STAGING, 'cidr = "10.20.0.0/16"\nold = 1\n')
        deploy_everywhere(world)
        new = 'variable "old" {\n  default = 2\n}\nvariable "new" {\n  default = 1\n}\n'
        world.edit("modules/web/main.tf", WEB.decode() + new)
        deploy_to_staging(world)
        found = diff_environments(world.ports, *order)
        assert ("new", f"only in {'first' if order[0] == 'staging' else 'second'}", "") in unequal(found)
        assert "old" not in [name for name, *_ in unequal(found)]
        assert found.settings and found.settings.refused == refused_by_parity(world) == {"old"}


def test_an_environment_is_not_compared_with_itself(world: World) -> None:
    with pytest.raises(UsageError, match="E011 dev can't be compared with itself") as error:
        diff_environments(world.ports, "dev", "dev")
    assert error.value.problems[0].hint == "envctl diff dev staging"


def test_diff_runs_no_terraform(world: World) -> None:
    deploy_everywhere(world)
    ran = list(world.terraform.calls)
    diff_environments(world.ports, "dev", "prod", patch=True)
    assert world.terraform.calls == ran


@pytest.mark.parametrize("problem", ["", "prod: kustomize can't render"])
def test_diff_is_unknown_without_all_objects(problem: str) -> None:
    side = Side(environment="staging", origin="deployed", release="r1")
    objects = ObjectChanges("staging", "prod", (StackObjects("web", problem=problem),))
    found = Diff(
        first=side,
        second=replace(side, environment="prod"),
        distance=None,
        artifacts=(),
        settings=None,
        objects=objects,
    )
    assert found.unknown is bool(problem)
