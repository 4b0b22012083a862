"""Drift on in-memory ports: what is told of each environment, what is recorded, and what `--fix` does about it."""

import dataclasses
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest

from envctl.cli.render.words.events import describe_event
from envctl.cli.wiring.readers import ProjectFileReader
from envctl.domain.errors import InterruptedByUserError, OperationFailedError, Problem, StateLock, UsageError
from envctl.domain.exit_codes import ExitCode
from envctl.domain.guards import RefusedError
from envctl.domain.ledger import checkpoint
from envctl.domain.ledger.events import DriftChecked, list_environments
from envctl.domain.plan.changes import Action, AttributeChange, ResourceChange, StackPlan
from envctl.domain.plan.drift import StackComparison
from envctl.usecases.approval.locking import lock_environment
from envctl.usecases.concurrency.dag_runner import ALL_STACKS
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.request import DEFAULT
from envctl.usecases.drift.drift import DriftScan, check_drift
from envctl.usecases.drift.fix import fix_drift
from envctl.usecases.drift.ledger_entries import record_findings
from envctl.usecases.drift.result import Drift, EnvironmentDrift
from envctl.usecases.inspect.history import read_history
from envctl.usecases.ledger import journal, ledger_store
from envctl.usecases.ports.terraform import PlanLocking, PreparedStack, ignore_changes
from envctl.usecases.project.project_file import load_project
from tests.catching import catch
from tests.fakes.project_files import NETWORK, PROJECT
from tests.fakes.store import MemoryStore
from tests.fakes.terraform import MemoryTerraform
from tests.fakes.world import World, list_entries, make_once
from tests.usecases.steps import deploy_everywhere, killed_at

OPEN = "[environments.prod.gates]\napprovals = {}\n"


@pytest.fixture
@make_once
def world() -> World:
    """One release everywhere."""
    world = World()
    toml(world)
    deploy_everywhere(world)
    return world


def toml(world: World, more: str = "") -> None:
    text = PROJECT.decode().replace("[environments.prod.gates]\napprovals = { peer = 1, business = 2 }\n", OPEN)
    world.edit("envctl.toml", text + more)


def by_hand(world: World, environment: str, stack: str = "web") -> None:
    world.terraform.drifted.add((environment, stack))


def break_web(world: World, *environments: str) -> None:
    """Change it by hand, so that a plan has something to do."""
    for environment in environments:
        by_hand(world, environment)
        world.terraform.reality[environment, "web"] = "what somebody made of it"


def by_hand_below(world: World, environment: str) -> None:
    by_hand(world, environment, "network")


def out_of_reach(world: World, environment: str, stack: str = "web") -> None:
    world.terraform.unreachable.add((environment, stack))


def other_settings(world: World, environment: str) -> None:
    world.edit(f"environments/{environment}/terraform.tfvars", 'cidr = "10.99.0.0/16"\n')


def misfitting_settings(world: World, environment: str) -> None:
    world.edit(f"environments/{environment}/terraform.tfvars", 'cidr = "10.99.0.0/16"\nnonsense = 1\n')


def damaged_bundle(world: World, environment: str) -> None:
    """Of another release than the others run."""
    world.edit("modules/network/main.tf", NETWORK.decode() + "# edited\n")
    apply(world.ports, "dev")
    current = journal.load(world.ports).find_environment(environment).current
    assert current is not None
    world.store.content[f"releases/{current.release}.tar"] = b"not what it was"


def unfinished(world: World, environment: str) -> None:
    world.edit("modules/network/main.tf", NETWORK.decode() + "# edited\n")
    with killed_at(world, environment, "web"):
        apply(world.ports, environment)


def looks(world: World, environment: str) -> EnvironmentDrift:
    (found,) = check_drift(world.ports, [environment]).environments
    return found


def conditions(found: Drift) -> dict[str, str]:
    return {each.environment: each.condition for each in found.environments}


def checks(world: World) -> list[tuple[str, int]]:
    events = [entry.event for entry in list_entries(world)]
    return [(event.environment, event.drifted) for event in events if isinstance(event, DriftChecked)]


