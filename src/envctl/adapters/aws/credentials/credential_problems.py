"""Problems of refused or missing credentials: what AWS said, and what to do."""

from envctl.adapters.aws.credentials.exchange_listener import SUBJECT_HINT, TOKEN_DESCRIPTION
from envctl.domain.aws.access import AwsCredentialsSpec
from envctl.domain.command_lines import format_command
from envctl.domain.errors import Problem

_HINT_BY_CODE = {
    "AccessDenied": "allow your own principal to assume it, in the role's trust policy and in your policy",
    "ExpiredToken": "sign in again: your own credentials have expired",
    "ExpiredTokenException": "sign in again: your own credentials have expired",
    "InvalidClientTokenId": "your own credentials are not known to AWS: sign in again",
    "SignatureDoesNotMatch": "your own credentials or this machine's clock are wrong: sign in again, or set the clock",
    "RegionDisabledException": "activate STS in that region, or use another one",
}
_TRUST_HINT = "correct the trust policy of the role, or the token request"
_TOKEN_HINTS = {
    "ExpiredTokenException": "run the job again, and let envctl request the token itself",
    "InvalidIdentityToken": "create the OIDC provider of this issuer in the account of the role",
}
_CALLER_HINT = "check your identity: aws sts get-caller-identity"


def build_problem(spec: AwsCredentialsSpec, error: Exception) -> Problem:
    response = getattr(error, "response", None)
    if response:
        details = response.get("Error", {})
        code = str(details.get("Code", ""))
        message = str(details.get("Message", "")).strip() or code
        if token := response.get(TOKEN_DESCRIPTION):
            wanted = response.get(SUBJECT_HINT) if code == "AccessDenied" else ""
            hint = f"{wanted or _TOKEN_HINTS.get(code, _TRUST_HINT)}: {format_command('explain', 'E413')}"
            return Problem(*_describe_refusal(spec, f"{message} ({code}); {token}"), hint)
        return Problem(*_describe_refusal(spec, f"{message} ({code})"), _HINT_BY_CODE.get(code, _CALLER_HINT))
    from envctl.adapters.aws.credentials.misconfiguration import extract_reason

    return Problem(*_describe_refusal(spec, extract_reason(error)), _suggest_fix(error, spec))


def _describe_refusal(spec: AwsCredentialsSpec, reason: str) -> tuple[str, str]:
    """Return the error code and message for a failed request of credentials."""
    if spec.role:
        return "E413", f"the role {spec.role} can't be assumed: {reason}"
    where = f" in {spec.environment}" if spec.environment else ""
    return "E415", f"AWS does not confirm your identity{where}: {reason}"


def _suggest_fix(error: Exception, spec: AwsCredentialsSpec) -> str:
    from envctl.adapters.aws.credentials.error_causes import Cause
    from envctl.adapters.aws.credentials.misconfiguration import classify_error
    from envctl.adapters.aws.credentials.profiles import format_profile_option

    name, profile = type(error).__name__, format_profile_option(spec.profile)
    match classify_error(error):
        case Cause.SIGN_IN if name == "NoCredentialsError":
            wanted = f"the profile {spec.profile}" if spec.profile else "a profile with permission"
            return f"sign in first, or set AWS_PROFILE to {wanted}"
        case Cause.SIGN_IN if "SSO" in name or "Token" in name:
            return f"sign in again: aws sso login{profile}"
        case Cause.SIGN_IN if "Login" in name:
            return f"sign in again: aws login{profile}"
        case Cause.SIGN_IN:
            return "sign in again; aws configure list shows the sources of credentials"
        case Cause.NETWORK:
            return "AWS could not be reached: check the network and the proxy, and try again"
        case None:
            # Keys past the expiry in their variables.
            return "sign in again"
        case _:
            return _CALLER_HINT
