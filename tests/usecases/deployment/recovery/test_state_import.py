"""`recover --import` changes a state: the ledger says so, and of an import that was cut off, that it began."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from envctl.cli.render.words.events import choose_tone, describe_event, is_failure
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.guards import RefusedError
from envctl.domain.ledger.audit import Audit
from envctl.domain.ledger.state_events import ImportEnded, ImportStarted
from envctl.domain.plan.changes import Action, AttributeChange, Marker, ResourceChange
from envctl.usecases.approval.locking import lock_environment
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.recovery.recover import recover
from envctl.usecases.inspect.status import load_status
from envctl.usecases.ledger import journal
from envctl.usecases.ports.terraform import PreparedStack
from tests.catching import catch
from tests.fakes.store import MemoryStore
from tests.fakes.terraform import Killed, MemoryTerraform
from tests.fakes.world import World, list_entries, make_once

ADDRESS, ID = "module.web.aws_ssm_parameter.x", "/shop/very-secret-id"


def build_world(store: MemoryStore | None = None) -> World:
    """A world whose last deployment found two resources that exist already."""
    made = World(store=store or MemoryStore())
    made.terraform.existing["dev", "web"] = ("aws_ssm_parameter.x", "aws_ssm_parameter.y")
    with pytest.raises(OperationFailedError, match="E367"):
        apply(made.ports, "dev")
    del made.terraform.existing["dev", "web"]
    return made


def allow(world: World, line: str) -> None:
    project = world.tree.content["envctl.toml"].decode()
    world.edit("envctl.toml", f"{project}\n[environments.dev.allow]\n{line}\n")


def move_account(world: World) -> None:
    project = world.tree.content["envctl.toml"].decode()
    world.edit(
        "envctl.toml", project.replace("[environments.dev]\n", '[environments.dev]\naccount_id = "111111111111"\n')
    )
    world.access.accounts["dev"] = "999999999999"
    world.access.remembered.clear()


@pytest.fixture
@make_once
def world() -> World:
    return build_world()


def fails(world: World, error: BaseException) -> None:
    class Failing(MemoryTerraform):
        def import_resource(self, environment: str, stack: PreparedStack, address: str, identity: str) -> None:
            raise error

    world.terraform = Failing(**vars(world.terraform))


def imports(world: World) -> list[ImportStarted | ImportEnded]:
    return [each.event for each in list_entries(world) if isinstance(each.event, ImportStarted | ImportEnded)]


def outcomes(world: World) -> list[str]:
    return [each.outcome for each in imports(world) if isinstance(each, ImportEnded)]


def test_import_is_recorded_without_its_id(world: World) -> None:
    recover(world.ports, "dev", [(ADDRESS, ID)])
    release = journal.load(world.ports).find_environment("dev").last
    assert release is not None
    start = next(each.seq for each in list_entries(world) if isinstance(each.event, ImportStarted))
    assert imports(world) == [
        ImportStarted("dev", release.release, "web", ADDRESS),
        ImportEnded(
            environment="dev", release=release.release, started=start, stack="web", address=ADDRESS, outcome="imported"
        ),
    ]
    assert not any(ID.encode() in data for data in world.store.content.values())
    assert [describe_event(each) for each in imports(world)] == [
        f"import of {ADDRESS} into dev started",
        f"import of {ADDRESS} into dev done: it is in the state of web",
    ]
    assert not any(is_failure(each) for each in imports(world))


@pytest.mark.parametrize("address", ["module.web.aws_ssm_parameter.z", "module.network.aws_ssm_parameter.x"])
def test_only_reported_resources_are_imported(address: str, world: World) -> None:
    before = list_entries(world)
    error = catch(OperationFailedError, recover, world.ports, "dev", [(ADDRESS, ID), (address, ID)])
    assert error.problems[0].code == "E376"
    assert error.problems[0].hint.endswith("run it again: envctl apply dev")
    assert (list_entries(world), world.terraform.imported) == (before, [])


def plan_parameters(world: World, **names: object) -> None:
    """Every plan creates these parameters."""
    world.terraform.extra_changes["dev", "web"] = tuple(
        ResourceChange(
            address=f"aws_ssm_parameter.{each}",
            type="aws_ssm_parameter",
            action=Action.CREATE,
            attributes=(AttributeChange("name", None, name),),
        )
        for each, name in names.items()
    )


def test_all_reported_resources_are_imported(world: World) -> None:
    plan_parameters(world, x="/shop/x", y="/shop/y")
    done = recover(world.ports, "dev", [("reported", "")])
    assert done.taken_in == ("web:aws_ssm_parameter.x", "web:aws_ssm_parameter.y")
    assert [each[-1] for each in world.terraform.imported] == ["/shop/x", "/shop/y"]


@pytest.mark.parametrize(
    ("names", "message", "hint"),
    [
        pytest.param({"x": "/shop/x"}, "does not tell the id of web:aws_ssm_parameter.y", "y=ID", id="none"),
        pytest.param({"x": "/x", "y": Marker.SENSITIVE}, "the id of web:aws_ssm_parameter.y", "y=ID", id="sensitive"),
    ],
)
def test_reported_resources_need_an_id_in_the_plan(
    names: Mapping[str, object], message: str, hint: str, world: World
) -> None:
    plan_parameters(world, **names)
    (problem,) = catch(OperationFailedError, recover, world.ports, "dev", [("reported", "")]).problems
    assert (problem.code, world.terraform.imported) == ("E376", [])
    assert message in problem.message
    assert problem.hint.endswith(hint)


def test_nothing_reported_is_told(world: World) -> None:
    apply(world.ports, "dev")
    (problem,) = catch(OperationFailedError, recover, world.ports, "dev", [("reported", "")]).problems
    assert "reported no existing resource" in problem.message


def test_next_deployment_ends_what_may_be_imported(world: World) -> None:
    apply(world.ports, "dev")
    with pytest.raises(OperationFailedError, match="E376"):
        recover(world.ports, "dev", [(ADDRESS, ID)])


def test_import_needs_the_settings_of_the_deployment(world: World) -> None:
    world.edit("environments/dev/terraform.tfvars", 'cidr = "10.9.0.0/16"\n')
    error = catch(OperationFailedError, recover, world.ports, "dev", [(ADDRESS, ID)])
    assert (error.problems[0].code, world.terraform.imported) == ("E377", [])


@pytest.mark.parametrize(
    ("code", "spoil"),
    [
        pytest.param("G108", lambda world: lock_environment(world.ports, "dev", "freeze"), id="locked"),
        pytest.param("G203", move_account, id="other account"),
        pytest.param("G207", lambda world: allow(world, 'apply = ["github:bob"]'), id="not permitted"),
        pytest.param("G207", lambda world: allow(world, "only_ci = true"), id="only CI"),
    ],
)
@pytest.mark.parametrize("existing", [(), ((ADDRESS, ID),)], ids=["recovery", "import"])
def test_recovery_asks_the_guards_of_a_change(
    code: str, spoil: Callable[[World], object], existing: tuple[tuple[str, str], ...], world: World
) -> None:
    spoil(world)
    before = dict(world.store.content)
    refused = catch(RefusedError, recover, world.ports, "dev", existing)
    assert [each.code for each in refused.refusals] == [code]
    assert (dict(world.store.content), world.terraform.imported) == (before, [])


def test_interrupted_import_is_reported_until_recovered(world: World) -> None:
    fails(world, Killed())
    with pytest.raises(Killed):
        recover(world.ports, "dev", [(ADDRESS, ID)])
    assert [type(each) for each in imports(world)] == [ImportStarted]
    dev = load_status(world.ports).environments[0]
    assert ([each.address for each in dev.present.imports], dev.next) == ([ADDRESS], "envctl recover dev")
    assert recover(world.ports, "dev").abandoned_imports == (ADDRESS,)
    assert outcomes(world) == ["abandoned"]
    assert describe_event(imports(world)[-1]).endswith("abandoned: its end was never recorded")
    assert choose_tone(imports(world)[-1]) == "bad"
    dev = load_status(world.ports).environments[0]
    assert (dev.present.imports, dev.next == "envctl recover dev") == ((), False)
    assert recover(world.ports, "dev").abandoned_imports == ()


def test_failure_is_recorded_without_its_text(world: World) -> None:
    fails(world, OperationFailedError(Problem("E305", "web: no such hunter2", stack="web")))
    with pytest.raises(OperationFailedError):
        recover(world.ports, "dev", [(ADDRESS, ID)])
    end = imports(world)[-1]
    assert isinstance(end, ImportEnded) and (end.outcome, end.reason) == ("failed", "E305 in stack web")
    assert is_failure(end)
    assert journal.load(world.ports).find_environment("dev").imports == ()


@dataclass
class SilentStore(MemoryStore):
    """Answers nothing from the moment on in which it is told."""

    is_silent: bool = False

    def read(self, key: str) -> bytes | None:
        self._require_answer()
        return super().read(key)

    def list_keys(self, prefix: str, after: str = "") -> list[str]:
        self._require_answer()
        return super().list_keys(prefix, after)

    def _require_answer(self) -> None:
        if self.is_silent:
            raise OperationFailedError(Problem("E456", "no answer"))


def test_failure_that_is_not_recorded_is_said() -> None:
    store = SilentStore()
    world = build_world(store)

    class Failing(MemoryTerraform):
        def import_resource(self, environment: str, stack: PreparedStack, address: str, identity: str) -> None:
            store.is_silent = True
            raise OperationFailedError(Problem("E305", "no such thing"))

    world.terraform = Failing(**vars(world.terraform))
    error = catch(OperationFailedError, recover, world.ports, "dev", [(ADDRESS, ID)])
    assert [problem.code for problem in error.problems] == ["E305", "E456"]


def test_interruption_is_recorded(world: World) -> None:
    fails(world, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        recover(world.ports, "dev", [(ADDRESS, ID)])
    end = imports(world)[-1]
    assert isinstance(end, ImportEnded)
    assert (end.outcome, end.reason, is_failure(end)) == ("failed", "interrupted", False)


def test_unknown_address_records_nothing(world: World) -> None:
    before = list_entries(world)
    with pytest.raises(Exception, match="E368"):
        recover(world.ports, "dev", [(ADDRESS, ID), ("aws_x.y", "1")])
    assert list_entries(world) == before


def test_audit_tells_imports_with_their_deployment(world: World) -> None:
    recover(world.ports, "dev", [(ADDRESS, ID), (ADDRESS.replace(".x", ".y"), ID)])
    apply_again = Audit()
    for each in list_entries(world):
        apply_again.add_entry(each)
    (deployment,) = apply_again.deployments.values()
    assert [(each.address[-2:], each.outcome) for each in deployment.imports] == [
        (".x", "imported"),
        (".y", "imported"),
    ]
