"""Failed calls of Secrets Manager, the Parameter Store and CloudWatch: reason and hint."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

_DENIED_CODES = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_THROTTLED_CODES = frozenset({
    "ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown",
    "TooManyUpdates",
})  # fmt: skip
_SIGN_IN_CODES = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException", "RequestExpired"}
)
_NOT_AUTHORISED = re.compile(r"is not authorized to perform: ([a-z-]+:[A-Za-z]+)")


@dataclass(frozen=True)
class CallFailure:
    """`is_unreachable`: no response at all, further calls would only take time."""

    reason: str
    hint: str
    is_unreachable: bool = False


def extract_code(error: Exception) -> str:
    """Return the error code of AWS; empty without a response."""
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def explain_failure(error: "BotoCoreError | ClientError", permission: str, unsaid: str = "") -> CallFailure:
    """Explain a failed call. `permission` is the one it needs; the text `unsaid` is never quoted."""
    response = getattr(error, "response", None)
    if not response:
        # By the name of the error alone: messages of botocore may quote arguments.
        reason = f"AWS could not be reached ({type(error).__name__})"
        return CallFailure(reason, "check the network and the proxy, and try again", True)
    details = response.get("Error", {})
    code, whole = str(details.get("Code", "")), str(details.get("Message", "")).strip()
    message = whole.partition("\n")[0]
    if code in _DENIED_CODES or _NOT_AUTHORISED.search(whole):
        # The missing permission may be another one, for instance for a KMS key.
        found = _NOT_AUTHORISED.search(whole)
        wanted = found[1] if found else permission
        return CallFailure(f"the permission {wanted} is missing", f"allow {wanted} to the role that envctl takes there")
    if code in _THROTTLED_CODES:
        return CallFailure(f"AWS throttles ({code})", "try again in a minute")
    if code in _SIGN_IN_CODES:
        return CallFailure(f"the credentials are no longer valid ({code})", "sign in again")
    if not message or (unsaid and unsaid in whole):
        return CallFailure(code, "check your identity: aws sts get-caller-identity")
    return CallFailure(f"{message.rstrip('.')} ({code})", "check your identity: aws sts get-caller-identity")
