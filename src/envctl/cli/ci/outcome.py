"""The outcome of a command as variables for later CI steps."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from envctl.adapters.disk.files import read_text, write_text
from envctl.cli.output.redaction import current_redaction
from envctl.domain.exit_codes import ExitCode

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


def to_variables(result: object | None, error: "EnvctlError | None", code: int) -> dict[str, str]:
    """Return the variables. `release`, `changes` and `plan` are empty for none or several; `problems` are codes."""
    codes = dict.fromkeys(problem.code for problem in error.problems) if error else {}
    plan = getattr(result, "plan", "")
    environments = getattr(result, "environments", ())
    found = (result, *(environments if isinstance(environments, tuple) else ()))
    releases = {getattr(each, "release", "") for each in found} - {""}
    release = releases.pop() if len(releases) == 1 else ""
    return {
        "exit_code": f"{code}",
        "reason": REASONS[ExitCode(code)] if code in REASONS else "failed",
        "problems": " ".join(codes),
        "release": release if isinstance(release, str) else "",
        "changes": _format_changes(result),
        # The fingerprint of a plan for approval; other results hold the plan itself, or none.
        "plan": plan if isinstance(plan, str) else "",
        "reviews": getattr(result, "reviews", ""),
    }


def _format_changes(result: object | None) -> str:
    """Return true or false: changes are pending, or were made. Empty if the result does not tell."""
    for name in ("changes", "found"):
        if isinstance(value := getattr(result, name, None), bool):
            return str(value).lower()
    plan, up_to_date = getattr(result, "plan", None), getattr(result, "up_to_date", None)
    if isinstance(up_to_date, bool):
        return str(not up_to_date and (plan is None or plan.changes)).lower()
    return ""


def update_dotenv_file(file: Path, result: object | None, error: "EnvctlError | None", code: int) -> None:
    """Replace the variables of an earlier command in the file; keep all others. GitLab rejects files with duplicate
    names or spaces in values. A failed write is reported on stderr only.
    """
    variables = to_variables(result, error, code)
    try:
        redact = current_redaction().redact
        existing = read_text(file).splitlines() if file.exists() else []
        kept = [line for line in existing if line.partition("=")[0] not in variables]
        own = [f"{name}={redact(value).replace(' ', '_')}" for name, value in variables.items() if value]
        write_text(file, "".join(f"{line}\n" for line in (*kept, *own)))
    except (OSError, UnicodeDecodeError) as fault:
        sys.stderr.write(f"{file} can't be written: {getattr(fault, 'strerror', None) or fault}\n")
