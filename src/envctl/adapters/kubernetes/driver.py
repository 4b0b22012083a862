"""The driver of stacks of Kubernetes objects. The driver of all other stacks is that of Terraform."""

from __future__ import annotations

import secrets
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeVar

from envctl.adapters.http.waits import await_until_stop
from envctl.adapters.kubernetes.stack.inventories import has_missing_objects, load_inventory
from envctl.adapters.kubernetes.stack.opening import OutputReader, Renderer, StackOpener, require_workload
from envctl.adapters.kubernetes.stack.planning import ClusterPlan, place_objects, plan_destruction, plan_objects
from envctl.domain.errors import OperationFailedError, Problem, UpstreamBehindError
from envctl.domain.plan.changes import StackPlan
from envctl.usecases.ports.kubernetes import AnotherClusterError, ClusterMissingError
from envctl.usecases.ports.terraform import NO_TRACE, NullRedactor, PreparedStack, ProgressEvent, ignore_changes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from envctl.adapters.kubernetes.api import ClusterApi
    from envctl.domain.kubernetes.objects import Manifest
    from envctl.domain.plan.drift import StackComparison
    from envctl.domain.plan.forecasts import ForecastOutputs
    from envctl.domain.terraform.outputs import Output
    from envctl.usecases.ports import terraform as ports
    from envctl.usecases.ports.core import Observer

_NO_STATE = "a stack of Kubernetes objects has no Terraform state: its state is the cluster"
_PINNED = "@sha256:"
_Result = TypeVar("_Result")


