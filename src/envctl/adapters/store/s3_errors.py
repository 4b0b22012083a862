"""What a store's errors mean, read off what obstore says: its exceptions carry no more than a type and a text."""

import re
from datetime import UTC, datetime
from enum import Enum, auto


class Kind(Enum):
    NO_BUCKET = auto()
    ELSEWHERE = auto()
    DENIED = auto()
    UNKNOWN_CALLER = auto()
    SKEWED = auto()
    UNREACHABLE = auto()
    UNTRUSTED = auto()
    THROTTLED = auto()
    BUSY = auto()
    UNANSWERED = auto()
    OTHER = auto()


REFUSED = frozenset(
    {
        Kind.NO_BUCKET,
        Kind.ELSEWHERE,
        Kind.DENIED,
        Kind.UNKNOWN_CALLER,
        Kind.SKEWED,
        Kind.UNREACHABLE,
        Kind.UNTRUSTED,
    }
)
"""Nothing can have been written: it was refused as a whole, or never sent."""

AGAIN = frozenset({Kind.UNANSWERED, Kind.BUSY})
"""Worth another try. Of these obstore itself repeats reads alone, and takes S3's "somebody else is writing there right
now, try again" for "it exists"."""

PROVIDER = "External AWS credential provider"
"""With this obstore begins where its source of credentials failed."""

_CODES = {
    "NoSuchBucket": Kind.NO_BUCKET,
    "PermanentRedirect": Kind.ELSEWHERE,
    "AuthorizationHeaderMalformed": Kind.ELSEWHERE,
    "IllegalLocationConstraintException": Kind.ELSEWHERE,
    "AccessDenied": Kind.DENIED,
    "AllAccessDisabled": Kind.DENIED,
    "AccountProblem": Kind.DENIED,
    "ExpiredToken": Kind.UNKNOWN_CALLER,
    "TokenRefreshRequired": Kind.UNKNOWN_CALLER,
    "InvalidToken": Kind.UNKNOWN_CALLER,
    "InvalidAccessKeyId": Kind.UNKNOWN_CALLER,
    "SignatureDoesNotMatch": Kind.UNKNOWN_CALLER,
    "RequestTimeTooSkewed": Kind.SKEWED,
    "SlowDown": Kind.THROTTLED,
    "ServiceUnavailable": Kind.THROTTLED,
    "TooManyRequests": Kind.THROTTLED,
    "ConditionalRequestConflict": Kind.BUSY,
    "OperationAborted": Kind.BUSY,
    "RequestTimeout": Kind.UNANSWERED,
}
_STATUS = {401: Kind.UNKNOWN_CALLER, 403: Kind.DENIED, 409: Kind.BUSY, 429: Kind.THROTTLED, 503: Kind.THROTTLED}
_SIGNS = (
    ("incorrectly configured region", Kind.ELSEWHERE),
    (PROVIDER, Kind.UNKNOWN_CALLER),
    ("InvalidCertificate", Kind.UNTRUSTED),
    ("kind: Connect,", Kind.UNREACHABLE),
    ("TunnelUnsuccessful", Kind.UNREACHABLE),
    ("kind: Timeout", Kind.UNANSWERED),
    ("kind: Interrupted", Kind.UNANSWERED),
    ("kind: Request", Kind.UNANSWERED),
    ("response body", Kind.UNANSWERED),
)
_SHORT = re.compile(r"Requested \d+\.\.\d+, got \d+\.\.\d+")
_DENIED_ACTION = re.compile(r"not authorized to perform: ([\w:]+)")


def kind_of(said: str) -> Kind:
    if (code := code_in(said)) in _CODES:
        return _CODES[code]
    if status := re.search(r"status code: (\d{3})", said):
        number = int(status[1])
        return _STATUS.get(number, Kind.UNANSWERED if number >= 500 else Kind.OTHER)  # noqa: PLR2004 (the class of 5xx)
    if _SHORT.search(said):
        return Kind.UNANSWERED
    return next((kind for sign, kind in _SIGNS if sign in said), Kind.OTHER)


def repeated(said: str) -> bool:
    """Whether obstore tried more than once: an earlier try may have been carried out, whatever was said to the last."""
    return re.search(r"after \d+ retries", said) is not None


def reason(said: str) -> str:
    """What S3 says itself where it answered, else the first line; the rest is the library's own debug output."""
    answer = re.search(r"<Code>(.*?)</Code>\s*<Message>(.*?)</Message>", said, re.DOTALL)
    if answer:
        return f"{answer[2]} ({answer[1]})"
    if "TunnelUnsuccessful" in said:
        return "the proxy lets nobody through to it"
    deepest = re.findall(r'(?:message|error): "([^"]+)"', said)
    return deepest[-1] if deepest else said.strip().partition("\n")[0]


def region_in(said: str) -> str:
    """The region that S3 names, where it does."""
    match = re.search(r"<Region>([a-z0-9-]+)</Region>|expecting '([a-z0-9-]+)'", said)
    return (match[1] or match[2]) if match else ""


def denied_action(said: str, usual: str) -> str:
    """The action that AWS says is missing; in older answers it does not."""
    match = _DENIED_ACTION.search(said)
    return match[1] if match else usual


def clock(said: str) -> str:
    """By how much this machine's clock is off, where S3 says what time it is."""
    asked = re.search(r"<RequestTime>(\d{8}T\d{6}Z)</RequestTime>", said)
    server = re.search(r"<ServerTime>([^<]+)</ServerTime>", said)
    if not (asked and server):
        return "this machine's clock is wrong"
    try:
        here = datetime.strptime(asked[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        minutes = round((here - datetime.fromisoformat(server[1])).total_seconds() / 60)
    except (ValueError, TypeError):
        return "this machine's clock is wrong"
    return f"this machine's clock is {abs(minutes)} minutes {'ahead' if minutes > 0 else 'behind'}"


def code_in(said: str) -> str:
    match = re.search(r"<Code>(.*?)</Code>", said)
    return match[1] if match else ""
