"""What can happen to a request on its way to AWS and back, as values, and when it happens."""

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from envctl.adapters.sandbox.exchange import Request


@dataclass(frozen=True)
class Delayed:
    """Passed on, and answered, after a while."""

    seconds: float


@dataclass(frozen=True)
class Hung:
    """Taken, and never answered; nothing is done."""


@dataclass(frozen=True)
class Dropped:
    """The connection ends before anything is done."""


@dataclass(frozen=True)
class Unanswered:
    """It is done, and the connection ends before the answer."""


@dataclass(frozen=True)
class CutOff:
    """It is done, and the connection ends in the middle of the answer."""


@dataclass(frozen=True)
class Answered:
    """AWS says no, in the words of S3. With `done` it does it all the same."""

    status: int
    code: str
    message: str = "it is said on purpose"
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: str = ""
    done: bool = False


Fault = Delayed | Hung | Dropped | Unanswered | CutOff | Answered
EXPECTED_OWNER = "x-amz-expected-bucket-owner"
Plan = Callable[[Request], Fault | None]
Concerns = Callable[[Request], bool]

THROTTLED = Answered(503, "SlowDown", "Please reduce your request rate.")
FAILED = Answered(500, "InternalError", "We encountered an internal error. Please try again.")
DENIED = Answered(403, "AccessDenied", "Access Denied")
EXPIRED = Answered(400, "ExpiredToken", "The provided token has expired.")
UNKNOWN_KEY = Answered(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
CONFLICT = Answered(409, "ConditionalRequestConflict", "A conflicting operation occurred during this request.")
ELSEWHERE = Answered(
    301,
    "PermanentRedirect",
    "The bucket you are attempting to access must be addressed using the specified endpoint.",
    {"x-amz-bucket-region": "eu-west-1"},
)
WRONG_REGION = Answered(
    400,
    "AuthorizationHeaderMalformed",
    "The authorization header is malformed; the region 'ap-northeast-1' is wrong; expecting 'eu-west-1'",
    {"x-amz-bucket-region": "eu-west-1"},
    "<Region>eu-west-1</Region>",
)


def skewed(asked: str, server: str) -> Answered:
    """`asked` is the time of the request as it says itself, `server` that of AWS."""
    extra = f"<RequestTime>{asked}</RequestTime><ServerTime>{server}</ServerTime>"
    said = "The difference between the request time and the current time is too large."
    extra += "<MaxAllowedSkewMilliseconds>900000</MaxAllowedSkewMilliseconds>"
    return Answered(403, "RequestTimeTooSkewed", said, extra=extra)


def anything(_: Request) -> bool:
    return True


def writes(request: Request) -> bool:
    return request.method == "PUT"


def reads(request: Request) -> bool:
    return request.method == "GET" and "list-type" not in request.target


def lists(request: Request) -> bool:
    return request.method == "GET" and "list-type" in request.target


def nothing(_: Request) -> Fault | None:
    return None


def always(fault: Fault, concerns: Concerns = anything) -> Plan:
    return lambda request: fault if concerns(request) else None


def first(fault: Fault, concerns: Concerns = anything, times: int = 1) -> Plan:
    """The first of them, and none after."""
    return _counting(fault, concerns, lambda number: number <= times)


def every(number: int, fault: Fault, concerns: Concerns = anything) -> Plan:
    """Each one that has this number, or a multiple of it."""
    return _counting(fault, concerns, lambda counted: counted % number == 0)


def sometimes(share: float, fault: Fault, concerns: Concerns = anything, seed: int = 0) -> Plan:
    """About this share of them, the same ones for the same seed."""
    chance = random.Random(seed)
    return _counting(fault, concerns, lambda _: chance.random() < share)


def _counting(fault: Fault, concerns: Concerns, hit: Callable[[int], bool]) -> Plan:
    lock, counted = threading.Lock(), 0

    def plan(request: Request) -> Fault | None:
        nonlocal counted
        if not concerns(request):
            return None
        with lock:
            counted += 1
            return fault if hit(counted) else None

    return plan


def owned_by(account: str) -> Plan:
    """S3 refuses who expects another owner. The emulator does not look at that."""

    def plan(request: Request) -> Fault | None:
        expected = next((value for name, value in request.headers if name.lower() == EXPECTED_OWNER), account)
        return None if expected == account else DENIED

    return plan