Arrangement = Callable[[World], object]
Expected = tuple[str, bool, str, ExitCode]
TOLD: dict[str, tuple[Arrangement, Expected]] = {
    "all is as it was": (lambda world: None, ("clean", False, "", ExitCode.DONE)),
    "drift": (
        lambda world: by_hand(world, "staging"),
        ("drifted", False, "envctl drift staging --fix", ExitCode.CHANGES),
    ),
    "another setting is pending, and no drift": (
        lambda world: other_settings(world, "staging"),
        ("clean", True, "envctl apply staging", ExitCode.DONE),
    ),
    "drift beside what is pending": (
        lambda world: [arrange(world, "staging") for arrange in (by_hand, other_settings)],
        ("drifted", True, "envctl drift staging --fix", ExitCode.CHANGES),
    ),
    "an unreadable stack": (lambda world: out_of_reach(world, "staging"), ("unknown", False, "", ExitCode.FAILED)),
    "a stack that can't be looked at, beside a drifted one": (
        lambda world: [arrange(world, "staging") for arrange in (by_hand_below, out_of_reach)],
        ("drifted", False, "envctl drift staging --fix", ExitCode.FAILED),
    ),
}


@pytest.mark.parametrize(("arrange", "expected"), TOLD.values(), ids=TOLD.keys())
def test_drift_check_reports_condition_and_next(world: World, arrange: Arrangement, expected: Expected) -> None:
    arrange(world)
    found = check_drift(world.ports)
    (staging,) = (each for each in found.environments if each.environment == "staging")
    assert (staging.condition, staging.pending, staging.next, found.exit_code()) == expected
    assert conditions(found)["dev"] == conditions(found)["prod"] == "clean"


def test_pending_changes_count_on_request(world: World) -> None:
    other_settings(world, "staging")
    assert check_drift(world.ports).exit_code(pending=True) == ExitCode.CHANGES
    out_of_reach(world, "prod")
    assert check_drift(world.ports).exit_code(pending=True) == ExitCode.FAILED


def test_failed_check_block_asks_for_verification(world: World) -> None:
    world.terraform.warnings["staging", "network"] = ("Check block assertion failed",)
    found = check_drift(world.ports, ("dev", "staging")).environments
    assert [(each.condition, each.next) for each in found] == [("clean", ""), ("clean", "envctl verify staging")]


def state_of_others(world: World, environment: str) -> None:
    """Another ledger has deployed there, or a person with Terraform: the state agrees with what is there."""
    world.terraform.reality[environment, "network"] = "as another ledger left it"


def other_region(world: World, environment: str) -> None:
    text = world.tree.content["envctl.toml"].decode()
    section = f"[environments.{environment}]\n"
    world.edit("envctl.toml", text.replace(section, f'{section}region = "eu-west-1"\n'))


UNEXPLAINED: dict[str, tuple[tuple[Arrangement, ...], bool]] = {
    "a state that something else changed": ((lambda world: state_of_others(world, "staging"),), True),
    "a setting that was edited": ((lambda world: other_settings(world, "staging"),), False),
    "both": ((lambda world: state_of_others(world, "staging"), lambda world: other_settings(world, "staging")), False),
    "another place": (
        (lambda world: state_of_others(world, "staging"), lambda world: other_region(world, "staging")),
        False,
    ),
    "nothing": ((), False),
}


@pytest.mark.parametrize(("arrange", "is_told"), UNEXPLAINED.values(), ids=UNEXPLAINED.keys())
def test_unexplained_pending_change_is_reported(
    world: World, arrange: tuple[Arrangement, ...], *, is_told: bool
) -> None:
    for each in arrange:
        each(world)
    (network,) = [stack for stack in looks(world, "staging").stacks if stack.stack == "network"]
    assert network.condition == "clean"
    assert any("the cause of the pending changes is unknown" in warning for warning in network.warnings) is is_told