class KubernetesDriver:
    """Plan, apply and compare stacks of Kubernetes objects. Threads share it.

    Args:
        find_work: returns the folder of all work directories.
        find_api: returns the cluster of a stack, by its name if it is an output or a literal.
        read_outputs: returns the outputs of a stack with a root module.
        secrecy: receives the values of Secrets.
        is_stopping: whether the user stops the command.
        trace: receives a span for each part of the work.
    """

    def __init__(
        self,
        find_work: Callable[[], Path],
        renderer: Renderer,
        find_api: Callable[[str, PreparedStack, str], ClusterApi],
        read_outputs: OutputReader,
        observer: Observer,
        *,
        secrecy: ports.MessageRedactor = NullRedactor(),  # noqa: B008 (it holds nothing)
        is_stopping: Callable[[], bool] = lambda: False,
        trace: ports.Tracer = NO_TRACE,
    ) -> None:
        self._observer = observer
        self._is_stopping = is_stopping
        self._trace = trace
        self._opener = StackOpener(
            find_work,
            renderer,
            find_api,
            read_outputs,
            observer,
            key=secrets.token_bytes(32),
            secrecy=secrecy,
            is_stopping=is_stopping,
            trace=trace,
        )
        self._plans: dict[tuple[str, str], ClusterPlan] = {}
        # The objects of the releases planned last, also after their apply.
        self._desired: dict[tuple[str, str], tuple[Manifest, ...]] = {}
        # Stacks to destroy whose cluster is another one.
        self._lost: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def init(self, environment: str, stack: PreparedStack, provider_lock: bytes | None) -> None:
        """Do nothing: rendering reports missing tools."""

    def require_idle(self, environment: str, stack: PreparedStack) -> None:
        """Do nothing: no process of an earlier run is left."""

    def plan(
        self,
        environment: str,
        stack: PreparedStack,
        *,
        destroy: bool = False,
        locking: ports.PlanLocking = "wait",  # noqa: ARG002 (a cluster has no lock)
        on_changes: Callable[[], None] = ignore_changes,
    ) -> StackPlan:
        self._report(environment, stack, "plan")
        try:
            with self._span("plan", environment, stack):
                plan, images = self._look(stack, lambda: self._plan(environment, stack, destroy=destroy))
        finally:
            self._report(environment, stack, "over")
        with self._lock:
            self._plans[environment, stack.name] = plan
            self._desired[environment, stack.name] = plan.desired
        if plan.changes:
            on_changes()
        return StackPlan(
            stack.name,
            resources=plan.changes,
            warnings=plan.warnings,
            stateless=not (plan.inventory.exists or plan.inventory.objects),
            in_state=plan.held,
            floating_images=images,
            cluster=plan.cluster,
        )

    def _plan(self, environment: str, stack: PreparedStack, *, destroy: bool) -> tuple[ClusterPlan, tuple[str, ...]]:
        if destroy:
            try:
                return plan_destruction(self._opener.connect(environment, stack)), ()
            except UpstreamBehindError:
                # Its cluster is gone, and all that was in it.
                return ClusterPlan(destroys=True), ()
            except AnotherClusterError as error:
                if stack.leaves:
                    raise
                with self._lock:
                    self._lost.add((environment, stack.name))
                return ClusterPlan(destroys=True, warnings=(error.problems[0].message,)), ()
            except ClusterMissingError as error:
                # A name in the code may be wrong. The output of a stack was right when it was written.
                if require_workload(stack).cluster.output is None:
                    raise
                gone = f"{error.problems[0].message}: nothing of {stack.name} is left to delete"
                return ClusterPlan(destroys=True, warnings=(gone,)), ()
        scene, rendered = self._opener.render(environment, stack)
        plan = plan_objects(scene, rendered.objects)
        images = tuple(each for each in rendered.images if _PINNED not in each)
        floating = tuple(f"{each} has no digest: no deployment with it is allowed (G201)" for each in images)
        return replace(plan, warnings=(*rendered.notes, *plan.warnings, *floating)), images

    def forecast(self, environment: str, stack: PreparedStack, outputs: ForecastOutputs) -> StackPlan:
        with self._span("forecast", environment, stack):
            changes, rendered = self._opener.forecast(environment, stack, outputs)
        return StackPlan(stack.name, resources=changes, warnings=rendered.notes)

    def apply(self, environment: str, stack: PreparedStack, on_finished: ports.OnFinished = ignore_changes) -> None:
        planned = self._plans.get((environment, stack.name))
        if planned is None:
            problem = Problem("E644", f"there is no plan of {stack.name} to apply", "plan it in the same command")
            raise OperationFailedError(problem)
        try:
            with self._span("apply", environment, stack):
                self._apply(environment, stack, planned, on_finished)
        finally:
            self.delete_plan(environment, stack)
            self._report(environment, stack, "over")

    def _apply(
        self, environment: str, stack: PreparedStack, planned: ClusterPlan, on_finished: ports.OnFinished
    ) -> None:
        """Plan again, with outputs that others may have changed, and apply that plan if it is the same."""
        from envctl.adapters.kubernetes.stack import applying

        if planned.destroys:
            scene = self._opener.connect(environment, _pin_cluster(stack, planned), recent=True)
            now = plan_destruction(scene)
            applying.require_same(scene, planned, now)
            applying.apply_destruction(replace(scene, on_finished=on_finished), now)
        else:
            scene, rendered = self._opener.render(environment, _pin_cluster(stack, planned), recent=True)
            now = plan_objects(scene, rendered.objects)
            applying.require_same(scene, planned, now)
            applying.apply_plan(replace(scene, on_finished=on_finished), now)

    def await_ready(self, environment: str, stack: PreparedStack) -> None:
        from envctl.adapters.kubernetes.stack.applying import settle_inventory
        from envctl.adapters.kubernetes.stack.waiting import await_ready

        scene = self._opener.connect(environment, stack)
        desired = self._desired.get((environment, stack.name))
        inventory = load_inventory(scene)
        if desired is None and has_missing_objects(scene, inventory):
            # An earlier command did not wait: the inventory may name objects that the release does not have any more.
            scene, rendered = self._opener.render(environment, stack)
            desired = place_objects(scene, rendered.objects)
        if desired is not None:
            inventory = settle_inventory(scene, desired)
        with scene.span("rollout"):
            await_ready(scene, inventory.objects, scene.workload.wait)

    def refresh_state(self, environment: str, stack: PreparedStack) -> None:
        """Write an empty inventory for a stack that has created nothing. There is nothing to refresh."""
        from envctl.adapters.kubernetes.stack.inventories import save_inventory
        from envctl.domain.kubernetes.inventory import Inventory

        scene = self._opener.connect(environment, stack)
        before = load_inventory(scene)
        save_inventory(scene, before, before.merge(Inventory()))

    def detect_drift(
        self,
        environment: str,
        stack: PreparedStack,
        *,
        unchanged: bool,
        locked: bool = False,  # noqa: ARG002 (a cluster has no lock)
    ) -> StackComparison:
        from envctl.adapters.kubernetes.stack.comparing import compare_objects

        self._report(environment, stack, "plan")

        def compare() -> StackComparison:
            scene, rendered = self._opener.render(environment, stack)
            return compare_objects(scene, rendered.objects, unchanged=unchanged)

        try:
            with self._span("drift", environment, stack):
                return self._look(stack, compare)
        finally:
            self._report(environment, stack, "over")

    def has_state(self, environment: str, stack: PreparedStack) -> bool:
        """Return whether its cluster was there when it was planned: the cluster is the state."""
        return (environment, stack.name) not in self._lost

    def read_outputs(self, environment: str, stack: PreparedStack) -> Mapping[str, Output]:  # noqa: ARG002
        return {}

    def pull_state(self, environment: str, stack: PreparedStack) -> bytes:
        inventory = load_inventory(self._opener.connect(environment, stack))
        return inventory.to_json().encode() if inventory.exists else b""

    def push_state(self, environment: str, stack: PreparedStack, state: bytes) -> None:  # noqa: ARG002
        raise OperationFailedError(Problem("E649", f"{stack.name}: {_NO_STATE}", "deploy it instead", stack=stack.name))

    def check_lock(self, environment: str, stack: PreparedStack) -> None:
        """Do nothing: a cluster has no lock, and an apply says which object has changed since its plan."""

    def force_unlock(self, environment: str, stack: PreparedStack, lock_id: str) -> None:
        """Do nothing, as for `check_lock`."""

    def import_resource(self, environment: str, stack: PreparedStack, address: str, identity: str) -> None:  # noqa: ARG002
        message = f"{stack.name}: {_NO_STATE}"
        hint = "write the object into the code: a plan adopts an object that exists already"
        raise OperationFailedError(Problem("E649", message, hint, stack=stack.name, address=address))

    def push_unsaved_state(self, environment: str, stack: PreparedStack) -> bool:  # noqa: ARG002
        return False

    def delete_plan(self, environment: str, stack: PreparedStack) -> None:
        with self._lock:
            self._plans.pop((environment, stack.name), None)

    def delete_plans(self, environment: str) -> None:
        with self._lock:
            self._plans = {key: plan for key, plan in self._plans.items() if key[0] != environment}

    def _look(self, stack: PreparedStack, look: Callable[[], _Result]) -> _Result:
        """Return the result of what changes nothing. Soon after a stop, it is not waited for."""
        return await_until_stop(look, self._is_stopping, f"the cluster of {stack.name}")

    def _span(self, name: str, environment: str, stack: PreparedStack) -> AbstractContextManager[None]:
        return self._trace.span(name, f"{environment}/{stack.name}")

    def _report(self, environment: str, stack: PreparedStack, phase: Literal["plan", "over"]) -> None:
        self._observer.on_progress(ProgressEvent(stack.name, phase, environment=environment))


def _pin_cluster(stack: PreparedStack, planned: ClusterPlan) -> PreparedStack:
    """Return the stack, bound to the cluster of its plan: a tunnel may lead elsewhere by now."""
    return replace(stack, known_cluster=planned.cluster.recorded if planned.cluster else "")
