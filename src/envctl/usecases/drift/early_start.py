"""The begin of a drift check: what takes long and depends only on the project file.

Providers start and the ledger is fetched, while the rest of the check is still imported.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from envctl.usecases.concurrency.dag_runner import ALL_STACKS, StackSelection
from envctl.usecases.drift.locks import lock_targets
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load

if TYPE_CHECKING:
    from envctl.usecases.drift.result import Drift


def run_drift_check(
    ports: Ports, environments: Sequence[str] = (), selection: StackSelection = ALL_STACKS, *, locked: bool = False
) -> "Drift":
    """Do as `check_drift`."""
    project = load.load_project(ports)
    wanted = load.find_environments(Context(ports, project), environments)
    with ExitStack() as locks:
        lock_errors = lock_targets(ports, wanted, locks)
        if not ports.job_requests.is_for_request():
            ports.terraform.expect_checks(wanted)
        from envctl.usecases.ledger import journal

        # Only now: with all locks held, no deployment from this machine can change the ledger any more.
        with journal.prefetch_ledger(ports, copies=ports.head_cache.load_copies()):
            from envctl.usecases.drift.drift import check_drift

            return check_drift(ports, environments, selection, locked=locked, lock_errors=lock_errors)
