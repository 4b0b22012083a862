"""Outputs on in-memory ports: what is shown, what is masked, what is refused, and what a command gets of them."""

import pytest

from envctl.domain.aws.access import OTHER_CREDENTIAL_VARIABLES
from envctl.domain.errors import (
    ConfigurationError,
    EnvctlError,
    LockHeldError,
    OperationFailedError,
    Problem,
    UsageError,
)
from envctl.domain.plan.changes import Marker
from envctl.domain.terraform.outputs import Output
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.inspect.exec_environment import MAX_VARIABLE_BYTES, load_exec_environment
from envctl.usecases.inspect.outputs import OneOutput, StackOutputs, read_output, read_outputs
from tests.catching import catch
from tests.fakes.project_files import NETWORK, PROJECT, WEB
from tests.fakes.terraform import Killed
from tests.fakes.world import World, make_once
from tests.usecases.deployment.leaving.test_leaving_stacks import leaves_as_before

SECRET = "planted-hunter2"
ROLE = "arn:aws:iam::111111111111:role/envctl-deployer"


@pytest.fixture
@make_once
def world() -> World:
    world = World()
    world.edit("modules/web/main.tf", WEB.decode() + 'output "key" {\n value = 1\n sensitive = true\n}\n')
    apply(world.ports, "dev")
    world.terraform.output_values = {
        ("dev", "network"): {"subnet": Output("subnet-1"), "ids": Output(["a", "b"])},
        ("dev", "web"): {"key": Output(SECRET, sensitive=True), "size": Output(3)},
    }
    world.terraform.calls.clear()
    return world


def problem(error: EnvctlError) -> Problem:
    (only,) = error.problems
    return only


def test_outputs_are_shown_and_sensitive_ones_redacted(world: World) -> None:
    found, error = read_outputs(world.ports, "dev")
    assert found.stacks == (
        StackOutputs("network", {"subnet": "subnet-1", "ids": ["a", "b"]}),
        StackOutputs("web", {"key": Marker.SENSITIVE, "size": 3}),
    )
    assert error is None
    assert SECRET not in repr(found)


def test_reading_outputs_plans_and_records_nothing(world: World) -> None:
    before = dict(world.store.content)
    read_outputs(world.ports, "dev")
    assert {verb for verb, _, _ in world.terraform.calls} <= {"init"}
    assert world.store.content == before


def test_output_is_found_by_name(world: World) -> None:
    one = read_output(world.ports, "dev", "network.subnet")
    assert one == OneOutput("dev", one.release, "network", "subnet", "subnet-1", sensitive=False)
    assert read_output(world.ports, "dev", "size").value == 3


def test_only_the_requested_stack_is_read(world: World) -> None:
    world.terraform.unreadable[("dev", "web")] = OperationFailedError(Problem("E305", "web can't be read"))
    assert read_output(world.ports, "dev", "subnet").value == "subnet-1"
    with pytest.raises(OperationFailedError, match="web can't be read"):
        read_output(world.ports, "dev", "nothing_of_the_kind")


def test_sensitive_output_is_shown_only_with_reveal(world: World) -> None:
    raised = catch(UsageError, read_output, world.ports, "dev", "key")
    assert problem(raised).code == "E014"
    assert problem(raised).hint.endswith("envctl output dev web.key --reveal")
    assert SECRET not in str(raised)
    assert read_output(world.ports, "dev", "key", reveal=True).value == SECRET


def test_unreadable_stack_does_not_hide_others(world: World) -> None:
    world.terraform.unreadable[("dev", "network")] = LockHeldError(Problem("E309", "network is busy"))
    found, error = read_outputs(world.ports, "dev")
    assert [stack.stack for stack in found.stacks] == ["web"]
    assert found.unread == ("network",)
    assert error and (error.exit_code, problem(error).code) == (75, "E309")


