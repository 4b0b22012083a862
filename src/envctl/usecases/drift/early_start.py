"""The begin of a drift check: what takes long and depends only on the project file.

Providers start while the project file is read, if it is the one of the last check. The ledger is fetched while the rest
of the check is still imported.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from envctl.domain.config.rules.asked_guards import RECORDS_ONLY

if TYPE_CHECKING:
    # The providers wait for the import of this file.
    from collections.abc import Sequence

    from envctl.domain.config.project import Project
    from envctl.usecases.concurrency.dag_runner import StackSelection
    from envctl.usecases.drift.result import Drift
    from envctl.usecases.ports.core import Ports

ASKS = RECORDS_ONLY


def run_drift_check(
    ports: Ports, environments: Sequence[str] = (), selection: StackSelection | None = None, *, locked: bool = False
) -> Drift:
    """Do as `check_drift`, for all stacks without a selection."""
    mark, for_request = ports.workspace.hash_project(), ports.job_requests.is_for_request()
    is_expected = not for_request and _expect_checks(ports, environments, mark)
    from envctl.usecases.concurrency.dag_runner import ALL_STACKS
    from envctl.usecases.ports.context import Context
    from envctl.usecases.project import project_file
    from envctl.usecases.project.environment_selection import find_environments, lock_targets

    project = project_file.load_project(ports)
    wanted = find_environments(Context(ports, project), environments)
    with ExitStack() as locks:
        lock_errors = lock_targets(ports, wanted, "drift", locks)
        if not (is_expected or for_request):
            ports.terraform.expect_checks(wanted)
            _save_outline(ports, project, mark)
        from envctl.usecases.ledger import journal

        # Only now: with all locks held, no deployment from this machine can change the ledger any more.
        with journal.prefetch_ledger(ports, copies=ports.head_cache.load_copies()):
            from envctl.usecases.drift.drift import check_drift

            return check_drift(ports, environments, selection or ALL_STACKS, locked=locked, lock_errors=lock_errors)


def _expect_checks(ports: Ports, environments: Sequence[str], mark: str) -> bool:
    """Start the providers before the project file is read; return False if it is not the one of the last check."""
    outline = ports.workspace.load_check_outline(mark)
    if outline is None or not {*environments} <= {*outline.environments}:
        return False
    # First of all: no program may inherit the variables with secret values.
    ports.secret_variables.withdraw_variables(outline.withheld)
    ports.terraform.expect_checks(environments or outline.environments)
    return True


def _save_outline(ports: Ports, project: Project, mark: str) -> None:
    from envctl.domain.aws.secret_values import list_secret_variables
    from envctl.usecases.ports.project import CheckOutline

    ports.workspace.save_check_outline(CheckOutline(project.all_environments, list_secret_variables(project)), mark)
