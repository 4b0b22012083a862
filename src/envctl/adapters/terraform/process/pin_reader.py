"""Reader of `[terraform.pin]` alone.

A plan of an unchanged project starts Terraform before it loads the project, whose models take longer.
"""

import tomllib
from pathlib import Path

from envctl.adapters.disk.files import read_bytes
from envctl.domain.command_lines import format_command
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.terraform.program_pin import ProgramPin


def read_pin(file: Path) -> ProgramPin | None:
    """Return the pin in a project file; None without one. Raises ConfigurationError (E101) for an unreadable file."""
    try:
        table = tomllib.loads(read_bytes(file).decode("utf-8-sig")).get("terraform", {}).get("pin")
        if table is None:
            return None
        return ProgramPin(program=table["program"], version=table["version"], sha256=dict(table["sha256"]))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"[terraform.pin] can't be read: {error}"
        raise ConfigurationError(
            Problem("E101", message, format_command("validate"), Location("envctl.toml"))
        ) from error
