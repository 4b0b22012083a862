"""The AwsAccess port: credentials and caller of each environment, fetched through boto3 once per command."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from envctl.adapters.aws.credentials.account_cache import AccountCache
from envctl.domain.command_lines import format_command
from envctl.domain.errors import EnvctlError, MisconfiguredMachineError, OperationFailedError, Problem

if TYPE_CHECKING:
    # With confirmed credentials, a plan needs none of these.
    from envctl.adapters.aws.aws_clock import AwsClock
    from envctl.adapters.aws.credentials.exchange_listener import ExchangeListener
    from envctl.adapters.aws.credentials.identity import CredentialOrigin
    from envctl.adapters.aws.credentials.store_credentials import StoreCredentials
    from envctl.domain.aws.access import AwsCredentialsSpec, CallerIdentity

READ_SECONDS, PROGRAM_SECONDS = 10, 60.0
"""For a response of AWS, and for a `credential_process`: as long as Terraform's AWS provider waits for one."""
DEFAULT_SECONDS = 3600
EXPIRING_METHODS = ("env", "assume-role-with-web-identity")
"""Methods of credentials without lasting renewal, as boto3 names them."""


@dataclass(frozen=True)
class AwsSession:
    """A boto3 session, its caller, and the token exchanges behind it."""

    session: Any
    caller: "CallerIdentity"
    listener: "ExchangeListener"


