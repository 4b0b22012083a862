"""What a later step of a job wants to know of a command, in a few words."""

from typing import TYPE_CHECKING

from envctl.domain.errors import ExitCode

if TYPE_CHECKING:
    from envctl.domain.errors import EnvctlError

REASONS = {
    ExitCode.DONE: "done",
    ExitCode.FAILED: "failed",
    ExitCode.CHANGES: "changes",
    ExitCode.REFUSED: "refused",
    ExitCode.REFUSED_FOR_NOW: "refused for now",
    ExitCode.USAGE: "usage",
    ExitCode.BUG: "bug",
    ExitCode.LOCK_HELD: "locked",
    ExitCode.CONFIGURATION: "configuration",
    ExitCode.INTERRUPTED: "interrupted",
}


def outcome(result: object | None, error: "EnvctlError | None", code: int) -> dict[str, str]:
    """`release`, `changes` and `plan` are empty where there is none, or several. `problems` are codes, each once."""
    told = dict.fromkeys(problem.code for problem in error.problems) if error else {}
    return {
        "exit_code": f"{code}",
        "reason": REASONS[ExitCode(code)] if code in REASONS else "failed",
        "problems": " ".join(told),
        "release": _release(result),
        "changes": _changes(result),
        "plan": _plan(result),
    }


def _plan(result: object | None) -> str:
    """Its fingerprint, where a plan was made to be approved."""
    found = getattr(result, "plan", "")
    return found if isinstance(found, str) else ""


def _release(result: object | None) -> str:
    found = {getattr(each, "release", "") for each in (result, *_environments(result))} - {""}
    only = found.pop() if len(found) == 1 else ""
    return only if isinstance(only, str) else ""


def _changes(result: object | None) -> str:
    """Whether there is anything to do, or whether anything was done."""
    for told in ("changes", "found"):
        if isinstance(there := getattr(result, told, None), bool):
            return str(there).lower()
    plan, up_to_date = getattr(result, "plan", None), getattr(result, "up_to_date", None)
    if isinstance(up_to_date, bool):
        return str(not up_to_date and (plan is None or plan.changes)).lower()
    return ""


def _environments(result: object | None) -> tuple[object, ...]:
    found = getattr(result, "environments", ())
    return found if isinstance(found, tuple) else ()
