"""The least version of envctl that may work on a project: an older one refuses, by the project file and the ledger."""

from envctl import __version__
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.terraform.version_constraints import is_version_allowed


def require_version(least: str, who: str) -> None:
    """Raise OperationFailedError (E054) if this envctl is older than `least`, which `who` asks for."""
    if not is_version_allowed(f">= {least}", __version__):
        message = f"this is envctl {__version__}, and {who} asks for envctl {least} or a later one"
        hint = "update envctl on this machine; nothing is wrong with the project"
        raise OperationFailedError(Problem("E054", message, hint))
