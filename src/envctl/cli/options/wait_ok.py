"""The option `--wait-ok`: a deployment that only waits is no failure of its job."""

from contextvars import ContextVar
from typing import TYPE_CHECKING

from envctl.domain.exit_codes import ExitCode

if TYPE_CHECKING:
    from envctl.domain.errors import EnvctlError

WAIT_OK: ContextVar[bool] = ContextVar("WAIT_OK", default=False)
# An unfinished deployment may have been killed: nothing else says that it must be recovered.
NEVER_OK = frozenset({"G109"})


def is_wait_ok(code: int, error: "EnvctlError | None") -> bool:
    """Check if this is a refusal for now, and the option covers it."""
    if not WAIT_OK.get() or code != ExitCode.REFUSED_FOR_NOW:
        return False
    return not NEVER_OK & {problem.code.partition(" ")[0] for problem in (error.problems if error else ())}
