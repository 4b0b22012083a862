"""The Access port: who AWS says that one is, in each environment, asked by boto3 once in a command."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from envctl.adapters.aws.aws_clock import AwsClock
from envctl.adapters.aws.remembered import RememberedAccess
from envctl.domain.access import Caller, Passport
from envctl.domain.errors import OperationFailedError, Problem

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 5, 10, 4
USUAL_SECONDS = 3600
ENDING = ("env", "assume-role-with-web-identity")
"""How boto3 calls the ways to credentials that can't be renewed for long."""


@dataclass(frozen=True)
class Taken:
    """A session of boto3 that was asked who it is."""

    session: Any
    caller: Caller


class Sessions:
    """`prepare` is called before boto3 looks for credentials: in the sandbox it takes the real ones away. `passport`
    gives the one of an environment, and one's own for an empty name.
    """

    def __init__(
        self,
        prepare: Callable[[], object],
        passport: Callable[[str], Passport],
        remembered: RememberedAccess | None = None,
        *,
        patience: float = READ_SECONDS,
    ) -> None:
        self._prepare = prepare
        self._passport = passport
        self._remembered = remembered
        self._patience = patience
        self._taken: dict[str, Taken] = {}
        self._clock = AwsClock()

    def ahead(self) -> timedelta | None:
        return self._clock.ahead

    def known(self, environment: str) -> bool:
        self._prepare()
        return self._remembered is not None and self._remembered.known(environment)

    def remember(self, environment: str) -> None:
        if self._remembered is not None:
            self._remembered.remember(environment)

    def caller(self, environment: str = "") -> Caller:
        return self._of(environment).caller

    def keys(self, environment: str) -> Mapping[str, str]:
        found = self._of(environment).session.get_credentials().get_frozen_credentials()
        keys = {"AWS_ACCESS_KEY_ID": found.access_key, "AWS_SECRET_ACCESS_KEY": found.secret_key}
        return {**keys, "AWS_SESSION_TOKEN": found.token} if found.token else keys

    def at_hand(self) -> Caller | None:
        """Who one is; None where there are no credentials at all."""
        self._prepare()
        if self._begin(self._passport("")).get_credentials() is None:
            return None
        return self.caller()

    def client(self, service: str, environment: str = "", *, region: str = "") -> Any:  # noqa: ANN401 (boto3's own)
        """A client with the credentials of an environment, or with one's own, with time-outs and bounded retries."""
        where = region or self._passport(environment).region
        return _client(self._of(environment).session, service, where, self._patience)

    def _of(self, environment: str) -> Taken:
        if environment not in self._taken:
            self._taken[environment] = self._take(self._passport(environment))
        return self._taken[environment]

    def _take(self, passport: Passport) -> Taken:
        self._prepare()
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            session = self._begin(passport)
            self._clock.hear(session)
            if not passport.role:
                return self._identified(session, passport)
            return self._assumed(session, passport)
        except (BotoCoreError, ClientError) as error:
            raise OperationFailedError(_problem(passport, error)) from error
        except RuntimeError as error:
            # What botocore says of keys whose end is in their variables, and is over.
            raise OperationFailedError(Problem(*_wish(passport, _reason(error)), "sign in again")) from error

    def _begin(self, passport: Passport) -> Any:  # noqa: ANN401
        import boto3

        return boto3.Session(profile_name=self._profile(passport) or None)

    def _profile(self, passport: Passport) -> str:
        """The profile, where this machine has one of that name. A job in CI has none, and its own credentials."""
        if not passport.profile:
            return ""
        self._prepare()
        import boto3

        return passport.profile if passport.profile in boto3.Session().available_profiles else ""

    def _identified(self, session: Any, passport: Passport) -> Taken:  # noqa: ANN401
        said = _client(session, "sts", passport.region, self._patience).get_caller_identity()
        return Taken(session, Caller(said["Account"], said["Arn"], _end(session)))

    def _assumed(self, session: Any, passport: Passport) -> Taken:  # noqa: ANN401
        import boto3

        sts = _client(session, "sts", passport.region, self._patience)
        asked: dict[str, Any] = {
            "RoleArn": passport.role,
            "RoleSessionName": passport.session,
            "DurationSeconds": int(passport.duration / timedelta(seconds=1)) or USUAL_SECONDS,
        }
        if passport.external_id:
            asked["ExternalId"] = passport.external_id
        if passport.tags:
            asked["Tags"] = [{"Key": key, "Value": value} for key, value in sorted(passport.tags.items())]
        given = sts.assume_role(**asked)["Credentials"]
        role = boto3.Session(
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )
        # Not what the role is called but who answers: a role's name proves nothing about an endpoint.
        said = _client(role, "sts", passport.region, self._patience).get_caller_identity()
        # Terraform takes the role anew before it ends, for as long as what it is taken with holds.
        return Taken(role, Caller(said["Account"], said["Arn"], _end(session)))


