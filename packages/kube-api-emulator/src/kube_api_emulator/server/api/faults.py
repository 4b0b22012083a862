"""Faults for tests: refusals, delays, lost answers and broken watches."""

import re
import threading
from dataclasses import dataclass, field

from kube_api_emulator.server.status_errors import StatusError

_STALE = "the object has been modified; please apply your changes to the latest version and try again"
_REASONS = {
    400: ("BadRequest", "the request is bad"),
    401: ("Unauthorized", "Unauthorized"),
    403: ("Forbidden", "forbidden"),
    404: ("NotFound", "the server could not find the requested resource"),
    409: ("Conflict", _STALE),
    410: ("Expired", "too old resource version"),
    422: ("Invalid", "the server rejected our request due to an error in our request"),
    429: ("TooManyRequests", "too many requests, please try again later"),
    500: ("InternalError", "Internal error occurred"),
    503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
    504: ("Timeout", "Timeout: request did not complete within the allotted timeout"),
}  # fmt: skip


@dataclass
class Fault:
    """What happens to the next requests that match.

    Attributes:
        code: of the refusal; 0 for a request that is answered as usual.
        method: pattern of the whole method, as in `PATCH|POST`.
        path: pattern that the path with its query contains.
        times: how many requests it meets; less than 0 for all.
        message: of the refusal; empty for the usual one.
        reason: of the refusal; empty for the usual one.
        retry_after: seconds for the header Retry-After; 0 for none.
        delay: seconds before the request is handled.
        cut_after: number of frames after which a watch is cut without an end; None for never.
        loses_answer: whether the request is handled, and the connection then closed without an answer.
    """

    code: int = 0
    method: str = ".*"
    path: str = ""
    times: int = 1
    message: str = ""
    reason: str = ""
    retry_after: int = 0
    delay: float = 0.0
    cut_after: int | None = None
    loses_answer: bool = False
    met: int = field(default=0, init=False)
    """How many requests it has met."""

    def to_error(self) -> StatusError:
        reason, message = _REASONS.get(self.code, ("", f"the server answers {self.code}"))
        return StatusError(self.code, self.reason or reason, self.message or message, {}, self.retry_after)


class Faults:
    """The faults of one server; the first that matches meets a request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def take(self, method: str, target: str) -> Fault | None:
        """Return the fault for a request, and count it."""
        with self._lock:
            for fault in self._faults:
                if fault.times == fault.met or not re.fullmatch(fault.method, method):
                    continue
                if re.search(fault.path, target):
                    fault.met += 1
                    return fault
        return None
