"""The pins of generated files: as this envctl writes them, raised by others, or unknown."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from envctl.domain.ci.generated_file import FileState, compare_file, find_version
from envctl.domain.ci.inspection.settings import Unread
from envctl.domain.ci.package import SOURCE_LOCK
from envctl.domain.ci.pins import PIN_PATTERNS, SOURCE_PATTERN, PinKind
from envctl.domain.command_lines import format_command
from envctl.domain.errors import Location, Problem

PinState = Literal["raised", "other version", "unknown"]
"""*raised*: to a higher release. *other version*: as another envctl may have written it. *unknown*: anything else."""
_SOURCES = {"action": "GitHub", "package": "the package index"}
_RELEASE = re.compile(r"v?(\d+(?:\.(?:post)?\d+)*)(.*)")
_Found = re.Match[str]


@dataclass(frozen=True, kw_only=True)
class Pin:
    """A pin that this envctl does not write."""

    kind: PinKind
    name: str  # such as `actions/checkout`; a package has its marker
    old: str  # as this envctl writes it; empty if it pins nothing of this name
    new: str  # as the file has it
    state: PinState
    reason: str = ""  # why it is unknown, or what its source says of it: *verified*, or why it was not asked
    places: tuple[Location, ...] = ()  # each line with the pin

    @property
    def change(self) -> str:
        """Return old and new in one line, without the marker and the hashes of a package."""
        return " → ".join(re.split(r" ;| \\\n", each)[0] or "none" for each in (self.old, self.new))

    def to_problem(self, command: str) -> Problem:
        """Return the problem. The words `command` write the file with envctl's own pin."""
        code, hint = ("E044", command) if self.state == "unknown" else ("E045", "explain E045")
        message = f"{self.state} pin: {self.change}{f' ({self.reason})' if self.reason else ''}"
        return Problem(code, message, format_command(hint), self.places[0])


def compare_files(found: Mapping[str, str], wanted: Mapping[str, str]) -> tuple[dict[str, FileState], tuple[Pin, ...]]:
    """Compare existing files with those that envctl would write now, and their pins: one action has one pin in all."""
    states, places = dict[str, FileState](), dict[Pin, list[Location]]()
    used: dict[tuple[str, str], dict[str, Location]] = {}
    for path, text in found.items():
        is_source = path.endswith(SOURCE_LOCK)
        state = states[path] = compare_file(text, wanted[path], pinned=not is_source)
        is_older = state != "edited" and find_version(text) != find_version(wanted[path])
        patterns: Mapping[PinKind, re.Pattern[str]] = {"envctl": SOURCE_PATTERN} if is_source else PIN_PATTERNS
        for kind, pattern in patterns.items() if state != "foreign" else ():
            for each, old in _pair_pins([*pattern.finditer(wanted[path])], [*pattern.finditer(text)]):
                name, before = _read_name(each), old[0] if old else ""
                place = Location(path, text.count("\n", 0, each.start()) + 1)
                used.setdefault((name, before), {}).setdefault(each[0], place)
                judged = _judge_pin(kind, old, each, is_outdated=state == "differs", is_older=is_older)
                if judged and each[0] != before:
                    pin = Pin(kind=kind, name=name, old=before, new=each[0], state=judged[0], reason=judged[1])
                    places.setdefault(pin, []).append(place)
    compared = (_compare_uses(pin, used[pin.name, pin.old]) for pin in places)
    return states, tuple(replace(pin, places=tuple(each)) for pin, each in zip(compared, places.values(), strict=True))


def carry_pins(wanted: str, pins: Collection[Pin]) -> str:
    """Return the wanted text with the raised pins."""
    raised = {each.old: each.new for each in pins if each.state == "raised"}
    for pattern in PIN_PATTERNS.values() if raised else ():
        wanted = pattern.sub(lambda own: raised.get(own[0], own[0]), wanted)
    return wanted


def check_source(pin: Pin, published: Collection[str] | Unread) -> Pin:
    """Return the pin as verified or unknown, by the digests that its source has for the release, empty without it."""
    if isinstance(published, Unread):
        return replace(pin, reason=f"not asked: {published.reason}")
    source, digests = _SOURCES[pin.kind], re.findall(r"(?:sha256:)?[0-9a-f]{40,64}", pin.new)
    if not (wrong := [each for each in digests if each not in published]):
        return replace(pin, reason=f"verified by {source}")
    has = f"has {', '.join(published)} for it" if pin.kind == "action" else f"does not have {wrong[0]}"
    return replace(pin, state="unknown", reason=f"{source} {has if published else 'has no such release'}")


def _read_name(found: _Found) -> str:
    return f"{found['name']}{found['marker']}"


def _pair_pins(own: list[_Found], found: list[_Found]) -> Iterator[tuple[_Found, _Found | None]]:
    """Yield each pin with the one in its place, or with the highest of its name if the text has changed."""
    is_same = [_read_name(each) for each in own] == [_read_name(each) for each in found]
    for index, each in enumerate(found):
        known = [own[index]] if is_same else [before for before in own if _read_name(before) == _read_name(each)]
        yield each, max(known, key=lambda before: (before[0] == each[0], _read_release(before)), default=None)


def _judge_pin(
    kind: PinKind, old: _Found | None, new: _Found, *, is_outdated: bool, is_older: bool
) -> tuple[PinState, str] | None:
    """Return the state and its reason; None if envctl.toml has changed, which the state of the file says."""
    if old is None or kind == "envctl":
        if old is None and is_older:
            return "other version", ""
        reason = "envctl.toml has another one" if old else "this envctl pins nothing of this name"
        return None if is_outdated else ("unknown", reason)
    (before, suffix), (after, new_suffix) = _read_release(old), _read_release(new)
    is_release = bool(after) and (new_suffix == suffix or not before)
    # Only an image may be built again.
    if is_release and (after > before or (after == before and kind == "image")):
        return "raised", ""
    if is_release and after == before:
        return "unknown", "the same release has another digest"
    if after and is_older:
        return "other version", ""
    return "unknown", "it is a lower release" if is_release else "it names no release"


def _compare_uses(pin: Pin, used: Mapping[str, Location]) -> Pin:
    """Return the pin as unknown if envctl has one pin for several places, and they have others."""
    other = next((place for text, place in used.items() if text != pin.new), None)
    # pip itself refuses two pins of one package.
    if pin.state != "raised" or pin.kind == "package" or other is None:
        return pin
    return replace(pin, state="unknown", reason=f"{other} has another pin of it")


def _read_release(pin: _Found) -> tuple[tuple[int, ...], str]:
    """Return the numbers of the release that a pin names, none without one, and what follows them."""
    found = _RELEASE.fullmatch(pin["version"] or "")
    return (tuple(int(each.removeprefix("post")) for each in found[1].split(".")), found[2]) if found else ((), "")