def test_worst_exit_code_of_failures_counts(world: World) -> None:
    world.terraform.unreadable = {
        ("dev", "network"): LockHeldError(Problem("E309", "network is busy")),
        ("dev", "web"): OperationFailedError(Problem("E305", "web can't be read")),
    }
    found, error = read_outputs(world.ports, "dev")
    assert found.stacks == ()
    assert error and (error.exit_code, [each.code for each in error.problems]) == (1, ["E309", "E305"])


def test_lost_state_is_not_an_empty_state(world: World) -> None:
    world.terraform.output_values[("dev", "network")] = {}
    assert read_outputs(world.ports, "dev")[1] is None, "all may be null"
    world.terraform.lose_state("dev", "network")
    _, error = read_outputs(world.ports, "dev")
    assert error is not None
    assert problem(error).code == "E321"


NOTHING = {
    "nothing was ever promoted": ("staging", "envctl promote dev staging"),
    "what was there is destroyed": ("dev", "envctl apply dev"),
}


@pytest.mark.parametrize(("environment", "way"), NOTHING.values(), ids=NOTHING)
def test_outputs_are_missing_where(world: World, environment: str, way: str) -> None:
    if environment == "dev":
        destroy(world.ports, "dev", DeployOptions())
    raised = catch(OperationFailedError, read_outputs, world.ports, environment)
    assert (problem(raised).code, problem(raised).hint) == ("E414", way)


def test_unknown_environment_is_refused(world: World) -> None:
    with pytest.raises(UsageError, match="E002"):
        read_outputs(world.ports, "def")


def test_only_unfit_settings_stop_reading_outputs(world: World) -> None:
    world.edit("environments/dev/terraform.tfvars", "cidr = []\n")
    raised = catch(ConfigurationError, read_outputs, world.ports, "dev")
    assert {each.code for each in raised.problems} == {"E204"}


def test_outputs_are_read_by_the_running_release(world: World) -> None:
    world.edit("modules/network/main.tf", NETWORK.decode().replace('"subnet"', '"subnetwork"'))
    assert read_output(world.ports, "dev", "network.subnet").value == "subnet-1"


def test_outputs_after_failure_are_marked_unsettled(world: World) -> None:
    world.edit("modules/web/main.tf", WEB.decode() + "# another\n")
    world.terraform.fails_on.add(("dev", "web"))
    with pytest.raises(OperationFailedError):
        apply(world.ports, "dev")
    found, _ = read_outputs(world.ports, "dev")
    assert found.unsettled == "failed"
    load_exec_environment(world.ports, "dev")
    assert world.observer.heard[-1] == "the last deployment to dev failed: outputs may be of more than one release"


def test_stack_missing_in_the_release_is_named(world: World) -> None:
    without = PROJECT.decode().replace('[stacks.web]\nmodule = "modules/web"\n', "")
    without = without.replace('inputs = { subnet = "network.subnet" }\n', "").partition("[artifacts]")[0]
    world.edit("envctl.toml", without)
    world.edit("environments/common.tfvars", "")
    world.edit("environments/dev/terraform.tfvars", 'cidr = "10.10.0.0/16"\n')
    # As an earlier envctl did, which left the other one behind.
    leaves_as_before(world)
    found, _ = read_outputs(world.ports, "dev")
    assert ([stack.stack for stack in found.stacks], found.left_out) == (["network"], ("web",))


def with_a_role(world: World) -> None:
    place = f'[environments.dev]\naccount_id = "111111111111"\nregion = "eu-west-1"\nassume_role = "{ROLE}"'
    world.edit("envctl.toml", PROJECT.decode().replace("[environments.dev]", place))


def test_command_gets_outputs_of_its_environment(world: World) -> None:
    found = load_exec_environment(world.ports, "dev")
    release = read_outputs(world.ports, "dev")[0].release
    assert found.variables == {
        "ENVCTL_PROJECT": "shop",
        "ENVCTL_ENVIRONMENT": "dev",
        "ENVCTL_RELEASE": release,
        "ENVCTL_OUTPUTS": '{"network": {"subnet": "subnet-1", "ids": ["a", "b"]}, "web": {"size": 3}}',
        "ENVCTL_OUTPUT_NETWORK_SUBNET": "subnet-1",
        "ENVCTL_OUTPUT_NETWORK_IDS": '["a", "b"]',
        "ENVCTL_OUTPUT_WEB_KEY": SECRET,
        "ENVCTL_OUTPUT_WEB_SIZE": "3",
    }
    assert found.removed == ()


