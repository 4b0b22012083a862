"""Why AWS did not answer about secrets, in words, and what helps."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_THROTTLED = frozenset(
    {
        "ThrottlingException",
        "Throttling",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "SlowDown",
        "TooManyUpdates",
    }
)
_SIGN_IN = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException", "RequestExpired"}
)
_NOT_AUTHORISED = re.compile(r"is not authorized to perform: ([a-z-]+:[A-Za-z]+)")


@dataclass(frozen=True)
class Cause:
    """`unreached` means that nothing answers: to ask for more would only take time."""

    reason: str
    hint: str
    unreached: bool = False


def cause(error: "BotoCoreError | ClientError", permission: str, unsaid: str = "") -> Cause:
    """`permission` is what the call needs, and `unsaid` a text that must not be quoted."""
    response = getattr(error, "response", None)
    if not response:
        return _unanswered(error)
    said = response.get("Error", {})
    code, whole = str(said.get("Code", "")), str(said.get("Message", "")).strip()
    message = whole.partition("\n")[0]
    if code in _DENIED or _NOT_AUTHORISED.search(whole):
        # It may be the permission for something else that the call needs, such as a key.
        found = _NOT_AUTHORISED.search(whole)
        wanted = found[1] if found else permission
        return Cause(f"the permission {wanted} is missing", f"allow {wanted} to the role that envctl takes there")
    if code in _THROTTLED:
        return Cause(f"AWS throttles ({code})", "try again in a minute")
    if code in _SIGN_IN:
        return Cause(f"the credentials do not count any more ({code})", "sign in again")
    if not message or (unsaid and unsaid in whole):
        return Cause(code, "see who you are: aws sts get-caller-identity")
    return Cause(f"{message.rstrip('.')} ({code})", "see who you are: aws sts get-caller-identity")


def not_found(error: "BotoCoreError | ClientError") -> bool:
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", "")) == "ResourceNotFoundException"


def _unanswered(error: Exception) -> Cause:
    """By its name alone: what botocore says of arguments that it does not like quotes them."""
    return Cause(
        f"AWS could not be reached ({type(error).__name__})", "check the network and the proxy, and try again", True
    )