def test_drift_and_pending_of_one_stack_are_distinguished(world: World) -> None:
    by_hand(world, "staging")
    world.edit("environments/staging/terraform.tfvars", 'cidr = "10.20.0.0/16"\nsize = 7\n')
    stacks = {stack.stack: stack for stack in looks(world, "staging").stacks}
    (drifted,) = stacks["web"].resources
    assert [(a.before, a.after) for a in drifted.attributes] == [("as applied", "changed by hand")]
    assert stacks["web"].pending is not None
    (pending,) = stacks["web"].pending.resources
    assert pending.action is Action.UPDATE
    assert (stacks["network"].condition, stacks["network"].pending) == ("clean", None)


NOT_SEEN: dict[str, tuple[Arrangement, list[str], str]] = {
    "its bundle is damaged": (lambda world: damaged_bundle(world, "dev"), ["E403"], "damaged"),
    "unfit settings": (lambda world: misfitting_settings(world, "dev"), ["G204", "E203"], "1 setting does not fit"),
    "somebody else is at work there": (lambda world: world.workspace.held.add("dev"), ["E308"], "has to wait"),
    "a deployment is unfinished": (lambda world: unfinished(world, "dev"), ["E322"], "unfinished"),
}


@pytest.mark.parametrize(("arrange", "codes", "said"), NOT_SEEN.values(), ids=NOT_SEEN.keys())
def test_unknown_environment_hides_no_other(world: World, arrange: Arrangement, codes: list[str], said: str) -> None:
    arrange(world)
    by_hand(world, "prod")
    before = len(checks(world))
    found = check_drift(world.ports)
    assert conditions(found) == {"dev": "unknown", "staging": "clean", "prod": "drifted"}
    dev = found.environments[0]
    assert [problem.code for problem in dev.problems] == codes
    assert said in dev.problems[0].message
    assert dev.release
    assert found.exit_code() == ExitCode.FAILED
    assert [environment for environment, _ in checks(world)[before:]] == ["staging", "prod"]


def test_only_unfit_settings_are_reported_as_obstacle(world: World) -> None:
    """A lock of the environment stands against changes, and looking is none."""
    misfitting_settings(world, "dev")
    lock_environment(world.ports, "dev", "not now")
    assert [problem.code for problem in looks(world, "dev").problems] == ["G204", "E203"]
    lock_environment(world.ports, "prod", "not now")
    assert looks(world, "prod").condition == "clean"


def test_environment_without_complete_deployment_is_unknown() -> None:
    world = World()
    world.terraform.fails_on.add(("dev", "web"))
    with pytest.raises(OperationFailedError):
        apply(world.ports, "dev")
    found = check_drift(world.ports)
    assert conditions(found) == {"dev": "unknown", "staging": "empty", "prod": "empty"}
    assert [problem.code for problem in found.environments[0].problems] == ["E322"]
    assert checks(world) == []


def test_destroyed_environment_is_empty_without_drift(world: World) -> None:
    destroy(world.ports, "dev")
    found = check_drift(world.ports)
    assert conditions(found) == {"dev": "empty", "staging": "clean", "prod": "clean"}
    assert found.exit_code() == ExitCode.DONE
    assert [environment for environment, _ in checks(world)] == ["staging", "prod"]


def test_locked_state_is_unknown(world: World) -> None:
    class LockedTerraform(MemoryTerraform):
        def detect_drift(
            self, environment: str, stack: PreparedStack, *, unchanged: bool, locked: bool = False
        ) -> StackComparison:
            self.plan(environment, stack)
            return super().detect_drift(environment, stack, unchanged=unchanged, locked=locked)

    world.terraform = LockedTerraform(
        **{f.name: getattr(world.terraform, f.name) for f in dataclasses.fields(MemoryTerraform)}
    )
    world.terraform.locks["staging", "web"] = StateLock("web", "1", "bob")
    found = check_drift(world.ports)
    assert conditions(found) == {"dev": "clean", "staging": "unknown", "prod": "clean"}
    stacks = {stack.stack: stack for stack in found.environments[1].stacks}
    assert [problem.code for problem in stacks["web"].problems] == ["E306"]
    assert stacks["network"].condition == "clean"


def test_lost_state_is_unknown(world: World) -> None:
    world.terraform.lose_state("staging", "web")
    staging = looks(world, "staging")
    assert (staging.condition, staging.pending) == ("unknown", False)
    (problem,) = (problem for stack in staging.stacks for problem in stack.problems)
    assert (problem.code, problem.hint.endswith("then check: envctl plan staging")) == ("E321", True)


