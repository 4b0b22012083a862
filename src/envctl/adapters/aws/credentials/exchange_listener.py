"""Listener to STS while boto3 fetches credentials: exchanged tokens and called addresses.

A token file proves nothing. AWS checks the signature of a token before giving credentials for it: the claims of the
token sent are true of the keys given for it, and of no others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from envctl.domain.ci.id_token import describe_token, suggest_subject

_AWS_DOMAINS = (
    ".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.amazonwebservices.com.cn",
    ".api.amazonwebservices.eu", ".api.aws", ".api.aws.hci.ic.gov", ".api.aws.ic.gov", ".api.aws.scloud",
    ".api.cloud-aws.adc-e.uk", ".c2s.ic.gov", ".cloud.adc-e.uk", ".csp.hci.ic.gov", ".sc2s.sgov.gov",
)  # fmt: skip
"""Domains of the AWS partitions."""
_TOKEN_KEY = "envctl_token"  # noqa: S105 (a key)
TOKEN_DESCRIPTION = "EnvctlToken"  # noqa: S105 (a name)
"""Key for the claims of a refused token, added to the response of STS: botocore raises that response."""
SUBJECT_HINT = "EnvctlSubject"
"""Key for the hint about its subject."""


@dataclass(frozen=True, kw_only=True)
class TokenExchange:
    """A token that AWS gave credentials for."""

    token: str
    key: str  # id of the access key
    arn: str  # of the session
    # Claims of the token as AWS states them; empty if it does not.
    subject: str = ""
    audience: str = ""
    provider: str = ""
    date: str = ""  # of the response


class ExchangeListener:
    """Exchanges and addresses of one boto3 session.

    Attributes:
        exchanges: by access key id.
        urls: the called URLs of STS, in order.
        source_credentials: those a profile assumed its first role with; None if it assumed no role.
    """

    def __init__(self) -> None:
        self.exchanges: dict[str, TokenExchange] = {}
        self.urls: dict[str, None] = {}
        self.source_credentials: Any = None

    def watch_session(self, session: Any) -> None:  # noqa: ANN401 (boto3's own)
        """Register with a session, before it loads its credentials."""
        events = session.events
        events.register("provide-client-params.sts.AssumeRoleWithWebIdentity", self._record_token)
        events.register("before-call.sts", self._record_request)
        events.register("after-call.sts.AssumeRoleWithWebIdentity", self._record_exchange)

    def _record_token(self, params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:  # noqa: ANN401
        context[_TOKEN_KEY] = str(params.get("WebIdentityToken", ""))

    def _record_request(
        self,
        model: Any,  # noqa: ANN401
        params: Mapping[str, Any],
        request_signer: Any,  # noqa: ANN401
        **_: Any,  # noqa: ANN401
    ) -> None:
        self.urls[str(params.get("url", ""))] = None
        if model.name == "AssumeRole" and self.source_credentials is None:
            self.source_credentials = getattr(request_signer, "_credentials", None)

    def _record_exchange(
        self,
        http_response: Any,  # noqa: ANN401
        parsed: dict[str, Any],
        context: Mapping[str, Any],
        **_: Any,  # noqa: ANN401
    ) -> None:
        token = context.get(_TOKEN_KEY, "")
        if "Credentials" not in parsed:
            parsed[TOKEN_DESCRIPTION] = describe_token(token)
            parsed[SUBJECT_HINT] = suggest_subject(token)
            return
        key = parsed["Credentials"].get("AccessKeyId", "")
        self.exchanges[key] = TokenExchange(
            token=token,
            key=key,
            arn=parsed.get("AssumedRoleUser", {}).get("Arn", ""),
            subject=parsed.get("SubjectFromWebIdentityToken", ""),
            audience=parsed.get("Audience", ""),
            provider=parsed.get("Provider", ""),
            date=http_response.headers.get("Date", ""),
        )


def is_aws_url(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and f".{parts.hostname or ''}".endswith(_AWS_DOMAINS)