def _end(session: Any) -> datetime | None:  # noqa: ANN401
    """When credentials end that nothing renews: keys that say when, and those for a token, which ends before them."""
    credentials = session.get_credentials()
    ends = getattr(credentials, "_expiry_time", None) if credentials.method in ENDING else None
    return ends if isinstance(ends, datetime) else None


def _client(session: Any, service: str, region: str, patience: float) -> Any:  # noqa: ANN401
    from botocore.config import Config

    limits = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=patience,
        # Standard: with jitter, and longer pauses each time.
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
    )
    return session.client(service, region_name=region, config=limits)


_REFUSED = {
    "AccessDenied": "let your own principal assume it: the role's trust policy and your policy have to allow it",
    "ExpiredToken": "sign in again: your own credentials have expired",
    "ExpiredTokenException": "sign in again: your own credentials have expired",
    "InvalidClientTokenId": "your own credentials are not known to AWS: sign in again",
    "SignatureDoesNotMatch": "your own credentials are wrong, or this machine's clock is: sign in again, or set it",
    "RegionDisabledException": "activate STS in that region, or use another one",
}
_ASK = "see who you are: aws sts get-caller-identity"


def _problem(passport: Passport, error: "BotoCoreError | ClientError") -> Problem:
    response = getattr(error, "response", None)
    if response:
        said = response.get("Error", {})
        name = str(said.get("Code", ""))
        message = str(said.get("Message", "")).strip() or name
        return Problem(*_wish(passport, f"{message} ({name})"), _REFUSED.get(name, _ASK))
    return Problem(*_wish(passport, _reason(error)), _way(type(error).__name__, passport))


def _wish(passport: Passport, reason: str) -> tuple[str, str]:
    """What was wanted, and why not: code and message."""
    if passport.role:
        return "E413", f"the role {passport.role} can't be assumed: {reason}"
    where = f" in {passport.environment}" if passport.environment else ""
    return "E415", f"AWS does not say who you are{where}: {reason}"


def _reason(error: Exception) -> str:
    text = str(error).strip().partition("\n")[0].rstrip(".")
    # What botocore says of an endpoint that says nothing names a URL, and no more than that is of use.
    return re.sub(r"\s+", " ", text)


def _way(name: str, passport: Passport) -> str:
    match name:
        case "NoCredentialsError" | "PartialCredentialsError" | "ProfileNotFound":
            wanted = f"the profile {passport.profile}" if passport.profile else "a profile that may"
            return f"sign in first, or set AWS_PROFILE to {wanted}"
        case "EndpointConnectionError" | "ConnectTimeoutError" | "ReadTimeoutError" | "ConnectionClosedError":
            return "AWS could not be reached: check the network and the proxy, and try again"
        case _ if "SSO" in name or "Token" in name or "Login" in name:
            return "sign in again: aws sso login"
        case _:
            return _ASK
