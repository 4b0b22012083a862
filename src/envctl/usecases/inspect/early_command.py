"""The next command after a plan, found while Terraform still plans and shows the changes.

It needs the project, the ledger and most modules of envctl. A plan without changes needs none of them.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from envctl.domain.errors import InterruptedByUserError

if TYPE_CHECKING:
    # The providers of a stack wait for the import of this file.
    from collections.abc import Callable
    from types import TracebackType

    from envctl.domain.plan.changes import EnvironmentPlan
    from envctl.usecases.ports.core import Ports


class EarlyPlanCommand:
    """Reads all that the next command depends on, except for the plan, in a thread of its own.

    Ports belong to one thread at a time: call `wait` before using store or project in another one. Leaving the `with`
    block waits too, except after an interruption: the thread changes nothing.
    """

    def __init__(self, ports: Ports, environment: str) -> None:
        self._ports = ports
        self._environment = environment
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._add_command: Callable[[EnvironmentPlan], EnvironmentPlan] | None = None
        self._fault: Exception | None = None

    def __enter__(self) -> EarlyPlanCommand:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if kind is None or not issubclass(kind, KeyboardInterrupt | InterruptedByUserError):
            self.wait()

    def prepare(self) -> None:
        """Start the thread, unless it was started before. Any thread may call this."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="next command", daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Wait until the thread has ended, if it was started."""
        if self._thread is not None:
            self._thread.join()

    def add_command(self, plan: EnvironmentPlan) -> EnvironmentPlan:
        """Return the plan with its next command, as `add_plan_command` does."""
        if not plan.changes:
            return plan
        self.prepare()
        self.wait()
        if self._fault is not None:
            raise self._fault
        return self._add_command(plan) if self._add_command else plan

    def _run(self) -> None:
        try:
            from envctl.usecases.deployment.next_command import prepare_plan_command

            self._add_command = prepare_plan_command(self._ports, self._environment)
        except Exception as fault:  # noqa: BLE001 (it is raised where the command is asked for)
            self._fault = fault
