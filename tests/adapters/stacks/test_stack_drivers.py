"""Each stack goes to the driver of its kind, and the driver of Kubernetes is created for a stack of its kind only."""

import inspect
from typing import Any

import pytest

from envctl.adapters.stacks.stack_drivers import StackDrivers
from envctl.domain.kubernetes.workload import ClusterReference, Workload
from envctl.usecases.ports.terraform import PreparedStack, StackDriver, Terraform

MODULE = PreparedStack("network")
OBJECTS = PreparedStack(
    "web", workload=Workload(owner="shop-web", path="k8s/web", cluster=ClusterReference("shop-dev"), namespace="shop")
)
METHODS = sorted(name for name in vars(StackDriver) if not name.startswith("_") and name != "delete_plans")
_ARGUMENTS: dict[str, Any] = {
    "provider_lock": None,
    "state": b"",
    "lock_id": "1",
    "address": "a",
    "identity": "b",
    "on_finished": print,
    "outputs": None,
}


class Recorder:
    """A driver of any kind: it records the methods that were called."""

    def __init__(self) -> None:
        self.called: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: self.called.append(name)


def call(drivers: StackDrivers, method: str, stack: PreparedStack) -> None:
    wanted = inspect.signature(getattr(StackDriver, method)).parameters
    given = [_ARGUMENTS[name] for name in list(wanted)[3:] if wanted[name].kind is not inspect.Parameter.KEYWORD_ONLY]
    named = {"unchanged": True} if "unchanged" in wanted else {}
    getattr(drivers, method)("dev", stack, *given, **named)


@pytest.mark.parametrize("method", METHODS)
def test_call_goes_to_the_driver_of_its_stack(method: str) -> None:
    terraform, kubernetes = Recorder(), Recorder()
    drivers = StackDrivers(terraform, lambda: kubernetes)
    call(drivers, method, MODULE)
    assert (terraform.called, kubernetes.called) == ([method], [])
    call(drivers, method, OBJECTS)
    assert (terraform.called, kubernetes.called) == ([method], [method])


def test_kubernetes_is_created_for_its_stacks_only() -> None:
    created = list[Recorder]()

    def create() -> Any:
        created.append(Recorder())
        return created[-1]

    terraform = Recorder()
    drivers = StackDrivers(terraform, create)
    drivers.plan("dev", MODULE)
    drivers.expect_plan("dev", OBJECTS)
    drivers.expect_refresh("dev", OBJECTS)
    assert drivers.explain_provider_start("dev", OBJECTS) is None
    assert drivers.ask_check_blocks("dev", OBJECTS) == ()
    drivers.delete_plans("dev")
    assert not created
    drivers.plan("dev", OBJECTS)
    drivers.apply("dev", OBJECTS)
    drivers.delete_plans("dev")
    assert [each.called for each in created] == [["plan", "apply", "delete_plans"]]


def test_all_other_calls_go_to_terraform() -> None:
    others = set(vars(Terraform)) - set(vars(StackDriver))
    names = sorted(name for name in others if not name.startswith("_"))
    assert len(names) == 11, names
    terraform = Recorder()
    drivers = StackDrivers(terraform, pytest.fail)
    for name in names:
        wanted = inspect.signature(getattr(Terraform, name)).parameters
        values = [MODULE if key == "stack" else "" for key in list(wanted)[1:] if key != "knock"]
        getattr(drivers, name)(*values, **({"knock": False} if "knock" in wanted else {}))
    assert sorted(terraform.called) == names
