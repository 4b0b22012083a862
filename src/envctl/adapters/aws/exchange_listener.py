"""Listens to STS while boto3 takes credentials: what AWS answered, for which token, and at which address.

What a token file says proves nothing. AWS checks the signature of a token when it gives credentials for it: so the
claims of the very token that was sent are true of the very keys that were given for it, and of no others.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from envctl.adapters.aws.exchange import Exchange
from envctl.adapters.aws.tokens import describe_token

_OF_AWS = (
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".api.amazonwebservices.com.cn",
    ".api.amazonwebservices.eu",
    ".api.aws",
    ".api.aws.hci.ic.gov",
    ".api.aws.ic.gov",
    ".api.aws.scloud",
    ".api.cloud-aws.adc-e.uk",
    ".c2s.ic.gov",
    ".cloud.adc-e.uk",
    ".csp.hci.ic.gov",
    ".sc2s.sgov.gov",
)
"""The domains of AWS's partitions."""
_SENT = "envctl_token"
DESCRIBED = "EnvctlToken"
"""Where the answer of STS that refuses a token says what is in it: botocore raises that answer."""


class Exchanges:
    """Of one session of boto3."""

    def __init__(self) -> None:
        self._by_key: dict[str, Exchange] = {}
        self._urls: dict[str, None] = {}
        self._source: Any = None

    def hear(self, session: Any) -> None:  # noqa: ANN401 (boto3's own)
        """Has to be called before the session takes its credentials."""
        events = session.events
        events.register("provide-client-params.sts.AssumeRoleWithWebIdentity", self._note_token)
        events.register("before-call.sts", self._note_address)
        events.register("after-call.sts.AssumeRoleWithWebIdentity", self._note_answer)

    def find(self, key: str) -> Exchange | None:
        """The exchange that gave the access key with that id."""
        return self._by_key.get(key)

    def list_addresses(self) -> tuple[str, ...]:
        """The URLs that STS was asked at."""
        return tuple(self._urls)

    @property
    def source(self) -> Any:  # noqa: ANN401
        """The credentials with which a profile took the first role; None where none was taken."""
        return self._source

    def _note_token(self, params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:  # noqa: ANN401
        context[_SENT] = str(params.get("WebIdentityToken", ""))

    def _note_address(
        self,
        model: Any,  # noqa: ANN401
        params: Mapping[str, Any],
        request_signer: Any,  # noqa: ANN401
        **_: Any,  # noqa: ANN401
    ) -> None:
        self._urls[str(params.get("url", ""))] = None
        if model.name == "AssumeRole" and self._source is None:
            self._source = getattr(request_signer, "_credentials", None)

    def _note_answer(
        self,
        http_response: Any,  # noqa: ANN401
        parsed: dict[str, Any],
        context: Mapping[str, Any],
        **_: Any,  # noqa: ANN401
    ) -> None:
        token = context.get(_SENT, "")
        if "Credentials" not in parsed:
            parsed[DESCRIBED] = describe_token(token)
            return
        key = parsed["Credentials"].get("AccessKeyId", "")
        self._by_key[key] = Exchange(
            token,
            key,
            parsed.get("AssumedRoleUser", {}).get("Arn", ""),
            parsed.get("SubjectFromWebIdentityToken", ""),
            parsed.get("Audience", ""),
            parsed.get("Provider", ""),
            http_response.headers.get("Date", ""),
        )


def is_of_aws(url: str) -> bool:
    """Whether that is an address of AWS itself."""
    parts = urlsplit(url)
    return parts.scheme == "https" and f".{parts.hostname or ''}".endswith(_OF_AWS)


def is_same_place(url: str, other: str) -> bool:
    one, two = urlsplit(url), urlsplit(other)
    return bool(other) and (one.scheme, one.netloc) == (two.scheme, two.netloc)
