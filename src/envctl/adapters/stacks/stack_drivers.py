"""The port `Terraform` for stacks of all kinds: each stack goes to the driver of its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envctl.usecases.ports.terraform import ignore_changes

if TYPE_CHECKING:
    # Every command with stacks imports this file.
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from envctl.domain.plan.changes import StackPlan
    from envctl.domain.plan.drift import StackComparison
    from envctl.domain.plan.forecasts import ForecastOutputs
    from envctl.domain.terraform.outputs import Output
    from envctl.usecases.ports import terraform as ports
    from envctl.usecases.ports.terraform import PreparedStack, StackDriver, Terraform


class StackDrivers:
    """Send each call to the driver of its stack.

    Args:
        terraform: runs the stacks with a root module, and everything that concerns no single stack.
        create_kubernetes: creates the driver of stacks of Kubernetes objects, once one is needed.
    """

    def __init__(self, terraform: Terraform, create_kubernetes: Callable[[], StackDriver]) -> None:
        self._terraform = terraform
        self._create_kubernetes = create_kubernetes
        self._kubernetes: StackDriver | None = None

    def _find_driver(self, stack: PreparedStack) -> StackDriver:
        if stack.workload is None:
            return self._terraform
        if self._kubernetes is None:
            self._kubernetes = self._create_kubernetes()
        return self._kubernetes

    # What concerns no single stack, or Terraform alone.

    def detect_version(self, binary: str) -> ports.InstalledTerraform:
        return self._terraform.detect_version(binary)

    def find_provider_source(self, providers: Mapping[str, str], *, knock: bool) -> ports.ProviderSource:
        return self._terraform.find_provider_source(providers, knock=knock)

    def find_unpinned_providers(self) -> tuple[ports.UnpinnedProvider, ...]:
        return self._terraform.find_unpinned_providers()

    def ask_check_blocks(self, environment: str, stack: PreparedStack) -> Sequence[ports.CheckBlock]:
        return () if stack.workload else self._terraform.ask_check_blocks(environment, stack)

    def expect_plan(self, environment: str, stack: PreparedStack) -> None:
        if stack.workload is None:
            self._terraform.expect_plan(environment, stack)

    def expect_checks(self, environments: Sequence[str]) -> None:
        self._terraform.expect_checks(environments)

    def expect_refresh(self, environment: str, stack: PreparedStack) -> None:
        if stack.workload is None:
            self._terraform.expect_refresh(environment, stack)

    def explain_provider_start(self, environment: str, stack: PreparedStack) -> str | None:
        return None if stack.workload else self._terraform.explain_provider_start(environment, stack)

    def check_backend(self, binary: str, kind: str, keys: Mapping[str, object]) -> tuple[ports.BackendMistake, ...]:
        return self._terraform.check_backend(binary, kind, keys)

    def open_worker_pool(self) -> AbstractContextManager[ports.WorkerPool]:
        return self._terraform.open_worker_pool()

    def hash_providers(
        self, environment: str, stack: PreparedStack, provider_lock: bytes, platforms: Sequence[str]
    ) -> ports.HashedProviders:
        return self._terraform.hash_providers(environment, stack, provider_lock, platforms)

    def delete_plans(self, environment: str) -> None:
        self._terraform.delete_plans(environment)
        if self._kubernetes:
            self._kubernetes.delete_plans(environment)

    # What concerns one stack.

    def init(self, environment: str, stack: PreparedStack, provider_lock: bytes | None) -> None:
        self._find_driver(stack).init(environment, stack, provider_lock)

    def require_idle(self, environment: str, stack: PreparedStack) -> None:
        self._find_driver(stack).require_idle(environment, stack)

    def plan(
        self,
        environment: str,
        stack: PreparedStack,
        *,
        destroy: bool = False,
        locking: ports.PlanLocking = "wait",
        on_changes: Callable[[], None] = ignore_changes,
    ) -> StackPlan:
        driver = self._find_driver(stack)
        return driver.plan(environment, stack, destroy=destroy, locking=locking, on_changes=on_changes)

    def forecast(self, environment: str, stack: PreparedStack, outputs: ForecastOutputs) -> StackPlan:
        return self._find_driver(stack).forecast(environment, stack, outputs)

    def refresh_state(self, environment: str, stack: PreparedStack) -> None:
        self._find_driver(stack).refresh_state(environment, stack)

    def detect_drift(
        self, environment: str, stack: PreparedStack, *, unchanged: bool, locked: bool = False
    ) -> StackComparison:
        return self._find_driver(stack).detect_drift(environment, stack, unchanged=unchanged, locked=locked)

    def has_state(self, environment: str, stack: PreparedStack) -> bool:
        return self._find_driver(stack).has_state(environment, stack)

    def read_outputs(self, environment: str, stack: PreparedStack) -> Mapping[str, Output]:
        return self._find_driver(stack).read_outputs(environment, stack)

    def pull_state(self, environment: str, stack: PreparedStack) -> bytes:
        return self._find_driver(stack).pull_state(environment, stack)

    def push_state(self, environment: str, stack: PreparedStack, state: bytes) -> None:
        self._find_driver(stack).push_state(environment, stack, state)

    def check_lock(self, environment: str, stack: PreparedStack) -> None:
        self._find_driver(stack).check_lock(environment, stack)

    def force_unlock(self, environment: str, stack: PreparedStack, lock_id: str) -> None:
        self._find_driver(stack).force_unlock(environment, stack, lock_id)

    def import_resource(self, environment: str, stack: PreparedStack, address: str, identity: str) -> None:
        self._find_driver(stack).import_resource(environment, stack, address, identity)

    def push_unsaved_state(self, environment: str, stack: PreparedStack) -> bool:
        return self._find_driver(stack).push_unsaved_state(environment, stack)

    def apply(self, environment: str, stack: PreparedStack, on_finished: ports.OnFinished = ignore_changes) -> None:
        self._find_driver(stack).apply(environment, stack, on_finished)

    def await_ready(self, environment: str, stack: PreparedStack) -> None:
        self._find_driver(stack).await_ready(environment, stack)

    def delete_plan(self, environment: str, stack: PreparedStack) -> None:
        self._find_driver(stack).delete_plan(environment, stack)
