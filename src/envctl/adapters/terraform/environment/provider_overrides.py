"""Providers that replace those which the lock pins: `dev_overrides` of Terraform's own configuration, and providers
that run already (`TF_REATTACH_PROVIDERS`).
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from envctl.adapters.disk.reading import read_text
from envctl.adapters.terraform.environment import cli_configuration
from envctl.adapters.terraform.environment.variables import REATTACH
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.usecases.ports.terraform import UnpinnedProvider

_TEXT = r'"(?:\\.|[^"\\])*"'
_COMMENT = re.compile(rf"({_TEXT})|/\*.*?\*/|(?:#|//)[^\n]*", re.DOTALL)
# As a block, or as an object of JSON.
_OVERRIDES = re.compile(rf"\"?\bdev_overrides\b\"?\s*[=:]?\s*\[?\s*\{{((?:{_TEXT}|[^}}\"])*)\}}", re.DOTALL)
_NAMED = re.compile(rf"(?P<name>{_TEXT}|[\w./-]+)\s*[=:]\s*{_TEXT}")
_WORD = "dev_overrides"


def find_overrides(environment: Mapping[str, str]) -> tuple[UnpinnedProvider, ...]:
    found = [*_reattached(environment.get(REATTACH, ""))]
    for file in cli_configuration.files(environment):
        if file.is_fifo():
            # A pipe can be read once: what Terraform will read there can't be known beforehand.
            found.append(UnpinnedProvider("(any)", f"the pipe {file}", Location(os.fspath(file))))
            continue
        try:
            text = read_text(file, errors="replace")
        except OSError:
            continue
        if _WORD in text:
            found += _overridden(file, text)
    return tuple(dict.fromkeys(found))


def require_found(found: tuple[UnpinnedProvider, ...], stack: str) -> None:
    """Raises ConfigurationError where Terraform says that providers are replaced, and none was found: no rule could
    hold for them.
    """
    if not found:
        message = f"{_WORD} replaces providers of {stack}, as Terraform says, and envctl does not see where"
        hint = "remove them from Terraform's own configuration, or set TF_CLI_CONFIG_FILE=/dev/null for this command"
        raise ConfigurationError(Problem("E041", message, hint, stack=stack))


def _reattached(value: str) -> Iterator[UnpinnedProvider]:
    if not value.strip():
        return
    try:
        names = list(json.loads(value))
    except (ValueError, TypeError):
        # Terraform will say what is wrong with it.
        names = [REATTACH]
    yield from (UnpinnedProvider(str(name), REATTACH) for name in names)


def _overridden(file: Path, text: str) -> Iterator[UnpinnedProvider]:
    code = _COMMENT.sub(lambda match: match[1] or re.sub(r"[^\n]", " ", match[0]), text)
    for match in _OVERRIDES.finditer(code):
        for entry in _NAMED.finditer(match[1]):
            line = code.count("\n", 0, match.start(1) + entry.start()) + 1
            yield UnpinnedProvider(entry["name"].strip('"'), _WORD, Location(os.fspath(file), line))
