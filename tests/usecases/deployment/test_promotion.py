"""Deployments on in-memory ports: what is recorded, what is refused, and what is left when something fails."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from envctl.domain.errors import (
    ConfigurationError,
    InterruptedByUserError,
    LockHeldError,
    OperationFailedError,
    Problem,
    UsageError,
)
from envctl.domain.exit_codes import ExitCode
from envctl.domain.guards import GUARDS, RefusedError
from envctl.domain.ledger.events import (
    DeploymentFailed,
    DeploymentStarted,
    DeploymentSucceeded,
    VerificationPassed,
)
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.release.bundle import File, unpack
from envctl.usecases.approval.approve import approve_plan, withdraw_approval
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.approval.locking import unlock_environment
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.next_command import add_next_command
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.recovery.recover import recover
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.inspect.explain_plan import explain_plan
from envctl.usecases.inspect.history import read_history, verify_ledger
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.inspect.render import render_environment
from envctl.usecases.inspect.status import load_status
from envctl.usecases.ledger import journal
from envctl.usecases.ports.terraform import PreparedStack
from tests.catching import catch
from tests.fakes.project_files import IMAGE, NETWORK, PROJECT, WEB
from tests.fakes.store import MemoryStore
from tests.fakes.terraform import Killed
from tests.fakes.world import World, list_entries
from tests.usecases.steps import deploy_to_staging, killed_at

OTHER_IMAGE = IMAGE.replace("a" * 64, "b" * 64)


def events(world: World) -> list[str]:
    return [entry.event.kind for entry in list_entries(world)]


def approve_all(world: World, by: tuple[str, ...] = ("bob@example.com", "cat@example.com")) -> None:
    me = world.identity.name
    for person, gate in ((by[0], "peer"), (by[0], "business"), (by[1], "business")):
        world.identity.name = person
        approve_plan(world.ports, "prod", gate, unseen=["web"])
    world.identity.name = me


def test_apply_creates_and_records_a_release(world: World) -> None:
    done = apply(world.ports, "dev")
    kinds = [type(entry.event) for entry in list_entries(world)]
    assert kinds == [ReleaseCreated, DeploymentStarted, DeploymentSucceeded, VerificationPassed]
    assert done.deployment and done.deployment.outcome == "succeeded"
    assert done.deployment.changed == 2
    assert add_next_command(world.ports, done).next == "envctl promote dev staging"


def test_stack_waits_for_upstream_never_applied(world: World) -> None:
    shown, _ = plan_environment(world.ports, "dev")
    assert [(stack.stack, stack.waits_for) for stack in shown.stacks] == [("network", ()), ("web", ("network",))]
    assert ("plan", "dev", "web") not in world.terraform.calls


def test_waiting_stack_is_planned_after_unchanged_upstream(world: World) -> None:
    apply(world.ports, "dev")
    forgetful = World(store=MemoryStore(), workspace=world.workspace)
    forgetful.terraform.reality = {("dev", "network"): world.terraform.reality["dev", "network"]}
    listed = '[environments.dev]\ngates = { waivable = ["known_state"] }\n'
    forgetful.edit("envctl.toml", PROJECT.decode().replace("[environments.dev]\n", listed))
    apply(forgetful.ports, "dev", DeployOptions(break_glass="the store was lost"))
    assert ("dev", "web") in forgetful.terraform.reality
    assert forgetful.terraform.reality == world.terraform.reality


def test_files_saved_during_bundling_enter_the_next_release(world: World) -> None:
    init = world.terraform.init

    def while_init_runs(environment: str, stack: PreparedStack, provider_lock: bytes | None) -> None:
        world.edit("modules/web/main.tf", WEB.decode() + "# saved in the meantime\n")
        init(environment, stack, provider_lock)

    world.terraform.init = while_init_runs  # type: ignore[method-assign]
    release = apply(world.ports, "dev").release
    bundle = unpack(world.store.content[f"releases/{release}.tar"], release)
    assert bundle.files["modules/web/main.tf"].data == WEB
    assert world.workspace.code["dev"]["modules/web/main.tf"].data == WEB


def test_deployment_applies_the_settings_that_guards_checked(world: World) -> None:
    apply(world.ports, "dev")
    lay_code = world.workspace.write_code

    def after_the_guards(environment: str, files: Mapping[str, File]) -> None:
        world.edit("environments/staging/terraform.tfvars", 'cidr = "10.66.0.0/16"\n')
        lay_code(environment, files)

    world.workspace.write_code = after_the_guards  # type: ignore[method-assign]
    promote(world.ports, "dev", "staging")
    assert b"10.20.0.0/16" in world.workspace.stacks["staging", "network"]
    world.workspace.write_code = lay_code  # type: ignore[method-assign]
    assert not apply(world.ports, "staging").up_to_date, "the new settings are not what was recorded"


def test_abandoned_deployment_is_not_recorded_as_success(world: World) -> None:
    elsewhere = World(store=world.store)
    applies = world.terraform.apply

    def while_applying(environment: str, stack: PreparedStack, *more: Any) -> None:
        recover(elsewhere.ports, environment)
        applies(environment, stack, *more)

    world.terraform.apply = while_applying  # type: ignore[method-assign, assignment]
    with pytest.raises(OperationFailedError, match="E408"):
        apply(world.ports, "dev")
    assert events(world)[-1] == "deployment abandoned"
    with pytest.raises(RefusedError, match="G102"):
        promote(world.ports, "dev", "staging")


def test_promotion_ignores_the_working_tree(world: World) -> None:
    apply(world.ports, "dev")
    proven = world.terraform.hash_code("dev")
    world.edit("modules/network/main.tf", NETWORK.decode() + "# changed after dev\n")
    promote(world.ports, "dev", "staging")
    assert world.terraform.hash_code("staging") == proven


def test_nested_modules_are_bundled(world: World) -> None:
    world.edit("modules/network/main.tf", NETWORK.decode() + 'module "inner" {\n  source = "../inner"\n}\n')
    world.edit("modules/inner/main.tf", 'module "core" {\n  source = "./core"\n}\n')
    world.edit("modules/inner/core/main.tf", "# the core\n")
    world.edit("modules/inner/core/script.sh", "echo core\n")
    world.edit("modules/unreached/main.tf", "# nobody calls it\n")
    apply(world.ports, "dev")
    world.edit("modules/inner/core/script.sh", "echo changed\n")
    promote(world.ports, "dev", "staging")
    laid = {path: file.data for path, file in world.workspace.code["staging"].items()}
    assert laid["modules/inner/core/main.tf"] == b"# the core\n"
    assert laid["modules/inner/core/script.sh"] == b"echo core\n"
    assert "modules/unreached/main.tf" not in laid


def test_file_of_nested_module_changes_the_release(world: World) -> None:
    world.edit("modules/network/main.tf", NETWORK.decode() + 'module "inner" {\n  source = "../inner"\n}\n')
    world.edit("modules/inner/main.tf", "# inner\n")
    first = apply(world.ports, "dev").release
    world.edit("modules/inner/files/a.txt", "new\n")
    assert apply(world.ports, "dev").release != first


def test_earlier_release_can_be_promoted_past_busy_dev(world: World) -> None:
    first = apply(world.ports, "dev").release
    world.edit("modules/network/main.tf", NETWORK.decode() + "# next\n")
    apply(world.ports, "dev")
    assert promote(world.ports, "dev", "staging", release=first[:8]).release == first


def test_prod_takes_the_release_after_its_approvals(world: World) -> None:
    deploy_to_staging(world)
    refused = catch(RefusedError, promote, world.ports, "staging", "prod")
    assert refused.exit_code == ExitCode.REFUSED_FOR_NOW
    assert not any(environment == "prod" for _, environment, _ in world.terraform.calls)
    approve_all(world)
    promote(world.ports, "staging", "prod")
    assert world.terraform.hash_code("prod") == world.terraform.hash_code("dev")


def test_apply_to_staging_changes_settings_but_not_code(world: World) -> None:
    deploy_to_staging(world)
    code = world.terraform.hash_code("staging")
    world.edit("modules/network/main.tf", NETWORK.decode() + "# new code\n")
    world.edit("environments/staging/terraform.tfvars", 'cidr = "10.99.0.0/16"\n')
    done = apply(world.ports, "staging")
    assert world.terraform.hash_code("staging") == code
    assert b"10.99.0.0/16" in world.workspace.stacks["staging", "network"]
    assert done.deployment and done.deployment.action == "apply"


def test_killed_apply_blocks_environment_until_recovered(world: World) -> None:
    with killed_at(world, "dev", "network"):
        apply(world.ports, "dev")
    refused = catch(RefusedError, apply, world.ports, "dev")
    assert [problem.code for problem in refused.problems] == ["G109"]
    assert recover(world.ports, "dev").next == "envctl apply dev"
    apply(world.ports, "dev")
    assert recover(world.ports, "dev").deployment is None


def test_declined_question_changes_and_records_nothing(world: World) -> None:
    world.prompter.answers = [False]
    with pytest.raises(InterruptedByUserError):
        apply(world.ports, "dev")
    assert events(world) == []
    assert world.terraform.reality == {}


def test_waiting_stack_needs_second_confirmation(world: World) -> None:
    world.prompter.answers = [True, False]
    with pytest.raises(InterruptedByUserError):
        apply(world.ports, "dev")
    assert [stack.stack for stack in world.prompter.asked[1].stacks] == ["web"]
    assert list(world.terraform.reality) == [("dev", "network")]
    ended = next(journal.read_newest_first(world.ports)).event
    assert isinstance(ended, DeploymentFailed) and ended.interrupted


def test_concurrent_deployment_on_same_machine_is_refused(world: World) -> None:
    with world.workspace.lock_environment("dev", "somebody"), pytest.raises(LockHeldError):
        apply(world.ports, "dev")


def test_deployment_started_on_another_machine_wins(world: World) -> None:
    class Elsewhere(World):
        """Another machine, which shares the store and has a working directory of its own."""

    other = Elsewhere(store=world.store)
    other.terraform.dies_on.add(("dev", "network"))
    ours = world.terraform.plan

    def while_planning(environment: str, stack: object, **options: bool) -> object:
        if not other.terraform.calls:
            with pytest.raises(Killed):
                apply(other.ports, "dev")
        return ours(environment, stack, **options)  # type: ignore[arg-type]

    world.terraform.plan = while_planning  # type: ignore[method-assign, assignment]
    with pytest.raises(RefusedError, match="G109"):
        apply(world.ports, "dev")
    assert world.terraform.reality == {}


@pytest.mark.parametrize("action", ["apply", "promote"])
def test_dry_run_lists_stages_and_changes_nothing(world: World, action: str) -> None:
    apply(world.ports, "dev")
    before, ran = events(world), list(world.terraform.calls)
    if action == "apply":
        told = apply(world.ports, "dev", DeployOptions(dry_run=True)).stages
    else:
        told = promote(world.ports, "dev", "staging", DeployOptions(dry_run=True)).stages
    assert told[-2:] == ("record its result in the ledger", told[-1])
    assert told[-1].startswith("run the checks of")
    assert any("apply web" in stage for stage in told)
    assert (events(world), world.terraform.calls) == (before, ran)


def test_damaged_bundle_is_refused(world: World) -> None:
    release = apply(world.ports, "dev").release
    key = f"releases/{release}.tar"
    world.store.content[key] = world.store.content[key].replace(b"10.10", b"10.11").replace(b"cidr", b"cidR")
    with pytest.raises(RefusedError, match="damaged"):
        promote(world.ports, "dev", "staging")


SECOND, LAST = (f"ledger/{number:010d}.json" for number in (2, 3))
Content = dict[str, bytes]
DAMAGES: dict[str, tuple[Callable[[Content], object], int]] = {
    "an entry changed by hand": (lambda all_: all_.update({SECOND: all_[SECOND].replace(b"ann@", b"eve@")}), 3),
    "the last entry changed by hand": (
        lambda all_: all_.update({LAST: all_[LAST].replace(b'"changed":2', b'"changed":9')}),
        3,
    ),
    "an entry removed by hand": (lambda all_: all_.pop(SECOND), 2),
    "the last entry removed by hand": (lambda all_: all_.pop(LAST), 3),
}


@pytest.mark.parametrize(("damage", "entry"), DAMAGES.values(), ids=DAMAGES)
def test_modified_ledger_is_refused(world: World, damage: Callable[[Content], object], entry: int) -> None:
    apply(world.ports, "dev", DeployOptions(verify=False))
    damage(world.store.content)
    ran = list(world.terraform.calls)
    for command in (verify_ledger, load_status, lambda ports: promote(ports, "dev", "staging")):
        with pytest.raises(OperationFailedError, match=f"E401.*entry {entry} "):
            command(world.ports)
    assert world.terraform.calls == ran


def test_complete_ledger_is_verified(world: World) -> None:
    apply(world.ports, "dev")
    assert verify_ledger(world.ports).entries == 4


def test_status_shows_releases_and_lag(world: World) -> None:
    deploy_to_staging(world)
    world.edit("modules/network/main.tf", NETWORK.decode() + "# next\n")
    apply(world.ports, "dev")
    shown = {there.environment: there for there in load_status(world.ports).environments}
    assert [shown[name].lag for name in ("dev", "staging", "prod")] == [None, 1, 1]
    assert shown["staging"].next == "envctl promote dev staging"
    assert shown["prod"].gates == {"peer": (0, 1), "business": (0, 2)}


def test_unrecorded_failure_is_reported_with_its_cause(world: World) -> None:
    class Full(MemoryStore):
        def create(self, key: str, data: bytes) -> None:
            if b"deployment failed" in data:
                raise OperationFailedError(Problem("E404", "the store is full"))
            super().create(key, data)

    world.store = Full()
    world.terraform.fails_on.add(("dev", "web"))
    failed = catch(OperationFailedError, apply, world.ports, "dev")
    assert [problem.code for problem in failed.problems] == ["E305", "E404"]
    with pytest.raises(RefusedError, match="G109"):
        apply(world.ports, "dev")


def test_why_lists_every_guard(world: World) -> None:
    apply(world.ports, "dev")
    told = explain_refusal(world.ports, "prod")
    answers = {answer.code: answer.outcome for answer in told.answers}
    assert list(answers) == [guard.code for guard in GUARDS]
    assert (answers["G101"], answers["G102"], answers["G103"]) == ("passes", "refuses", "moot")
    assert (answers["G301"], answers["G302"]) == ("unplanned", "unplanned")
    assert told.next == "envctl promote dev staging"


def test_history_of_environment_is_newest_first(world: World) -> None:
    deploy_to_staging(world)
    told = read_history(world.ports, "staging")
    kinds = [entry.event.kind for entry in told.entries]
    assert kinds == ["verification passed", "deployment succeeded", "deployment started"]
    assert len(read_history(world.ports, limit=2).entries) == 2
    assert read_history(world.ports, limit=2).more


def test_render_of_later_environment_shows_its_release(world: World) -> None:
    deploy_to_staging(world)
    world.edit("modules/network/main.tf", NETWORK.decode() + 'output "new" { value = 1 }\n')
    assert '"new"' in render_environment(world.ports, "dev").files["dev/network/main.tf.json"]
    assert '"new"' not in render_environment(world.ports, "staging").files["staging/network/main.tf.json"]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        pytest.param(lambda p: apply(p, "stagin"), "E002", id="an unknown environment, with the nearest name"),
        pytest.param(lambda p: plan_environment(p, "../x"), "E002", id="a path where an environment is wanted"),
        pytest.param(lambda p: promote(p, "dev", "staging", release="feed"), "E003", id="an unknown release"),
        pytest.param(lambda p: approve_plan(p, "prod", "pear"), "E005", id="an unknown gate"),
        pytest.param(lambda p: approve_plan(p, "dev", "peer"), "E005", id="a gate that this environment does not have"),
    ],
)
def test_invalid_arguments_are_refused(world: World, command: object, code: str) -> None:
    with pytest.raises(UsageError, match=code):
        command(world.ports)  # type: ignore[operator]
    assert (world.terraform.calls, world.store.content) == ([], {})


# What a script puts into an option when the variable that should hold it is empty. Nothing else is meant by it.
EMPTY = {
    "promote": lambda p: promote(p, "dev", "staging", release=""),
    "approve": lambda p: approve_plan(p, "prod", "peer", release=""),
    "withdraw": lambda p: withdraw_approval(p, "prod", "peer", release=""),
    "rollback": lambda p: rollback(p, "dev", to=""),
    "unlock": lambda p: unlock_environment(p, "dev", release=""),
    "why": lambda p: explain_refusal(p, "staging", release=""),
    "explain": lambda p: explain_plan(p, "dev", release=""),
}


@pytest.mark.parametrize("command", EMPTY.values(), ids=EMPTY)
def test_empty_release_name_is_refused(world: World, command: object) -> None:
    apply(world.ports, "dev")
    before = dict(world.store.content)
    with pytest.raises(UsageError, match="E003"):
        command(world.ports)  # type: ignore[operator]
    assert world.store.content == before


COMPUTED = 'module "x" { source = "${path.module}/y" }\n'
DEV = "environments/dev/terraform.tfvars"
BAD_PROJECTS = {
    "no project file": ("envctl.toml", None, "E100"),
    "a module folder that isn't there": ("modules/web/main.tf", None, "E110"),
    "a module whose address is computed": ("modules/web/main.tf", COMPUTED, "E111"),
    "a module that leaves the project": ("modules/web/main.tf", 'module "x" { source = "../../../y" }\n', "E191"),
    "an output that isn't there": ("modules/network/main.tf", 'variable "cidr" {}\n', "E112"),
    "an input that the module does not declare": ("modules/web/main.tf", 'variable "size" {}\n', "E113"),
    "an artifact without a value": ("environments/dev/terraform.tfvars", 'cidr = "10.0.0.0/8"\n', "E115"),
    "an artifact with neither a tag nor a digest": (DEV, 'cidr = "x"\nimage = "x"\n', "E430"),
    "an artifact that is no image": (DEV, 'cidr = "x"\nimage = "registry.example.com/Shop:1.4"\n', "E430"),
    "an artifact that is no text": (DEV, 'cidr = "x"\nimage = 4\n', "E430"),
    "an artifact set in staging": ("environments/staging/terraform.tfvars", 'cidr = "x"\nimage = "x"\n', "E210"),
    "a missing value": ("environments/staging/terraform.tfvars", "", "E205"),
    "a wrong type": ("environments/prod/terraform.tfvars", 'cidr = "x"\nsize = "large"\n', "E204"),
    "an unknown name": ("environments/prod/terraform.tfvars", 'cidr = "x"\nsise = 3\n', "E203"),
    "a syntax error": ("environments/prod/terraform.tfvars", 'cidr = "x\n', "E201"),
    "a function call": ("environments/prod/terraform.tfvars", 'cidr = join("", [])\n', "E202"),
}


@pytest.mark.parametrize(("path", "text", "code"), BAD_PROJECTS.values(), ids=BAD_PROJECTS.keys())
def test_invalid_project_is_reported_first(world: World, path: str, text: str | None, code: str) -> None:
    from envctl.usecases.inspect.settings import validate_project

    if text is None:
        del world.tree.content[path]
    else:
        world.edit(path, text)
    with pytest.raises(ConfigurationError, match=code) as wrong:
        validate_project(world.ports)
    assert code == "E100" or all(problem.location and problem.location.line for problem in wrong.value.problems)
    assert (world.terraform.calls, world.store.content) == ([], {})


def test_mistyped_module_folder_gets_suggestion(world: World) -> None:
    from envctl.usecases.inspect.settings import validate_project

    text = world.tree.content["envctl.toml"].decode()
    world.edit("envctl.toml", text.replace('"modules/web"', '"modules/wbe"'))
    with pytest.raises(ConfigurationError) as wrong:
        validate_project(world.ports)
    assert [problem.hint for problem in wrong.value.problems if problem.code == "E110"] == ["did you mean modules/web?"]


def test_problems_of_all_files_are_reported_at_once(world: World) -> None:
    from envctl.usecases.inspect.settings import validate_project

    world.edit("environments/prod/terraform.tfvars", 'cidr = "x"\nsise = 3\n')
    world.edit("environments/staging/terraform.tfvars", 'image = "x"\n')
    wrong = catch(ConfigurationError, validate_project, world.ports)
    places = {(problem.code, str(problem.location)) for problem in wrong.problems}
    assert {
        ("E203", "environments/prod/terraform.tfvars:2"),
        ("E210", "environments/staging/terraform.tfvars:1"),
    } <= places


class TestArtifactsOfTheEntry:
    """There a file says what the next release will carry, while others carry what they always did."""

    @pytest.fixture
    def two(self, world: World) -> tuple[str, str]:
        """The releases with one image and with another, the latter in dev."""
        first = apply(world.ports, "dev").release
        world.edit("environments/dev/terraform.tfvars", f'cidr = "10.10.0.0/16"\nimage = "{OTHER_IMAGE}"\n')
        return first, apply(world.ports, "dev").release

    def image(self, world: World) -> str:
        main = json.loads(world.workspace.stacks["dev", "web"])
        return str(main["module"]["web"]["image"])

    def test_rollback_restores_the_earlier_image(self, world: World, two: tuple[str, str]) -> None:
        assert self.image(world) == OTHER_IMAGE
        assert rollback(world.ports, "dev").release == two[0]
        assert self.image(world) == IMAGE

    def test_drift_check_uses_the_running_image(self, world: World, two: tuple[str, str]) -> None:
        world.edit("environments/dev/terraform.tfvars", f'cidr = "10.10.0.0/16"\nimage = "{IMAGE}"\n')
        (dev,) = check_drift(world.ports, ["dev"]).environments
        assert (dev.condition, dev.pending) == ("clean", False)
        assert self.image(world) == OTHER_IMAGE

    def test_apply_uses_image_of_working_tree(self, world: World, two: tuple[str, str]) -> None:
        world.edit("environments/dev/terraform.tfvars", f'cidr = "10.10.0.0/16"\nimage = "{IMAGE}"\n')
        assert apply(world.ports, "dev").release == two[0]
        assert self.image(world) == IMAGE
