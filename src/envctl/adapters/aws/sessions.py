"""The Access port: who AWS says that one is, in each environment, asked by boto3 once in a command."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from envctl.adapters.aws.account_cache import RememberedAccess
from envctl.adapters.aws.aws_clock import AwsClock
from envctl.adapters.aws.exchange_listener import DESCRIBED, Exchanges
from envctl.domain.aws.access import Caller, Passport
from envctl.domain.errors import EnvctlError, MisconfiguredMachineError, OperationFailedError, Problem

if TYPE_CHECKING:
    from obstore.auth.boto3 import Boto3CredentialProvider

    from envctl.adapters.aws.identity import Standing

READ_SECONDS, PROGRAM_SECONDS = 10, 60.0
"""For each answer of AWS, and for a `credential_process`: as long as Terraform's AWS provider waits for one."""
USUAL_SECONDS = 3600
ENDING = ("env", "assume-role-with-web-identity")
"""How boto3 calls the ways to credentials that can't be renewed for long."""


@dataclass(frozen=True)
class Taken:
    """A session of boto3 that was asked who it is, and what STS was heard to say to it."""

    session: Any
    caller: Caller
    heard: Exchanges


class Sessions:
    """`prepare` is called before boto3 looks for credentials: in the sandbox it takes the real ones away. `passport`
    gives the one of an environment, and one's own for an empty name. `store_url` gives the URL that AWS's variables
    name for S3; empty where that is AWS's own.
    """

    def __init__(
        self,
        prepare: Callable[[], object],
        passport: Callable[[str], Passport],
        remembered: RememberedAccess | None = None,
        *,
        patience: float = READ_SECONDS,
        program_seconds: float = PROGRAM_SECONDS,
        store_url: Callable[[], str] = lambda: "",
    ) -> None:
        self._store_url = store_url
        self._program_seconds = program_seconds
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
        session = self._of(environment).session
        with _explained(self._passport(environment)):
            found = session.get_credentials().get_frozen_credentials()
        keys = {"AWS_ACCESS_KEY_ID": found.access_key, "AWS_SECRET_ACCESS_KEY": found.secret_key}
        return {**keys, "AWS_SESSION_TOKEN": found.token} if found.token else keys

    def at_hand(self) -> "Standing | None":
        """What is known of one's own credentials; None where there are none at all."""
        from envctl.adapters.aws.credential_origin import find_standing

        self._prepare()
        own = self._passport("")
        with _explained(own):
            if self._own[0].get_credentials() is None:
                return None
        taken = self._of("")
        with _explained(own):
            return find_standing(taken.session, taken.caller, taken.heard, self._store_url(), self._ask_source)

    def _ask_source(self, credentials: Any) -> str:  # noqa: ANN401
        """The ARN of who took a role of a profile. Empty where STS does not say: then the role alone is known."""
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError

        own = self._passport("")
        try:
            keys = credentials.get_frozen_credentials()
            session = boto3.Session(keys.access_key, keys.secret_key, keys.token)
            return str(self._client(session, "sts", own).get_caller_identity()["Arn"])
        except (BotoCoreError, ClientError, OperationFailedError):
            return ""

    def store_credentials(self) -> "Boto3CredentialProvider | None":
        """One's own, as obstore takes them; None where there are none. They are there once this returns."""
        from obstore.auth.boto3 import Boto3CredentialProvider

        self._prepare()
        own = self._passport("")
        with _explained(own):
            session, _ = self._own
            credentials = session.get_credentials()
            if credentials is None:
                return None
            # Now, and not within obstore, which would make a text of whatever goes wrong.
            credentials.get_frozen_credentials()
            return Boto3CredentialProvider(session)

    def client(self, service: str, environment: str = "", *, region: str = "") -> Any:  # noqa: ANN401 (boto3's own)
        """A client with the credentials of an environment, or with one's own, with time-outs and bounded retries. Its
        calls raise what botocore raises where AWS says no, and EnvctlError where this machine is wrongly configured.
        """
        passport = self._passport(environment)
        session = self._of(environment).session
        with _explained(passport):
            return self._client(session, service, passport, region)

    def _of(self, environment: str) -> Taken:
        if environment not in self._taken:
            self._taken[environment] = self._take(environment, self._passport(environment))
        return self._taken[environment]

    @cached_property
    def _own(self) -> tuple[Any, Exchanges]:
        """One session for one's own credentials: who is asked for their name is who reaches the store."""
        return self._open(self._passport(""))

    def _open(self, passport: Passport) -> tuple[Any, Exchanges]:
        session, heard = self._begin(passport), Exchanges()
        self._clock.hear(session)
        heard.hear(session)
        return session, heard

    def _take(self, environment: str, passport: Passport) -> Taken:
        self._prepare()
        with _explained(passport):
            session, heard = self._open(passport) if environment else self._own
            if not passport.role:
                return self._identified(session, passport, heard)
            return self._assumed(session, passport, heard)

    def _begin(self, passport: Passport) -> Any:  # noqa: ANN401
        from envctl.adapters.aws.bounded_session import open_session

        return open_session(self._profile(passport), self._patience, self._program_seconds)

    def _profile(self, passport: Passport) -> str:
        """The profile, where this machine has one of that name. A job in CI has none, and its own credentials."""
        if not passport.profile:
            return ""
        self._prepare()
        from envctl.adapters.aws.bounded_session import known_profiles

        return passport.profile if passport.profile in known_profiles() else ""

    def _identified(self, session: Any, passport: Passport, heard: Exchanges) -> Taken:  # noqa: ANN401
        said = self._client(session, "sts", passport).get_caller_identity()
        return Taken(session, Caller(said["Account"], said["Arn"], _end(session)), heard)

    def _assumed(self, session: Any, passport: Passport, heard: Exchanges) -> Taken:  # noqa: ANN401
        import boto3

        sts = self._client(session, "sts", passport)
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
        said = self._client(role, "sts", passport).get_caller_identity()
        # Terraform takes the role anew before it ends, for as long as what it is taken with holds.
        return Taken(role, Caller(said["Account"], said["Arn"], _end(session)), heard)

    def _client(self, session: Any, service: str, passport: Passport, region: str = "") -> Any:  # noqa: ANN401
        from envctl.adapters.aws.bounded_session import limits

        client = session.client(service, region_name=region or passport.region, config=limits(self._patience))
        client._make_api_call = _checked(client._make_api_call, passport)
        return client