NAMED: dict[str, tuple[list[str], list[str]]] = {
    "none: all, in the order of the pipeline": ([], ["dev", "staging", "prod"]),
    "some, in the order in which they are named": (["prod", "dev"], ["prod", "dev"]),
    "one twice": (["staging", "dev", "staging"], ["staging", "dev"]),
}


@pytest.mark.parametrize(("words", "expected"), NAMED.values(), ids=NAMED.keys())
def test_named_or_all_environments_are_checked(world: World, words: Sequence[str], expected: list[str]) -> None:
    assert list(conditions(check_drift(world.ports, words))) == expected
    assert [environment for environment, _ in checks(world)] == expected


def test_unknown_environment_name_is_refused_first(world: World) -> None:
    with pytest.raises(UsageError, match="E002"):
        check_drift(world.ports, ["dev", "stagin"])
    assert checks(world) == []


class TestTheLedger:
    def test_found_drift_is_recorded_by_name(self, world: World) -> None:
        by_hand(world, "staging")
        check_drift(world.ports)
        event = [e.event for e in list_entries(world) if isinstance(e.event, DriftChecked)][1]
        assert (event.environment, event.drifted, event.resources) == ("staging", 1, ("web: terraform_data.web",))

    def test_unknown_result_keeps_recorded_drift(self, world: World) -> None:
        by_hand(world, "staging")
        check_drift(world.ports, ["staging"])
        world.terraform.drifted.clear()
        out_of_reach(world, "staging")
        assert looks(world, "staging").condition == "unknown"
        assert journal.load(world.ports).find_environment("staging").drifted

    def test_drift_is_recorded_despite_unknown_stack(self, world: World) -> None:
        by_hand(world, "staging", "network")
        out_of_reach(world, "staging", "web")
        check_drift(world.ports, ["staging"])
        assert checks(world) == [("staging", 1)]

    def test_ignored_drift_is_no_drift(self, world: World) -> None:
        toml(world, '\n[environments.staging.drift]\nignore = ["terraform_data.*.input"]\n')
        apply(world.ports, "staging")
        by_hand(world, "staging")
        staging = looks(world, "staging")
        assert (staging.condition, staging.drifted, staging.next) == ("clean", 0, "")
        assert [stack.ignored for stack in staging.stacks] == [(), ("terraform_data.web.input",)]
        assert checks(world) == [("staging", 0)]

    @pytest.mark.parametrize("kept", [True, False])
    def test_drift_ignored_by_one_document_is_drift(self, world: World, kept: bool) -> None:
        by_hand(world, "staging")
        toml(world, '\n[environments.staging.drift]\nignore = ["terraform_data.web"]\n')
        if not kept:
            for key in [key for key in world.store.content if key.startswith("rules/")]:
                del world.store.content[key]
        staging = looks(world, "staging")
        assert (staging.condition, checks(world)) == ("drifted", [("staging", 1)])
        warned = [warning for stack in staging.stacks for warning in stack.warnings]
        assert len(warned) == 1
        assert warned[0].startswith("envctl.toml ignores terraform_data.web, but the recorded rules of staging do")

    def test_drift_during_concurrent_deployment_is_not_recorded(self, world: World) -> None:
        class Meanwhile(MemoryTerraform):
            def detect_drift(
                self, environment: str, stack: PreparedStack, *, unchanged: bool, locked: bool = False
            ) -> StackComparison:
                seen = super().detect_drift(environment, stack, unchanged=unchanged, locked=locked)
                if stack.name == "web":
                    world.workspace.held.clear()
                    other_settings(world, environment)
                    apply(world.ports, environment)
                    world.workspace.held.add(environment)
                return seen

        kept = {f.name: getattr(world.terraform, f.name) for f in dataclasses.fields(MemoryTerraform)}
        world.terraform = Meanwhile(**kept)
        by_hand(world, "staging")
        assert looks(world, "staging").condition == "drifted"
        assert checks(world) == []

    def test_unreadable_ledger_stops_drift_check(self, world: World) -> None:
        world.store.content["ledger/0000000003.json"] = b"{"
        world.terraform.calls.clear()
        with pytest.raises(OperationFailedError, match="E401"):
            check_drift(world.ports)
        assert world.terraform.calls == []

    def test_unwritable_ledger_does_not_hide_found_drift(self, world: World) -> None:
        by_hand(world, "dev")
        world.store = Full(world.store.content)
        found = check_drift(world.ports)
        assert conditions(found) == {"dev": "drifted", "staging": "clean", "prod": "clean"}
        assert [[problem.code for problem in each.problems] for each in found.environments] == [["E404"]] * 3
        assert (found.environments[0].drifted, found.exit_code()) == (1, ExitCode.FAILED)

    def test_store_lost_midway_does_not_hide_found_drift(self, world: World) -> None:
        by_hand(world, "dev")
        world.store = GoesAway(world.store.content, after=("dev", world))
        found = check_drift(world.ports)
        # All of them were looked at by then: only what was found can't be recorded any more.
        assert conditions(found) == {"dev": "drifted", "staging": "clean", "prod": "clean"}
        assert [problem.code for problem in found.environments[2].problems] == ["E404"]
        assert found.exit_code() == ExitCode.FAILED
        assert found.environments[2].release == found.environments[0].release