@dataclass(eq=False, repr=False)
class Sessions:
    """The sessions of a command. The empty environment stands for the caller's own credentials.

    `prepare` is called before boto3 loads credentials: in the sandbox it removes the real ones. `find_spec` returns the
    credentials wanted for an environment. `store_url` returns the S3 endpoint in AWS's variables; empty for AWS's own.
    `is_token_renewed` tells if envctl itself renews the ID token of the job.
    """

    prepare: Callable[[], object]
    find_spec: "Callable[[str], AwsCredentialsSpec]"
    cache: AccountCache | None = None
    _: KW_ONLY
    patience: float = READ_SECONDS
    program_seconds: float = PROGRAM_SECONDS
    store_url: Callable[[], str] = lambda: ""
    is_token_renewed: Callable[[], bool] = lambda: False
    _sessions: dict[str, AwsSession] = field(default_factory=dict, init=False)

    @cached_property
    def _clock(self) -> "AwsClock":
        from envctl.adapters.aws.aws_clock import AwsClock

        return AwsClock()

    def clock_skew(self) -> timedelta | None:
        return self._clock.skew

    def is_confirmed(self, environment: str) -> bool:
        return self.cache is not None and self.cache.is_confirmed(environment)

    def save_confirmed(self, environment: str) -> None:
        if self.cache is not None:
            self.cache.save_confirmed(environment)

    def fetch_caller(self, environment: str = "") -> "CallerIdentity":
        return self._find_session(environment).caller

    def export_credentials(self, environment: str) -> Mapping[str, str]:
        session = self._find_session(environment).session
        with _explain_errors(self.find_spec(environment)):
            found = session.get_credentials().get_frozen_credentials()
        keys = {"AWS_ACCESS_KEY_ID": found.access_key, "AWS_SECRET_ACCESS_KEY": found.secret_key}
        return {**keys, "AWS_SESSION_TOKEN": found.token} if found.token else keys

    def find_origin(self) -> "CredentialOrigin | None":
        """Return the origin of the caller's own credentials; None without credentials."""
        from envctl.adapters.aws.credentials.credential_origin import find_origin

        self.prepare()
        own = self.find_spec("")
        with _explain_errors(own):
            if self._own_session[0].get_credentials() is None:
                return None
        mine = self._find_session("")
        with _explain_errors(own):
            return find_origin(mine.session, mine.caller, mine.listener, self.store_url(), self._fetch_arn)

    def _fetch_arn(self, credentials: Any) -> str:  # noqa: ANN401
        """Return the ARN of the principal behind a profile's role; empty if STS refuses."""
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError

        own = self.find_spec("")
        try:
            keys = credentials.get_frozen_credentials()
            session = boto3.Session(keys.access_key, keys.secret_key, keys.token)
            return str(self._build_client(session, "sts", own).get_caller_identity()["Arn"])
        except (BotoCoreError, ClientError, OperationFailedError):
            return ""

    def load_store_credentials(self) -> "StoreCredentials | None":
        """Load the caller's own credentials for obstore; None without credentials."""
        from envctl.adapters.aws.credentials.store_credentials import StoreCredentials

        self.prepare()
        own = self.find_spec("")
        with _explain_errors(own):
            session, _ = self._own_session
            credentials = session.get_credentials()
            if credentials is None:
                return None
            # Loaded now and not within obstore, since that turns every error into a text.
            credentials.get_frozen_credentials()
            return StoreCredentials(credentials, session.region_name or "")

    def open_client(self, service: str, environment: str = "", *, region: str = "") -> Any:  # noqa: ANN401 (boto3's own)
        """Open a client with the credentials of an environment, with timeouts and bounded retries. Its calls raise
        errors of botocore if AWS refuses, and EnvctlError if this machine is misconfigured.
        """
        spec = self.find_spec(environment)
        session = self._find_session(environment).session
        with _explain_errors(spec):
            return self._build_client(session, service, spec, region)

    def _find_session(self, environment: str) -> AwsSession:
        if environment not in self._sessions:
            self._sessions[environment] = self._identify_environment(environment, self.find_spec(environment))
        return self._sessions[environment]

    @cached_property
    def _own_session(self) -> "tuple[Any, ExchangeListener]":
        """The session of the caller's own credentials, used for both caller and store."""
        return self._open_watched_session(self.find_spec(""))

    def _open_watched_session(self, spec: "AwsCredentialsSpec") -> "tuple[Any, ExchangeListener]":
        from envctl.adapters.aws.credentials.bounded_session import open_session
        from envctl.adapters.aws.credentials.exchange_listener import ExchangeListener

        session = open_session(self._find_profile(spec), self.patience, self.program_seconds)
        listener = ExchangeListener()
        self._clock.watch_session(session)
        listener.watch_session(session)
        return session, listener

    def _identify_environment(self, environment: str, spec: "AwsCredentialsSpec") -> AwsSession:
        self.prepare()
        with _explain_errors(spec):
            session, listener = self._open_watched_session(spec) if environment else self._own_session
        with _explain_errors(spec, lambda: self._describe_source(session, listener, spec)):
            # No role can assume itself.
            own = self._sessions.get("")
            if own is not None and spec.role and self._find_profile(spec) == self._find_profile(self.find_spec("")):
                require_other_role(spec, own.caller.arn)
            acting = self._assume_role(session, spec) if spec.role else session
            # Ask STS even about a role: its name does not prove the account behind an endpoint.
            identity = self._build_client(acting, "sts", spec).get_caller_identity()
            # Terraform renews the role itself, until the source credentials expire.
            ends_at = None if self.is_token_renewed() else _find_expiry(session, listener)
            from envctl.domain.aws.access import CallerIdentity

            caller = CallerIdentity(identity["Account"], identity["Arn"], ends_at)
            return AwsSession(acting, caller, listener)

    def _describe_source(self, session: Any, listener: "ExchangeListener", spec: "AwsCredentialsSpec") -> str:  # noqa: ANN401
        """Describe the token of refused credentials. Raises MisconfiguredMachineError if they are of that very role."""
        if not spec.role:
            return ""
        token = next((each.token for each in reversed(listener.exchanges.values())), "")
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            caller = self._build_client(session, "sts", spec).get_caller_identity()
        except (BotoCoreError, ClientError, EnvctlError):
            caller = {"Arn": ""}
        require_other_role(spec, str(caller["Arn"]))
        if not token:
            return ""
        from envctl.domain.ci.id_token import describe_token

        return describe_token(token)

    def _find_profile(self, spec: "AwsCredentialsSpec") -> str:
        """Return the profile if this machine has it, else an empty name: a CI job has its own credentials."""
        if not spec.profile:
            return ""
        self.prepare()
        from envctl.adapters.aws.credentials.bounded_session import list_profiles

        return spec.profile if spec.profile in list_profiles() else ""

    def _assume_role(self, session: Any, spec: "AwsCredentialsSpec") -> Any:  # noqa: ANN401
        from envctl.adapters.aws.credentials.bounded_session import open_renewed_session

        sts = self._build_client(session, "sts", spec)
        request: dict[str, Any] = {
            "RoleArn": spec.role,
            "RoleSessionName": spec.session,
            "DurationSeconds": int(spec.duration / timedelta(seconds=1)) or DEFAULT_SECONDS,
        }
        if spec.external_id:
            request["ExternalId"] = spec.external_id
        if spec.tags:
            request["Tags"] = [{"Key": key, "Value": value} for key, value in sorted(spec.tags.items())]

        def fetch_keys() -> dict[str, str]:
            keys = sts.assume_role(**request)["Credentials"]
            return {
                "access_key": keys["AccessKeyId"],
                "secret_key": keys["SecretAccessKey"],
                "token": keys["SessionToken"],
                "expiry_time": keys["Expiration"].isoformat(),
            }

        return open_renewed_session(fetch_keys, self._clock.now)

    def _build_client(self, session: Any, service: str, spec: "AwsCredentialsSpec", region: str = "") -> Any:  # noqa: ANN401
        from envctl.adapters.aws.credentials.bounded_session import build_config

        client = session.client(service, region_name=region or spec.region, config=build_config(self.patience))
        client._make_api_call = _wrap_api_call(client._make_api_call, spec)
        return client


