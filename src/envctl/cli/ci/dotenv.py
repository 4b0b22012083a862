"""A file of `NAME=VALUE` for later jobs, in any CI: where `ENVCTL_DOTENV` says."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from envctl.adapters.disk.reading import read_text
from envctl.adapters.disk.writing import write_text
from envctl.cli.ci.outcome import outcome
from envctl.cli.output.redaction import current

if TYPE_CHECKING:
    from envctl.domain.errors import EnvctlError


def leave(file: Path, result: object | None, error: "EnvctlError | None", code: int) -> None:
    """What an earlier command said is replaced, and what others wrote stays: GitLab turns a file down that has a name
    twice, and takes no spaces in values. Where it can't be written the command has still done what it has done.
    """
    told = outcome(result, error, code)
    try:
        there = read_text(file).splitlines() if file.exists() else []
        kept = [line for line in there if line.partition("=")[0] not in told]
        ours = [f"{name}={current().redact(value).replace(' ', '_')}" for name, value in told.items() if value]
        write_text(file, "".join(f"{line}\n" for line in (*kept, *ours)))
    except (OSError, UnicodeDecodeError) as fault:
        sys.stderr.write(f"{file} can't be written: {getattr(fault, 'strerror', None) or fault}\n")