class Full(MemoryStore):
    def create(self, key: str, data: bytes) -> None:
        raise OperationFailedError(Problem("E404", f"{key} can't be written"))


@dataclasses.dataclass
class GoesAway(MemoryStore):
    """Once an environment was looked at, and that was recorded."""

    after: tuple[str, World] | None = None

    def list_keys(self, prefix: str, after: str = "") -> list[str]:
        self._demand_there()
        return super().list_keys(prefix, after)

    def create(self, key: str, data: bytes) -> None:
        self._demand_there()
        super().create(key, data)

    def _demand_there(self) -> None:
        if self.after and [environment for environment, _ in self._checks()] == [self.after[0]]:
            raise OperationFailedError(Problem("E404", "the store does not answer"))

    def _checks(self) -> list[tuple[str, int]]:
        from envctl.domain.ledger.entries import decode_entry

        events = [
            decode_entry(data).event for key, data in self.content.items() if key.startswith(ledger_store.ENTRY_FOLDER)
        ]
        return [(event.environment, event.drifted) for event in events if isinstance(event, DriftChecked)]


@dataclasses.dataclass
class Foretold(MemoryStore):
    """What was said to be read, and what was read."""

    fetched: set[object] = dataclasses.field(default_factory=set)
    asked: set[object] = dataclasses.field(default_factory=set)

    def prefetch(self, keys: Sequence[str], lists: Sequence[tuple[str, str]]) -> AbstractContextManager[None]:
        self.fetched.update(keys, lists)
        return super().prefetch(keys, lists)

    def read(self, key: str) -> bytes | None:
        self.asked.add(key)
        return super().read(key)

    def read_all(self, keys: Sequence[str]) -> list[bytes | None]:
        return [self.read(key) for key in keys]

    def list_keys(self, prefix: str, after: str = "") -> list[str]:
        self.asked.add((prefix, after))
        return super().list_keys(prefix, after)


@pytest.mark.slow
def test_every_read_key_was_prefetched(world: World) -> None:
    check_drift(world.ports)
    for _ in range(checkpoint.INTERVAL):
        store = world.store = Foretold(world.store.content)
        check_drift(world.ports)
        assert store.asked <= store.fetched
    assert ledger_store.checkpoint_key(3 * checkpoint.INTERVAL) in store.asked


UNFIXED: dict[str, tuple[Arrangement, str, ExitCode]] = {
    "refused": (lambda world: lock_environment(world.ports, "staging", "no"), "G108", ExitCode.REFUSED_FOR_NOW),
    "declined": (lambda world: world.prompter.answers.extend([False, True]), "E310", ExitCode.INTERRUPTED),
    "failed": (lambda world: world.terraform.fails_on.add(("staging", "web")), "E305", ExitCode.FAILED),
}