def _find_expiry(session: Any, listener: "ExchangeListener") -> datetime | None:  # noqa: ANN401
    """Return the expiry of credentials without renewal: keys with an end, and those given for a token. Until the token
    ends, boto3 and Terraform get new ones for it.
    """
    credentials = session.get_credentials()
    if credentials.method not in EXPIRING_METHODS:
        return None
    ends = getattr(credentials, "_expiry_time", None)
    exchange = listener.exchanges.get(credentials.get_frozen_credentials().access_key)
    from envctl.domain.ci.id_token import read_claims, read_time

    token_ends = read_time(read_claims(exchange.token), "exp") if exchange else None
    return max((each for each in (ends, token_ends) if isinstance(each, datetime)), default=None)


def _wrap_api_call(call: Callable[..., Any], spec: "AwsCredentialsSpec") -> Callable[..., Any]:
    """Explain the errors of an API call: botocore reads configuration late, and raises any exception for mistakes."""

    def call_explained(*words: Any, **named: Any) -> Any:  # noqa: ANN401
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return call(*words, **named)
        except (ClientError, EnvctlError):
            raise
        except Exception as error:
            if (problem := _find_misconfiguration(error)) is not None:
                raise MisconfiguredMachineError(problem) from error
            if isinstance(error, BotoCoreError):
                raise
            raise OperationFailedError(_build_problem(spec, error)) from error

    return call_explained


@contextmanager
def _explain_errors(spec: "AwsCredentialsSpec", describe_source: Callable[[], str] = lambda: "") -> Iterator[None]:
    """Turn every error of a library while loading credentials into an EnvctlError. `describe_source` returns more about
    the credentials of a refused call.
    """
    try:
        yield
    except EnvctlError:
        raise
    except Exception as error:
        if (problem := _find_misconfiguration(error)) is not None:
            raise MisconfiguredMachineError(problem) from error
        problem = _build_problem(spec, error)
        if getattr(error, "response", None) and (source := describe_source()):
            problem = replace(problem, message=f"{problem.message}; {source}")
        raise OperationFailedError(problem) from error


def _find_misconfiguration(error: Exception) -> Problem | None:
    # Late: a command with cached access needs none of it.
    from envctl.adapters.aws.credentials.misconfiguration import find_misconfiguration

    return find_misconfiguration(error)


def require_other_role(spec: "AwsCredentialsSpec", arn: str) -> None:
    """Raise MisconfiguredMachineError with E498 if `arn` is a session of the role to assume."""
    from envctl.domain.aws.access import is_session_of_role

    if is_session_of_role(arn, spec.role):
        message = (
            f"your credentials are of {spec.role} already, and {spec.environment or 'the environment'} assumes it: AWS"
            " lets no role assume itself"
        )
        way = format_command("explain", "E498")
        hint = f"give the job a role of its own, which may assume this one ({way}), or remove assume_role"
        raise MisconfiguredMachineError(Problem("E498", message, hint))


def _build_problem(spec: "AwsCredentialsSpec", error: Exception) -> Problem:
    # Late, as above.
    from envctl.adapters.aws.credentials.credential_problems import build_problem

    return build_problem(spec, error)
