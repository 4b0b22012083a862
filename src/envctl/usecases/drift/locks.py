"""The locks of the work directories that a drift check uses."""

from collections.abc import Iterable
from contextlib import ExitStack

from envctl.domain.errors import EnvctlError, InterruptedByUserError
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.environment_selection import lock_target


def lock_targets(ports: Ports, targets: Iterable[str], locks: ExitStack) -> dict[str, EnvctlError | None]:
    """Take the locks of the work directories, and return the error of each, if there is one."""
    return {target: _try_lock(ports, target, locks) for target in targets}


def _try_lock(ports: Ports, target: str, locks: ExitStack) -> EnvctlError | None:
    try:
        locks.enter_context(lock_target(ports, target, "drift"))
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        return error
    return None
