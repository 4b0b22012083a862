"""Providers in place of those pinned by the lock: `dev_overrides` of Terraform's CLI configuration, and providers
already running (`TF_REATTACH_PROVIDERS`).
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from envctl.adapters.disk.files import read_text
from envctl.adapters.terraform.environment import cli_configuration
from envctl.adapters.terraform.environment.variables import REATTACH_VARIABLE
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.usecases.ports.terraform import UnpinnedProvider

_TEXT = r'"(?:\\.|[^"\\])*"'
_COMMENT = rf"(?s)({_TEXT})|/\*.*?\*/|(?:#|//)[^\n]*"
# As a block, or as an object of JSON.
_OVERRIDES_BLOCK = rf"(?s)\"?\bdev_overrides\b\"?\s*[=:]?\s*\[?\s*\{{((?:{_TEXT}|[^}}\"])*)\}}"
_OVERRIDE_ENTRY = rf"(?P<name>{_TEXT}|[\w./-]+)\s*[=:]\s*{_TEXT}"
_OVERRIDES_KEY = "dev_overrides"


def find_overrides(environment: Mapping[str, str]) -> tuple[UnpinnedProvider, ...]:
    found = [*_parse_reattached(environment.get(REATTACH_VARIABLE, ""))]
    for file in cli_configuration.list_config_files(environment):
        if file.is_fifo():
            # A pipe can be read once only: its content for Terraform is unknown.
            found.append(UnpinnedProvider("(any)", f"the pipe {file}", Location(os.fspath(file))))
            continue
        try:
            text = read_text(file, errors="replace")
        except OSError:
            continue
        if _OVERRIDES_KEY in text:
            found += _parse_overrides(file, text)
    return tuple(dict.fromkeys(found))


def require_overrides_found(found: tuple[UnpinnedProvider, ...], stack: str) -> None:
    """Raise ConfigurationError if Terraform reports overrides and none was found: no rule would apply to them."""
    if not found:
        message = (
            f"{_OVERRIDES_KEY} replaces providers of {stack} by Terraform's own report, but envctl can't"
            " find the setting"
        )
        hint = "remove them from Terraform's own configuration, or set TF_CLI_CONFIG_FILE=/dev/null for this command"
        raise ConfigurationError(Problem("E041", message, hint, stack=stack))


def _parse_reattached(value: str) -> Iterator[UnpinnedProvider]:
    if not value.strip():
        return
    try:
        names = list(json.loads(value))
    except (ValueError, TypeError):
        # Terraform itself reports the fault.
        names = [REATTACH_VARIABLE]
    yield from (UnpinnedProvider(str(name), REATTACH_VARIABLE) for name in names)


def _parse_overrides(file: Path, text: str) -> Iterator[UnpinnedProvider]:
    code = re.sub(_COMMENT, lambda match: match[1] or re.sub(r"[^\n]", " ", match[0]), text)
    for match in re.finditer(_OVERRIDES_BLOCK, code):
        for entry in re.finditer(_OVERRIDE_ENTRY, match[1]):
            line = code.count("\n", 0, match.start(1) + entry.start()) + 1
            yield UnpinnedProvider(entry["name"].strip('"'), _OVERRIDES_KEY, Location(os.fspath(file), line))
