"""A deployment that runs on this machine is waited for: nobody is sent to recover it."""

from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.deployment.apply import apply
from tests.fakes.world import World
from tests.usecases.steps import killed_at


def unfinished(world: World) -> None:
    with killed_at(world, "dev", "web"):
        apply(world.ports, "dev")


def test_interrupted_deployment_is_recovered(world: World) -> None:
    unfinished(world)
    found = explain_refusal(world.ports, "dev")
    (busy,) = (each for each in found.refusals if each.code == "G109")
    assert busy.message.endswith("is unfinished")
    assert found.next.endswith("if it was interrupted: envctl recover dev")


def test_running_deployment_is_waited_for(world: World) -> None:
    unfinished(world)
    world.workspace.held.add("dev")
    found = explain_refusal(world.ports, "dev")
    (busy,) = (each for each in found.refusals if each.code == "G109")
    assert busy.message.endswith("runs now: envctl at work in dev")
    assert busy.hint == found.next == "wait for its end, then: envctl status"
