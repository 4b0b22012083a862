"""Faults of requests to AWS as values, and plans of their occurrence."""

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aws_api_emulator.exchange import Request


@dataclass(frozen=True)
class Delayed:
    """The request is forwarded after a delay."""

    seconds: float


@dataclass(frozen=True)
class Hung:
    """The request is accepted, but neither forwarded nor answered."""


@dataclass(frozen=True)
class Dropped:
    """The connection ends before the request is forwarded."""


@dataclass(frozen=True)
class LostResponse:
    """The request succeeds, and the connection ends before the response."""


@dataclass(frozen=True)
class TruncatedResponse:
    """The request succeeds, and the connection ends within the response."""


@dataclass(frozen=True)
class ErrorResponse:
    """S3 responds with an error."""

    status: int
    code: str
    message: str = "it is said on purpose"
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: str = ""
    done: bool = False  # the request succeeds nevertheless


Fault = Delayed | Hung | Dropped | LostResponse | TruncatedResponse | ErrorResponse
EXPECTED_OWNER = "x-amz-expected-bucket-owner"
FaultPlan = Callable[[Request], Fault | None]
RequestFilter = Callable[[Request], bool]

THROTTLED = ErrorResponse(503, "SlowDown", "Please reduce your request rate.")
FAILED = ErrorResponse(500, "InternalError", "We encountered an internal error. Please try again.")
DENIED = ErrorResponse(403, "AccessDenied", "Access Denied")
EXPIRED = ErrorResponse(400, "ExpiredToken", "The provided token has expired.")
UNKNOWN_KEY = ErrorResponse(
    403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."
)
CONFLICT = ErrorResponse(409, "ConditionalRequestConflict", "A conflicting operation occurred during this request.")
ELSEWHERE = ErrorResponse(
    301,
    "PermanentRedirect",
    "The bucket you are attempting to access must be addressed using the specified endpoint.",
    {"x-amz-bucket-region": "eu-west-1"},
)
WRONG_REGION = ErrorResponse(
    400,
    "AuthorizationHeaderMalformed",
    "The authorization header is malformed; the region 'ap-northeast-1' is wrong; expecting 'eu-west-1'",
    {"x-amz-bucket-region": "eu-west-1"},
    "<Region>eu-west-1</Region>",
)


def clock_skew_error(asked: str, server: str) -> ErrorResponse:
    """Return the error for a clock skew, from the time of the request (`asked`) and of AWS (`server`)."""
    extra = f"<RequestTime>{asked}</RequestTime><ServerTime>{server}</ServerTime>"
    said = "The difference between the request time and the current time is too large."
    extra += "<MaxAllowedSkewMilliseconds>900000</MaxAllowedSkewMilliseconds>"
    return ErrorResponse(403, "RequestTimeTooSkewed", said, extra=extra)


def is_any(_: Request) -> bool:
    return True


def is_write(request: Request) -> bool:
    return request.method == "PUT"


def is_read(request: Request) -> bool:
    return request.method == "GET" and "list-type" not in request.target


def is_list(request: Request) -> bool:
    return request.method == "GET" and "list-type" in request.target


def no_fault(_: Request) -> Fault | None:
    return None


def fail_always(fault: Fault, concerns: RequestFilter = is_any) -> FaultPlan:
    return lambda request: fault if concerns(request) else None


def fail_first(fault: Fault, concerns: RequestFilter = is_any, times: int = 1) -> FaultPlan:
    """Fail the first matching requests."""
    return _fail_counted(fault, concerns, lambda number: number <= times)


def fail_every(number: int, fault: Fault, concerns: RequestFilter = is_any) -> FaultPlan:
    """Fail every `number`-th matching request."""
    return _fail_counted(fault, concerns, lambda counted: counted % number == 0)


def fail_randomly(share: float, fault: Fault, concerns: RequestFilter = is_any, seed: int = 0) -> FaultPlan:
    """Fail about this share of the matching requests, the same ones for the same seed."""
    chance = random.Random(seed)
    return _fail_counted(fault, concerns, lambda _: chance.random() < share)


def _fail_counted(fault: Fault, concerns: RequestFilter, hit: Callable[[int], bool]) -> FaultPlan:
    lock, counted = threading.Lock(), 0

    def plan(request: Request) -> Fault | None:
        nonlocal counted
        if not concerns(request):
            return None
        with lock:
            counted += 1
            return fault if hit(counted) else None

    return plan


def refuse_other_owners(account: str) -> FaultPlan:
    """Deny requests that expect another bucket owner, as S3 does and the emulator does not."""

    def plan(request: Request) -> Fault | None:
        expected = next((value for name, value in request.headers if name.lower() == EXPECTED_OWNER), account)
        return None if expected == account else DENIED

    return plan