def test_exec_environment_hides_secrets_in_repr(world: World) -> None:
    with_a_role(world)
    shown = repr(load_exec_environment(world.ports, "dev"))
    assert SECRET not in shown
    assert "key of the role" not in shown
    assert not any(SECRET in said for said in world.observer.heard)


def test_role_replaces_inherited_credentials(world: World) -> None:
    with_a_role(world)
    child = load_exec_environment(world.ports, "dev").merge_inherited(
        {"AWS_PROFILE": "me", "AWS_REGION": "us-east-1", "PATH": "/nowhere"}
    )
    assert world.access.asked == ["dev"]
    assert child["AWS_ACCESS_KEY_ID"] == "ASIAROLE"
    assert (child["AWS_REGION"], child["AWS_DEFAULT_REGION"], child["PATH"]) == ("eu-west-1", "eu-west-1", "/nowhere")
    assert not set(OTHER_CREDENTIAL_VARIABLES) & set(child)


def test_own_credentials_are_kept_without_a_role(world: World) -> None:
    assert load_exec_environment(world.ports, "dev").merge_inherited({"AWS_PROFILE": "me"})["AWS_PROFILE"] == "me"
    assert world.access.asked == []


def test_denied_role_stops_the_command(world: World) -> None:
    with_a_role(world)
    world.access.refused.add("dev")
    with pytest.raises(OperationFailedError, match="E413"):
        load_exec_environment(world.ports, "dev")


def test_command_does_not_run_with_incomplete_outputs(world: World) -> None:
    world.terraform.unreadable[("dev", "web")] = OperationFailedError(Problem("E305", "web can't be read"))
    with pytest.raises(OperationFailedError, match="web can't be read"):
        load_exec_environment(world.ports, "dev")


def test_credentials_alone_need_no_deployment(world: World) -> None:
    found = load_exec_environment(world.ports, "staging", with_outputs=False)
    assert found.variables["ENVCTL_ENVIRONMENT"] == "staging"
    assert not [name for name in found.variables if name.startswith(("ENVCTL_OUTPUT", "ENVCTL_RELEASE"))]


def test_command_does_not_run_during_a_deployment(world: World) -> None:
    world.edit("modules/web/main.tf", WEB.decode() + "# another\n")
    world.terraform.dies_on.add(("dev", "web"))
    with pytest.raises(Killed):
        apply(world.ports, "dev")
    raised = catch(OperationFailedError, load_exec_environment, world.ports, "dev")
    assert problem(raised).code == "E414"
    assert problem(raised).hint.endswith("envctl recover dev")


LEFT_OUT = {
    "what is longer than a variable can be": ("x" * (MAX_VARIABLE_BYTES + 1), "it is too long"),
    "what holds a NUL character": ("a\0b", "it holds a NUL character"),
}


@pytest.mark.parametrize(("value", "why"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_unusable_output_is_omitted(world: World, value: str, why: str) -> None:
    world.terraform.output_values[("dev", "web")] = {"key": Output(value, sensitive=True)}
    assert "ENVCTL_OUTPUT_WEB_KEY" not in load_exec_environment(world.ports, "dev").variables
    (said,) = world.observer.heard[-1:]
    assert said.startswith(f"ENVCTL_OUTPUT_WEB_KEY is left out: {why}")
    assert value not in said


def test_outputs_with_same_variable_name_are_omitted(world: World) -> None:
    world.terraform.output_values[("dev", "web")] = {"a_b": Output(1), "a-b": Output(2)}
    assert "ENVCTL_OUTPUT_WEB_A_B" not in load_exec_environment(world.ports, "dev").variables
    said = "ENVCTL_OUTPUT_WEB_A_B is left out: it is ambiguous (web.a_b or web.a-b)"
    assert said in world.observer.heard
