"""Classification of store errors by obstore's messages: its exceptions hold no more than a type and a text."""

import re
from datetime import UTC, datetime
from enum import Enum, auto


class ErrorKind(Enum):
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


REFUSED_KINDS = frozenset(
    {
        ErrorKind.NO_BUCKET,
        ErrorKind.ELSEWHERE,
        ErrorKind.DENIED,
        ErrorKind.UNKNOWN_CALLER,
        ErrorKind.SKEWED,
        ErrorKind.UNREACHABLE,
        ErrorKind.UNTRUSTED,
    }
)
"""Certain failures: refused as a whole, or never sent."""

REFUSED_HEADER_KINDS = frozenset({ErrorKind.DENIED, ErrorKind.OTHER})
"""What S3 answers where its caller may not lock, or a bucket or server knows no locks: nothing was written."""

RETRIABLE_KINDS = frozenset({ErrorKind.UNANSWERED, ErrorKind.BUSY})
"""Worth another try. obstore itself repeats only reads of these, and reports S3's conflict with a concurrent write as
"already exists"."""

CREDENTIALS_PREFIX = "External AWS credential provider"
"""Beginning of obstore's message for failed credentials."""

_KIND_BY_CODE = {
    "NoSuchBucket": ErrorKind.NO_BUCKET,
    "PermanentRedirect": ErrorKind.ELSEWHERE,
    "AuthorizationHeaderMalformed": ErrorKind.ELSEWHERE,
    "IllegalLocationConstraintException": ErrorKind.ELSEWHERE,
    "AccessDenied": ErrorKind.DENIED,
    "AllAccessDisabled": ErrorKind.DENIED,
    "AccountProblem": ErrorKind.DENIED,
    "ExpiredToken": ErrorKind.UNKNOWN_CALLER,
    "TokenRefreshRequired": ErrorKind.UNKNOWN_CALLER,
    "InvalidToken": ErrorKind.UNKNOWN_CALLER,
    "InvalidAccessKeyId": ErrorKind.UNKNOWN_CALLER,
    "SignatureDoesNotMatch": ErrorKind.UNKNOWN_CALLER,
    "RequestTimeTooSkewed": ErrorKind.SKEWED,
    "SlowDown": ErrorKind.THROTTLED,
    "ServiceUnavailable": ErrorKind.THROTTLED,
    "TooManyRequests": ErrorKind.THROTTLED,
    "ConditionalRequestConflict": ErrorKind.BUSY,
    "OperationAborted": ErrorKind.BUSY,
    "RequestTimeout": ErrorKind.UNANSWERED,
    "NotImplemented": ErrorKind.OTHER,
}
_KIND_BY_STATUS = {
    401: ErrorKind.UNKNOWN_CALLER,
    403: ErrorKind.DENIED,
    409: ErrorKind.BUSY,
    429: ErrorKind.THROTTLED,
    503: ErrorKind.THROTTLED,
}
_KIND_BY_TEXT = (
    ("incorrectly configured region", ErrorKind.ELSEWHERE),
    (CREDENTIALS_PREFIX, ErrorKind.UNKNOWN_CALLER),
    ("InvalidCertificate", ErrorKind.UNTRUSTED),
    ("kind: Connect,", ErrorKind.UNREACHABLE),
    ("TunnelUnsuccessful", ErrorKind.UNREACHABLE),
    ("kind: Timeout", ErrorKind.UNANSWERED),
    ("kind: Interrupted", ErrorKind.UNANSWERED),
    ("kind: Request", ErrorKind.UNANSWERED),
    ("response body", ErrorKind.UNANSWERED),
)
_SHORT_READ = r"Requested \d+\.\.\d+, got \d+\.\.\d+"
_DENIED_ACTION = r"not authorized to perform: ([\w:]+)"


def classify_error(text: str) -> ErrorKind:
    if (code := extract_code(text)) in _KIND_BY_CODE:
        return _KIND_BY_CODE[code]
    if status := re.search(r"status code: (\d{3})", text):
        number = int(status[1])
        return _KIND_BY_STATUS.get(number, ErrorKind.UNANSWERED if number >= 500 else ErrorKind.OTHER)  # noqa: PLR2004 (the class of 5xx)
    if re.search(_SHORT_READ, text):
        return ErrorKind.UNANSWERED
    return next((kind for sign, kind in _KIND_BY_TEXT if sign in text), ErrorKind.OTHER)


def was_retried(text: str) -> bool:
    """Check if obstore retried: an earlier try may have succeeded, despite the final error."""
    return re.search(r"after \d+ retries", text) is not None


def extract_reason(text: str) -> str:
    """Return the message of S3 itself, else the first line without the library's debug output."""
    answer = re.search(r"<Code>(.*?)</Code>\s*<Message>(.*?)</Message>", text, re.DOTALL)
    if answer:
        return f"{answer[2]} ({answer[1]})"
    if "TunnelUnsuccessful" in text:
        return "the proxy blocks the connection"
    deepest = re.findall(r'(?:message|error): "([^"]+)"', text)
    return deepest[-1] if deepest else text.strip().partition("\n")[0]


def extract_region(text: str) -> str:
    match = re.search(r"<Region>([a-z0-9-]+)</Region>|expecting '([a-z0-9-]+)'", text)
    return (match[1] or match[2]) if match else ""


def extract_denied_action(text: str, usual: str) -> str:
    """Return the missing permission named by AWS; older responses name none."""
    match = re.search(_DENIED_ACTION, text)
    return match[1] if match else usual


def describe_clock_skew(text: str) -> str:
    """Describe the clock skew, if S3 reports its time."""
    asked = re.search(r"<RequestTime>(\d{8}T\d{6}Z)</RequestTime>", text)
    server = re.search(r"<ServerTime>([^<]+)</ServerTime>", text)
    if not (asked and server):
        return "this machine's clock is wrong"
    try:
        here = datetime.strptime(asked[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        minutes = round((here - datetime.fromisoformat(server[1])).total_seconds() / 60)
    except (ValueError, TypeError):
        return "this machine's clock is wrong"
    return f"this machine's clock is {abs(minutes)} minutes {'ahead' if minutes > 0 else 'behind'}"


def extract_code(text: str) -> str:
    match = re.search(r"<Code>(.*?)</Code>", text)
    return match[1] if match else ""
