"""Headers of generated files, and their comparison: hand edits are found, and raised pins are accepted.

The header holds two digests: of the settings that the file comes from, and of its text without pins. So a file that
another version of envctl wrote for the same settings is told apart from an outdated or edited one.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from envctl.domain.ci.pins import PIN_PATTERNS

FileState = Literal["current", "differs", "edited", "other version", "foreign"]
"""*differs*: the settings have changed. *edited*: by hand. *other version*: of envctl wrote it, for these settings."""
_MARK = "# Written by `envctl "
_SEAL = re.compile(r"# envctl (?P<version>\S+), settings (?P<settings>[0-9a-f]{16}), text (?P<text>[0-9a-f]{16})")


@dataclass(frozen=True)
class _Seal:
    version: str
    settings: str
    text: str


def digest_settings(settings: Mapping[str, object]) -> str:
    """Return the digest of settings. Leave out those with their defaults: later versions of envctl have more."""
    return _digest(json.dumps(settings, sort_keys=True, separators=(",", ":"), default=str))


def is_generated(text: str) -> bool:
    """Check that envctl wrote the file and may overwrite it."""
    return text.startswith(_MARK)


def seal_file(command: str, body: str, *, version: str, settings: str, pinned: bool = True) -> str:
    """Return the file with its header: `command`, like `ci github`, the digest `settings`, if pins may be raised."""
    text = _digest(_strip_pins(body) if pinned else body)
    header = f"{_MARK}{command}`, which overwrites it: change envctl.toml, or your own file."
    return f"{header}\n# envctl {version}, settings {settings}, text {text}\n{body}"


def compare_file(found: str, wanted: str, *, pinned: bool = True) -> FileState:
    """Compare the texts of an existing file and of the one that envctl would write now, without their pins."""
    if found == wanted:
        return "current"
    if not is_generated(found):
        return "foreign"
    if not found.partition("\n")[0].isprintable():
        # pip and YAML end a line at more characters than editors and reviews do.
        return "edited"
    (seal, body), (own, own_body) = _split(found), _split(wanted)
    if seal is None or own is None:
        return "differs"
    if pinned:
        body, own_body = _strip_pins(body), _strip_pins(own_body)
    if body == own_body:
        return "current"
    if seal.text != _digest(body):
        return "edited"
    return "other version" if seal.settings == own.settings and seal.version != own.version else "differs"


def find_version(text: str) -> str:
    """Return the version of envctl that a file is of; empty for an earlier one, which did not write it."""
    seal, _ = _split(text)
    return seal.version if seal else ""


def _split(text: str) -> tuple[_Seal | None, str]:
    """Return the second line of the header and the text after it; None for a file of an earlier version."""
    _, _, rest = text.partition("\n")
    line, _, body = rest.partition("\n")
    found = _SEAL.fullmatch(line)
    return (_Seal(**found.groupdict()), body) if found else (None, rest)


# A lock of hashes takes milliseconds, and is sealed and compared in each command.
@lru_cache(maxsize=16)
def _strip_pins(text: str) -> str:
    for kind, pattern in PIN_PATTERNS.items():
        text = pattern.sub(r"\g<name>==PIN\g<marker>" if kind == "package" else r"\g<name>@PIN", text)
    return text


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