def _end(session: Any) -> datetime | None:  # noqa: ANN401
    """When credentials end that nothing renews: keys that say when, and those for a token, which ends before them."""
    credentials = session.get_credentials()
    ends = getattr(credentials, "_expiry_time", None) if credentials.method in ENDING else None
    return ends if isinstance(ends, datetime) else None


def _checked(call: Callable[..., Any], passport: Passport) -> Callable[..., Any]:
    """botocore reads much of its configuration late, and raises whatever comes: only of its own exceptions do those who
    call it know.
    """

    def checked(*words: Any, **named: Any) -> Any:  # noqa: ANN401
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return call(*words, **named)
        except (ClientError, EnvctlError):
            raise
        except Exception as error:
            if (problem := _misconfiguration(error)) is not None:
                raise MisconfiguredMachineError(problem) from error
            if isinstance(error, BotoCoreError):
                raise
            raise OperationFailedError(_problem(passport, error)) from error

    return checked


@contextmanager
def _explained(passport: Passport) -> Iterator[None]:
    """Whatever a library says while credentials are taken is said in words: nothing but libraries runs in it."""
    try:
        yield
    except EnvctlError:
        raise
    except Exception as error:
        if (problem := _misconfiguration(error)) is not None:
            raise MisconfiguredMachineError(problem) from error
        raise OperationFailedError(_problem(passport, error)) from error


def _misconfiguration(error: Exception) -> Problem | None:
    # Late: a command that remembers its access asks nothing.
    from envctl.adapters.aws.misconfiguration import find_misconfiguration

    return find_misconfiguration(error)


_REFUSED = {
    "AccessDenied": "let your own principal assume it: the role's trust policy and your policy have to allow it",
    "ExpiredToken": "sign in again: your own credentials have expired",
    "ExpiredTokenException": "sign in again: your own credentials have expired",
    "InvalidClientTokenId": "your own credentials are not known to AWS: sign in again",
    "SignatureDoesNotMatch": "your own credentials are wrong, or this machine's clock is: sign in again, or set it",
    "RegionDisabledException": "activate STS in that region, or use another one",
}
_ASK = "see who you are: aws sts get-caller-identity"


def _problem(passport: Passport, error: Exception) -> Problem:
    response = getattr(error, "response", None)
    if response:
        said = response.get("Error", {})
        name = str(said.get("Code", ""))
        message = str(said.get("Message", "")).strip() or name
        if token := response.get(DESCRIBED):
            hint = "correct the trust policy of the role, or what asks for the token: docs/access.md"
            return Problem(*_wish(passport, f"{message} ({name}); {token}"), hint)
        return Problem(*_wish(passport, f"{message} ({name})"), _REFUSED.get(name, _ASK))
    from envctl.adapters.aws.misconfiguration import reason

    return Problem(*_wish(passport, reason(error)), _way(error, passport))


def _wish(passport: Passport, reason: str) -> tuple[str, str]:
    """What was wanted, and why not: code and message."""
    if passport.role:
        return "E413", f"the role {passport.role} can't be assumed: {reason}"
    where = f" in {passport.environment}" if passport.environment else ""
    return "E415", f"AWS does not say who you are{where}: {reason}"


def _way(error: Exception, passport: Passport) -> str:
    from envctl.adapters.aws.error_meanings import Verdict
    from envctl.adapters.aws.misconfiguration import verdict_on

    name = type(error).__name__
    profile = f" --profile {passport.profile}" if passport.profile else ""
    match verdict_on(error):
        case Verdict.SIGN_IN if name == "NoCredentialsError":
            wanted = f"the profile {passport.profile}" if passport.profile else "a profile that may"
            return f"sign in first, or set AWS_PROFILE to {wanted}"
        case Verdict.SIGN_IN if "SSO" in name or "Token" in name:
            return f"sign in again: aws sso login{profile}"
        case Verdict.SIGN_IN if "Login" in name:
            return f"sign in again: aws login{profile}"
        case Verdict.SIGN_IN:
            return "sign in again; aws configure list shows where credentials are looked for"
        case Verdict.NETWORK:
            return "AWS could not be reached: check the network and the proxy, and try again"
        case None:
            # What botocore says of keys whose end is in their variables, and is over.
            return "sign in again"
        case _:
            return _ASK
