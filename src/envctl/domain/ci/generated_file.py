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

FileState = Literal["current", "differs", "edited", "other version", "foreign"]
"""*differs*: the settings have changed. *edited*: by hand. *other version*: of envctl wrote it, for these settings."""
_MARK = "# Written by `envctl "
_SEAL = re.compile(r"# envctl (?P<version>\S+), settings (?P<settings>[0-9a-f]{16}), text (?P<text>[0-9a-f]{16})")
# `# v7.0.1` beside an action, `:3.13.1@` of an image, or `==1.44.8` of a package.
_RELEASE = re.compile(r"(?:# v|:|==)(\d+(?:\.\d+)*)")
_PINS = (
    # An action at a commit, with its release in a comment.
    (re.compile(r"(?<![\w./-])(?P<name>[\w./-]++)@[0-9a-f]{40}(?: # v[\w.]+)?(?=\s|$)"), r"\g<name>@PIN"),
    # An image at a digest.
    (
        re.compile(r"(?<![\w./-])(?P<name>[\w./-]++(?::\d+/[\w./-]++)?)(?::[\w.-]+)?@sha256:[0-9a-f]{64}"),
        r"\g<name>@PIN",
    ),
    # A package of a lock file: its version and its hashes.
    (
        re.compile(
            r"^(?P<name>[\w.-]+)==\d[\w.+!]*(?P<marker> ;[^\\\n]*)? \\\n"
            r"(?: {4}--hash=sha256:[0-9a-f]{64} \\\n)* {4}--hash=sha256:[0-9a-f]{64}$",
            re.MULTILINE,
        ),
        r"\g<name>==PIN\g<marker>",
    ),
)


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
    """Compare an existing file with the one that envctl would write now."""
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
        if not (pinned and _has_odd_pin(found, wanted)):
            return "current"
        # A later envctl may have later pins, and the file of an earlier one lower ones.
        return "edited" if seal.version == own.version else "other version"
    if seal.text != _digest(body):
        return "edited"
    return "other version" if seal.settings == own.settings and seal.version != own.version else "differs"


def carry_pins(found: str, wanted: str) -> str:
    """Return the wanted text with the newer pins of the existing one, which Renovate or Dependabot has raised."""
    for pattern, _ in _PINS:
        newer = {_name_pin(each): each[0] for each in pattern.finditer(found)}
        wanted = pattern.sub(lambda own, newer=newer: _choose_pin(own[0], newer.get(_name_pin(own))), wanted)  # type: ignore[misc]
    return wanted


def _has_odd_pin(found: str, wanted: str) -> bool:
    """Tell if a pin has a lower version, none, or other bytes for the same one. Only an image may be built again."""
    for pattern, _ in _PINS:
        own = {_name_pin(each): each[0] for each in pattern.finditer(wanted)}
        for each in pattern.finditer(found):
            before = own.get(_name_pin(each), each[0])
            old, new = _parse_version(before), _parse_version(each[0])
            if new < old or (new == old and each[0] != before and "@sha256:" not in before):
                return True
    return False


def _name_pin(found: re.Match[str]) -> tuple[str | None, ...]:
    groups = found.groupdict()
    return groups["name"], groups.get("marker")


def _choose_pin(own: str, other: str | None) -> str:
    return other if other and _parse_version(other) > _parse_version(own) else own


def _parse_version(pin: str) -> tuple[int, ...]:
    """Return the numbers of the release that a pin names; none without one."""
    found = _RELEASE.search(pin)
    return tuple(map(int, found[1].split("."))) if found else ()


def _split(text: str) -> tuple[_Seal | None, str]:
    """Return the second line of the header and the text after it; None for a file of an earlier version."""
    _, _, rest = text.partition("\n")
    line, _, body = rest.partition("\n")
    found = _SEAL.fullmatch(line)
    return (_Seal(**found.groupdict()), body) if found else (None, rest)


# A lock of hashes takes milliseconds, and is sealed and compared in each command.
@lru_cache(maxsize=16)
def _strip_pins(text: str) -> str:
    for pattern, name in _PINS:
        text = pattern.sub(lambda found, name=name: found.expand(name), text)  # type: ignore[misc]
    return text


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