class TestJoinedLooks:
    def test_looks_that_end_together_share_an_entry(self, world: World) -> None:
        world.terraform.ends_together = True
        before = len(list_entries(world))
        assert set(conditions(check_drift(world.ports)).values()) == {"clean"}
        (entry,) = list_entries(world)[before:]
        assert list_environments(entry.event) == ("dev", "staging", "prod")
        assert describe_event(entry.event) == "no drift in dev, staging and prod (checked without the lock)"

    def test_found_drift_has_an_entry_of_its_own(self, world: World) -> None:
        world.terraform.ends_together = True
        by_hand(world, "staging")
        before = len(list_entries(world))
        check_drift(world.ports)
        named = [list_environments(entry.event) for entry in list_entries(world)[before:]]
        assert sorted(named) == [("dev", "prod"), ("staging",)]
        assert journal.load(world.ports).find_environment("staging").drifted

    def test_look_at_a_replaced_deployment_is_left_out(self, world: World) -> None:
        known = journal.load(world.ports)
        found = DriftScan(ports=world.ports, project=load_project(world.ports), records=False).check_all(
            dict.fromkeys(("dev", "staging"), ALL_STACKS)
        )
        world.edit("modules/network/main.tf", NETWORK.decode() + "# edited\n")
        apply(world.ports, "dev")
        before = len(list_entries(world))
        record_findings(world.ports, found.environments, known)
        (entry,) = list_entries(world)[before:]
        assert list_environments(entry.event) == ("staging",)

    def test_store_error_is_said_of_each_environment(self, world: World) -> None:
        world.terraform.ends_together = True

        def fail(_: MemoryStore, key: str, data: bytes) -> None:
            raise OperationFailedError(Problem("E450", f"{key} can't be written"))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(MemoryStore, "create", fail)
            found = check_drift(world.ports)
        assert [each.problems[0].code for each in found.environments] == ["E450"] * 3

    def test_history_of_each_environment_has_the_entry(self, world: World) -> None:
        world.terraform.ends_together = True
        check_drift(world.ports)
        seen = {name: read_history(world.ports, name).entries[0].seq for name in ("dev", "staging", "prod")}
        assert set(seen.values()) == {list_entries(world)[-1].seq}


