"""The port `Terraform` for stacks of all kinds: each stack goes to the driver of its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from envctl.usecases.ports.terraform import StackDriver, Terraform

if TYPE_CHECKING:
    # Every command with stacks imports this file.
    from collections.abc import Callable, Sequence

    from envctl.usecases.ports import terraform as ports
    from envctl.usecases.ports.terraform import PreparedStack

Method = TypeVar("Method", bound="Callable[..., Any]")


def _send_to_terraform(method: Method) -> Method:
    """Return a method that calls this one of Terraform."""

    def call(drivers: StackDrivers, *values: Any, **named: Any) -> Any:  # noqa: ANN401 (as `method`)
        return getattr(drivers.terraform, method.__name__)(*values, **named)

    return cast("Method", call)


def _send_to_driver(method: Method) -> Method:
    """Return a method that calls this one of the driver of the stack, its second argument."""

    def call(drivers: StackDrivers, environment: str, stack: PreparedStack, *values: Any, **named: Any) -> Any:  # noqa: ANN401
        return getattr(drivers.find_driver(stack), method.__name__)(environment, stack, *values, **named)

    return cast("Method", call)


class StackDrivers:
    """Send each call to the driver of its stack.

    Args:
        terraform: runs the stacks with a root module, and everything that concerns no single stack.
        create_kubernetes: creates the driver of stacks of Kubernetes objects, once one is needed.
    """

    def __init__(self, terraform: Terraform, create_kubernetes: Callable[[], StackDriver]) -> None:
        self.terraform = terraform
        self._create_kubernetes = create_kubernetes
        self._kubernetes: StackDriver | None = None

    def find_driver(self, stack: PreparedStack) -> StackDriver:
        if stack.workload is None:
            return self.terraform
        if self._kubernetes is None:
            self._kubernetes = self._create_kubernetes()
        return self._kubernetes

    # What concerns no single stack, or Terraform alone.

    detect_version = _send_to_terraform(Terraform.detect_version)
    find_provider_source = _send_to_terraform(Terraform.find_provider_source)
    find_unpinned_providers = _send_to_terraform(Terraform.find_unpinned_providers)
    expect_checks = _send_to_terraform(Terraform.expect_checks)
    check_backend = _send_to_terraform(Terraform.check_backend)
    open_worker_pool = _send_to_terraform(Terraform.open_worker_pool)
    hash_providers = _send_to_terraform(Terraform.hash_providers)

    def ask_check_blocks(self, environment: str, stack: PreparedStack) -> Sequence[ports.CheckBlock]:
        return () if stack.workload else self.terraform.ask_check_blocks(environment, stack)

    def expect_plan(self, environment: str, stack: PreparedStack) -> None:
        if stack.workload is None:
            self.terraform.expect_plan(environment, stack)

    def expect_refresh(self, environment: str, stack: PreparedStack) -> None:
        if stack.workload is None:
            self.terraform.expect_refresh(environment, stack)

    def explain_provider_start(self, environment: str, stack: PreparedStack) -> str | None:
        return None if stack.workload else self.terraform.explain_provider_start(environment, stack)

    def delete_plans(self, environment: str) -> None:
        self.terraform.delete_plans(environment)
        if self._kubernetes:
            self._kubernetes.delete_plans(environment)

    # What concerns one stack.

    init = _send_to_driver(StackDriver.init)
    require_idle = _send_to_driver(StackDriver.require_idle)
    plan = _send_to_driver(StackDriver.plan)
    forecast = _send_to_driver(StackDriver.forecast)
    refresh_state = _send_to_driver(StackDriver.refresh_state)
    detect_drift = _send_to_driver(StackDriver.detect_drift)
    has_state = _send_to_driver(StackDriver.has_state)
    read_outputs = _send_to_driver(StackDriver.read_outputs)
    pull_state = _send_to_driver(StackDriver.pull_state)
    push_state = _send_to_driver(StackDriver.push_state)
    check_lock = _send_to_driver(StackDriver.check_lock)
    force_unlock = _send_to_driver(StackDriver.force_unlock)
    import_resource = _send_to_driver(StackDriver.import_resource)
    push_unsaved_state = _send_to_driver(StackDriver.push_unsaved_state)
    apply = _send_to_driver(StackDriver.apply)
    await_ready = _send_to_driver(StackDriver.await_ready)
    delete_plan = _send_to_driver(StackDriver.delete_plan)
