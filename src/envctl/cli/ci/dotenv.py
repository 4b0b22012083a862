"""The dotenv file for later CI jobs, at the path in `ENVCTL_DOTENV`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from envctl.adapters.disk.files import read_text, write_text
from envctl.cli.ci.outcome import to_variables
from envctl.cli.output.redaction import current_redaction

if TYPE_CHECKING:
    from envctl.domain.errors import EnvctlError


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