class TestFix:
    def test_drift_outside_of_plan_is_reported_but_kept(self, world: World) -> None:
        by_hand(world, "staging")
        before = list_entries(world)[-1].seq
        fixed = fix_drift(world.ports, [], DEFAULT)
        (mended,) = fixed.mended
        assert (mended.environment, mended.deployed) == ("staging", None)
        assert [problem.code for problem in mended.problems] == ["E330"]
        assert "web: terraform_data.web" in mended.problems[0].message
        assert fixed.exit_code() == ExitCode.FAILED
        assert ("settle", "staging", "web") not in world.terraform.calls
        assert [entry.event.kind for entry in list_entries(world)[before:]] == ["drift checked"] * 4
        # Who wants it so says so.
        apply(world.ports, "staging")
        assert conditions(check_drift(world.ports))["staging"] == "clean"

    def test_fix_is_not_suggested_again_for_drift_outside_of_plan(self, world: World) -> None:
        by_hand(world, "staging")
        fix_drift(world.ports, ["staging"], DEFAULT)
        words = "undo it by hand, then: envctl drift staging; to accept it: envctl apply staging"
        for _ in range(2):
            refused = catch(RefusedError, promote, world.ports, "staging", "prod")
            assert ("G110", words) in [(each.code, each.hint) for each in refused.refusals]
            # Another check of the same drift changes nothing.
            assert [each.next for each in check_drift(world.ports, ["staging"]).environments] == [words]
        world.terraform.drifted.clear()
        assert conditions(check_drift(world.ports, ["staging"])) == {"staging": "clean"}
        assert not journal.load(world.ports).find_environment("staging").drifted

    @pytest.mark.parametrize("back", [True, False], ids=["it came back", "it stays"])
    def test_drift_restored_by_another_resource_is_no_failure(self, world: World, back: bool) -> None:
        group, rule = "aws_security_group.this", "aws_security_group_rule.https"

        class Beside(MemoryTerraform):
            def detect_drift(
                self, environment: str, stack: PreparedStack, *, unchanged: bool, locked: bool = False
            ) -> StackComparison:
                seen = super().detect_drift(environment, stack, unchanged=unchanged, locked=locked)
                if (environment, stack.name) != ("staging", "web"):
                    return seen
                values = (443, None) if ("apply", "staging", "web") not in self.calls else (None, 443)
                there = AttributeChange("ingress[0].from_port", *values)
                changes = (
                    ResourceChange(address=group, type="aws_security_group", action=Action.UPDATE, attributes=(there,)),
                )
                before_apply = values[0] is not None
                gone = ResourceChange(address=rule, type="aws_security_group_rule", action=Action.DELETE)
                found = (*changes, gone) if before_apply else changes if back else ()
                return replace(seen, drift=StackPlan(stack.name, resources=found))

            def plan(
                self,
                environment: str,
                stack: PreparedStack,
                *,
                destroy: bool = False,
                locking: PlanLocking = "wait",
                on_changes: Callable[[], None] = ignore_changes,
            ) -> StackPlan:
                found = super().plan(environment, stack, destroy=destroy, locking=locking, on_changes=on_changes)
                made = ResourceChange(address=rule, type="aws_security_group_rule", action=Action.CREATE)
                return replace(found, resources=(made,), restored=(group,)) if stack.name == "web" else found

        before = world.terraform
        world.terraform = Beside(before.workspace, before.reality, before.states)
        fixed = fix_drift(world.ports, ["staging"], DEFAULT)
        (mended,) = fixed.mended
        assert mended.deployed is not None
        assert [problem.code for problem in mended.problems] == ([] if back else ["E330"])
        assert fixed.exit_code() == (ExitCode.DONE if back else ExitCode.FAILED)

    def test_fix_redeploys_the_running_release(self, world: World) -> None:
        before = journal.load(world.ports).find_environment("dev").current
        assert before is not None
        world.edit("modules/network/main.tf", NETWORK.decode() + "# not yet for anybody\n")
        break_web(world, "dev")
        (mended,) = fix_drift(world.ports, ["dev"], DEFAULT).mended
        assert mended.deployed and mended.deployed.release == before.release
        assert ("apply", "dev", "web") in world.terraform.calls[-12:]
        assert len(journal.load(world.ports).releases) == 1

    @pytest.mark.parametrize(("arrange", "code", "exit_code"), UNFIXED.values(), ids=UNFIXED)
    def test_unfixed_environment_does_not_block_others(
        self, world: World, arrange: Arrangement, code: str, exit_code: ExitCode
    ) -> None:
        break_web(world, "staging", "prod")
        arrange(world)
        fixed = fix_drift(world.ports, [], DEFAULT)
        assert [[problem.code for problem in mended.problems] for mended in fixed.mended] == [[code], []]
        assert [mended.deployed is not None for mended in fixed.mended] == [False, True]
        assert (fixed.exit_code(), fixed.mended[0].exit_code) == (exit_code, exit_code)

    def test_interruption_stops_all_fixes(self, world: World) -> None:
        class Stops(MemoryTerraform):
            def apply(self, *_: object) -> None:
                raise InterruptedByUserError(Problem("E311", "interrupted"))

        kept = {f.name: getattr(world.terraform, f.name) for f in dataclasses.fields(MemoryTerraform)}
        world.terraform = Stops(**kept)
        break_web(world, "staging", "prod")
        with pytest.raises(InterruptedByUserError, match="E311"):
            fix_drift(world.ports, [], DEFAULT)
        assert journal.load(world.ports).find_environment("prod").whole

    @pytest.mark.parametrize("changed", [("prod",), ()], ids=["found drift", "nothing found"])
    def test_interrupted_record_ends_the_command(
        self, world: World, monkeypatch: pytest.MonkeyPatch, changed: tuple[str, ...]
    ) -> None:
        break_web(world, *changed)

        def stop(_key: str, _data: bytes) -> None:
            raise InterruptedByUserError(Problem("E311", "interrupted"))

        monkeypatch.setattr(world.store, "create", stop)
        with pytest.raises(InterruptedByUserError, match="E311"):
            check_drift(world.ports)

    def test_nothing_is_deployed_without_drift(self, world: World) -> None:
        other_settings(world, "staging")
        out_of_reach(world, "prod")
        seq = journal.load(world.ports).seq
        fixed = fix_drift(world.ports, [], DEFAULT)
        assert fixed.mended == ()
        assert fixed.exit_code() == ExitCode.FAILED
        assert journal.load(world.ports).seq == seq + 2, "the looks at dev and staging"

    def test_missing_terminal_is_reported_per_environment(self, world: World) -> None:
        break_web(world, "staging")
        world.prompter.nobody = True
        fixed = fix_drift(world.ports, [], DEFAULT)
        assert [problem.code for problem in fixed.mended[0].problems] == ["E001"]
        assert fixed.exit_code() == ExitCode.USAGE


