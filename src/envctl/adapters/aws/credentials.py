"""The Credentials port: AWS STS, asked by boto3."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from envctl.domain.errors import OperationFailedError, Problem

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

SESSION = "envctl"
SECONDS = 3600
CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 5, 10, 2
USUAL_REGION = "us-east-1"
_REFUSED = {
    "AccessDenied": "let your own principal assume it: the role's trust policy and your policy have to allow it",
    "ExpiredToken": "sign in again: your own credentials have expired",
    "ExpiredTokenException": "sign in again: your own credentials have expired",
    "InvalidClientTokenId": "your own credentials are not known to AWS: sign in again",
    "SignatureDoesNotMatch": "your own credentials are wrong: sign in again",
    "RegionDisabledException": "activate STS in that region, or use another one",
}


class AssumedRole:
    """`prepare` is called before boto3 looks for credentials: in the sandbox it takes the real ones away."""

    def __init__(self, prepare: Callable[[], object], *, patience: float = READ_SECONDS) -> None:
        self._prepare = prepare
        self._patience = patience

    def of_role(self, role: str, region: str) -> Mapping[str, str]:
        self._prepare()
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            keys = _client(region, self._patience).assume_role(
                RoleArn=role, RoleSessionName=SESSION, DurationSeconds=SECONDS
            )
        except (BotoCoreError, ClientError) as error:
            raise OperationFailedError(_problem(role, error)) from error
        given = keys["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }


def _client(region: str, patience: float) -> Any:  # noqa: ANN401 (boto3 makes its classes when it runs)
    import boto3
    from botocore.config import Config

    limits = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=patience,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
    )
    # The environment's own endpoint: the global one knows other partitions not at all.
    return boto3.Session().client("sts", region_name=region or USUAL_REGION, config=limits)


def _problem(role: str, error: "BotoCoreError | ClientError") -> Problem:
    response = getattr(error, "response", None)
    if response:
        said = response.get("Error", {})
        code = str(said.get("Code", ""))
        message = str(said.get("Message", "")).strip() or code
        return Problem("E413", f"the role {role} can't be assumed: {message} ({code})", _REFUSED.get(code, _ASK))
    return Problem("E413", f"the role {role} can't be assumed: {_reason(error)}", _way(type(error).__name__))


_ASK = "see who you are: aws sts get-caller-identity"


def _reason(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")


def _way(name: str) -> str:
    match name:
        case "NoCredentialsError" | "PartialCredentialsError" | "ProfileNotFound":
            return "sign in first, or set AWS_PROFILE to a profile that may assume it"
        case "EndpointConnectionError" | "ConnectTimeoutError" | "ReadTimeoutError" | "ConnectionClosedError":
            return "AWS could not be reached: check the network and the proxy, and try again"
        case _ if "SSO" in name or "Token" in name or "Login" in name:
            return "sign in again: aws sso login"
        case _:
            return _ASK
