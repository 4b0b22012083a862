"""A watch that goes on: over connections that break, tokens that expire, and versions that the server forgot."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

from envctl.adapters.http.client import Failure, HttpFailedError
from envctl.adapters.http.retry import list_pauses
from envctl.adapters.kubernetes.refusals import GONE, UNAUTHORIZED, ApiRefusal
from envctl.adapters.kubernetes.transport import BUSY, Call, Transport
from envctl.domain.errors import OperationFailedError

EventKind = Literal["ADDED", "MODIFIED", "DELETED"]
Event = tuple[EventKind, dict[str, Any]]
_KINDS: dict[str, EventKind] = {"ADDED": "ADDED", "MODIFIED": "MODIFIED", "DELETED": "DELETED"}
WATCH_SECONDS, SILENCE_SECONDS, SHORTEST_SECONDS = 60, 10.0, 0.05
"""A new watch each minute: a proxy may have dropped a silent one without a word."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0


@dataclass(eq=False, repr=False)
class Watch:
    """The changes of a list. `load_list` returns its objects and its resource version."""

    transport: Transport
    path: str
    query: dict[str, str]
    load_list: Callable[[], tuple[list[dict[str, Any]], str]]
    sleep: Callable[[float], None] = time.sleep
    _version: str = field(default="", init=False)
    _seen: dict[str, dict[str, Any]] = field(default_factory=dict, init=False)
    _is_renewed: bool = field(default=False, init=False)

    def follow(self, seconds: float) -> Iterator[Event]:
        """Yield the objects as they are, then their changes, until the time is over. Raises OperationFailedError if
        the cluster refuses, or if it did not answer when the time was over.
        """
        ends_at = time.monotonic() + seconds
        pauses = list_pauses(FIRST_PAUSE, LONGEST_PAUSE)
        last: OperationFailedError | None = None
        while (left := ends_at - time.monotonic()) > SHORTEST_SECONDS:
            try:
                for event in self._follow_once(left):
                    pauses = list_pauses(FIRST_PAUSE, LONGEST_PAUSE)
                    yield event
                last = None
            except HttpFailedError as error:
                is_over = error.failure is Failure.TIMEOUT and time.monotonic() > ends_at - SHORTEST_SECONDS
                last = None if is_over else self.transport.describe_break(error)
            except ApiRefusal as refusal:
                if refusal.code == GONE:
                    self._version = ""
                elif refusal.code not in BUSY:
                    raise
                last = refusal
            except OperationFailedError as error:
                # A list had its attempts. What comes later may fare better.
                last = error
            # After success too: a server that ends each watch at once is not asked in a circle.
            self.sleep(max(min(next(pauses), ends_at - time.monotonic()), 0))
        if last is not None:
            raise last

    def _follow_once(self, left: float) -> Iterator[Event]:
        if not self._version:
            yield from self._list_changes()
        seconds = max(1, min(WATCH_SECONDS, int(left) + 1))
        limits = {"watch": "1", "allowWatchBookmarks": "true", "timeoutSeconds": str(seconds)}
        call = Call("GET", f"{self.path}?{urlencode({**self.query, **limits, 'resourceVersion': self._version})}")
        renewals = self.transport.renewals
        try:
            # The reader stops when its time is over, and not when the server thinks so.
            with self.transport.stream_lines(call, min(seconds + SILENCE_SECONDS, left)) as lines:
                self._is_renewed = False
                yield from self._read_events(lines)
        except ApiRefusal as refusal:
            if refusal.code != UNAUTHORIZED or self._is_renewed or not self.transport.renew(renewals):
                raise
            self._is_renewed = True

    def _read_events(self, lines: Iterator[bytes]) -> Iterator[Event]:
        for line in lines:
            kind, found = _parse_event(line)
            if kind == "ERROR":
                # Mostly: that version is too old. The next list tells what was missed.
                self._version = ""
                return
            metadata = found.get("metadata") or {}
            self._version = metadata.get("resourceVersion") or self._version
            if kind not in _KINDS:
                continue
            if kind == "DELETED":
                self._seen.pop(_identify(found), None)
            else:
                self._seen[_identify(found)] = found
            yield _KINDS[kind], found

    def _list_changes(self) -> Iterator[Event]:
        """Yield what differs from what was seen: changes between two watches may be lost."""
        objects, self._version = self.load_list()
        before, self._seen = self._seen, {_identify(each): each for each in objects}
        for key, found in self._seen.items():
            if key not in before:
                yield "ADDED", found
            elif _read_version(found) != _read_version(before[key]):
                yield "MODIFIED", found
        for key in before.keys() - self._seen.keys():
            yield "DELETED", before[key]


def _parse_event(line: bytes) -> tuple[str, dict[str, Any]]:
    """Return the kind and the object of an event. Raises HttpFailedError if it is none."""
    try:
        event = json.loads(line)
        return event["type"], event["object"]
    except (ValueError, KeyError, TypeError) as error:
        raise HttpFailedError(Failure.NOT_HTTP, error) from None


def _identify(found: dict[str, Any]) -> str:
    metadata = found.get("metadata") or {}
    return f"{metadata.get('namespace', '')}/{metadata.get('name', '')}"


def _read_version(found: dict[str, Any]) -> str:
    return str((found.get("metadata") or {}).get("resourceVersion", ""))