WITH_LOOK_ROLE = """assume_role = "arn:aws:iam::111111111111:role/envctl-deployer"
look_role = "arn:aws:iam::111111111111:role/envctl-look"
"""


class TestWithoutTheLock:
    """A look takes no lock, and so it clears nothing."""

    def ways(self, world: World) -> list[str]:
        return [verb for verb, *_ in world.terraform.calls if verb.startswith("drift")]

    def locked(self, world: World) -> list[bool]:
        return [entry.event.locked for entry in list_entries(world) if isinstance(entry.event, DriftChecked)]

    def with_look_role(self, world: World) -> None:
        text = world.tree.content["envctl.toml"].decode()
        world.edit("envctl.toml", text.replace("[environments.staging]\n", f"[environments.staging]\n{WITH_LOOK_ROLE}"))
        world.config_reader = ProjectFileReader(sandbox=False, look=True)

    def test_look_takes_no_lock(self, world: World) -> None:
        assert looks(world, "staging").locked is False
        by_hand(world, "staging")
        assert looks(world, "staging").drifted == 1
        assert (self.ways(world), self.locked(world)) == (["drift"] * 4, [False, False])

    def test_held_lock_stops_no_look(self, world: World) -> None:
        world.terraform.locks["staging", "web"] = StateLock("web", "lock-1", "bob@ci", "apply")
        assert looks(world, "staging").condition == "clean"

    def test_recorded_drift_is_cleared_under_the_lock(self, world: World) -> None:
        by_hand(world, "staging")
        looks(world, "staging")
        world.terraform.drifted.clear()
        world.terraform.calls.clear()
        found = looks(world, "staging")
        assert (found.condition, found.locked, found.recorded) == ("clean", True, 0)
        assert self.ways(world) == ["drift"] * 2 + ["drift under the lock"] * 2
        assert not journal.load(world.ports).find_environment("staging").drifted

    def test_held_lock_clears_nothing(self, world: World) -> None:
        by_hand(world, "staging")
        looks(world, "staging")
        world.terraform.drifted.clear()
        world.terraform.locks["staging", "web"] = StateLock("web", "lock-1", "bob@ci", "apply")
        assert looks(world, "staging").condition == "unknown"
        assert journal.load(world.ports).find_environment("staging").drifted

    def test_look_role_clears_nothing(self, world: World) -> None:
        by_hand(world, "staging")
        looks(world, "staging")
        world.terraform.drifted.clear()
        self.with_look_role(world)
        world.terraform.calls.clear()
        found = check_drift(world.ports, ["staging"])
        (staging,) = found.environments
        assert (staging.condition, staging.recorded, staging.next) == ("clean", 1, "envctl drift staging --locked")
        assert (self.ways(world), found.exit_code()) == (["drift"] * 2, ExitCode.DONE)
        assert journal.load(world.ports).find_environment("staging").drifted

    def test_suggested_check_clears_drift(self, world: World) -> None:
        by_hand(world, "staging")
        looks(world, "staging")
        world.terraform.drifted.clear()
        (found,) = check_drift(world.ports, ["staging"], locked=True).environments
        assert (found.condition, found.locked) == ("clean", True)
        assert not journal.load(world.ports).find_environment("staging").drifted
