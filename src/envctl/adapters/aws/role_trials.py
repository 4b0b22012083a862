"""The CiRoles port on AWS: requests that show a permission and can never change anything.

- A role is taken with a session policy that allows nothing, or nothing but to take itself.
- An object is written under two conditions that can't hold: an ETag that no object can have, and a wrong digest.
  https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
- EC2 answers a dry run with whether the call would be allowed. It would delete a key pair that does not exist.
  https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteKeyPair.html
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from envctl.adapters.aws.call_failures import extract_code
from envctl.adapters.disk.files import read_text
from envctl.domain.aws.access import AwsCredentialsSpec
from envctl.domain.ci.id_token import UnverifiedTokenError, decode_token
from envctl.domain.ci.inspection.job_token import TokenClaims
from envctl.domain.ci.inspection.roles import Attempt, RoleTrial
from envctl.domain.ci.job_role import TOKEN_FILE_VARIABLE
from envctl.domain.errors import EnvctlError, InterruptedByUserError
from envctl.usecases.ports.ci import RoleRequest

SECONDS = 900
"""The shortest session that AWS gives."""
SESSION_NAME = "envctl-doctor"
IMPOSSIBLE_ETAG = '"envctl-doctor-matches-no-object"'
WRONG_DIGEST = "AAAAAAAAAAAAAAAAAAAAAA=="
"""A Content-MD5 of sixteen zero bytes: no known text has it, and the sent one has another."""
BODY = b"envctl doctor: this object must never exist"
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"})
_UNMET = frozenset({"PreconditionFailed", "NoSuchKey", "412", "BadDigest"})
_CONNECT_SECONDS, _READ_SECONDS, _ATTEMPTS = 5, 10, 2
MISSING_KEY_PAIR = "envctl-doctor-has-no-key-pair"
WRITE_STATE, CHANGE_EC2, TAKE_DEPLOYER = "write states", "delete key pairs of EC2", "take the deployer's role"


@dataclass(eq=False, repr=False)
class AwsRoleTrials:
    """`open_client` opens clients with the credentials of the job; `find_spec` returns the parameters for the role of
    an environment; `environ` are the variables of the job. `request_token` returns a new ID token of the job, or an
    empty text if its forge gives none on request.
    """

    open_client: Callable[[str], Any]
    find_spec: Callable[[str], AwsCredentialsSpec]
    environ: Callable[[], Mapping[str, str]]
    request_token: Callable[[], str] = str

    def read_token(self) -> TokenClaims:
        try:
            return TokenClaims(decode_token(self._load_token())[1])
        except InterruptedByUserError:
            raise
        except EnvctlError as error:
            return TokenClaims(problem=error.problems[0].message)
        except UnverifiedTokenError as error:
            return TokenClaims(problem=f"the token of the job {error}")
        except _NoTokenError as error:
            return TokenClaims(problem=str(error))

    def try_role(self, request: RoleRequest) -> RoleTrial:
        spec = self.find_spec(request.target.environment)
        looks = request.target.use == "look"
        policy = None if looks else _build_policy(request.target.arn if request.tries_itself else "")
        try:
            sts = self.open_client("sts")
        except InterruptedByUserError:
            raise
        except EnvctlError as error:
            return RoleTrial(Attempt("unknown", error.problems[0].message))
        taken, keys = _take_role(sts, request.target.arn, spec, policy)
        if keys is None:
            return RoleTrial(taken)
        itself = None
        if request.tries_itself or looks:
            itself, _ = _take_role(_open_client(keys, "sts", spec.region), request.target.arn, spec, _build_policy())
        return RoleTrial(taken, itself, dict(_try_writes(request, spec, keys)) if looks else {})

    def try_token(self, role: str) -> Attempt:
        try:
            token = self._load_token()
            sts = self.open_client("sts")
        except _NoTokenError as error:
            return Attempt("unknown", str(error))
        except InterruptedByUserError:
            raise
        except EnvctlError as error:
            return Attempt("unknown", error.problems[0].message)
        take = partial(
            sts.assume_role_with_web_identity,
            RoleArn=role,
            RoleSessionName=SESSION_NAME,
            WebIdentityToken=token,
            DurationSeconds=SECONDS,
            Policy=_build_policy(),
        )
        return _call(take)[0]

    def _load_token(self) -> str:
        """Return the token of the job. Raises _NoTokenError, and EnvctlError if its forge refuses one."""
        file = self.environ().get(TOKEN_FILE_VARIABLE, "")
        try:
            token = read_text(file) if file else self.request_token()
        except (OSError, ValueError):
            raise _NoTokenError(f"the file in {TOKEN_FILE_VARIABLE} can't be read") from None
        if not token:
            why = f"the file in {TOKEN_FILE_VARIABLE} is empty" if file else f"{TOKEN_FILE_VARIABLE} is not set"
            raise _NoTokenError(f"the job has no token for AWS: {why}")
        return token.strip()


class _NoTokenError(Exception):
    """Says why the job has no token."""


def _take_role(
    sts: Any,  # noqa: ANN401 (boto3's own)
    role: str,
    spec: AwsCredentialsSpec,
    policy: str | None,
) -> tuple[Attempt, Mapping[str, str] | None]:
    """Return the answer, and the credentials of the role."""
    wanted: dict[str, Any] = {"RoleArn": role, "RoleSessionName": SESSION_NAME, "DurationSeconds": SECONDS}
    if spec.external_id:
        wanted["ExternalId"] = spec.external_id
    if spec.tags:
        wanted["Tags"] = [{"Key": key, "Value": value} for key, value in sorted(spec.tags.items())]
    if policy:
        wanted["Policy"] = policy
    attempt, response = _call(lambda: sts.assume_role(**wanted))
    return attempt, response["Credentials"] if response else None


def _try_writes(
    request: RoleRequest, spec: AwsCredentialsSpec, keys: Mapping[str, str]
) -> Iterator[tuple[str, Attempt]]:
    if request.bucket:
        s3 = _open_client(keys, "s3", spec.region)
        put = lambda: s3.put_object(  # noqa: E731
            Bucket=request.bucket, Key=request.key, Body=BODY, IfMatch=IMPOSSIBLE_ETAG, ContentMD5=WRONG_DIGEST
        )
        yield WRITE_STATE, _call(put, allowed=_UNMET)[0]
    ec2 = _open_client(keys, "ec2", spec.region)
    delete = lambda: ec2.delete_key_pair(KeyName=MISSING_KEY_PAIR, DryRun=True)  # noqa: E731
    yield CHANGE_EC2, _call(delete, allowed=frozenset({"DryRunOperation"}))[0]
    if request.deployer:
        sts = _open_client(keys, "sts", spec.region)
        yield TAKE_DEPLOYER, _take_role(sts, request.deployer, spec, _build_policy())[0]


def _call(call: Callable[[], Any], allowed: frozenset[str] = frozenset()) -> tuple[Attempt, Any]:
    """Return the answer and the response of a call. Errors with a code in `allowed` mean *yes*."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        response = call()
    except ClientError as error:
        code = extract_code(error)
        if code in allowed:
            return Attempt("yes"), None
        message = str(error.response.get("Error", {}).get("Message", "")).partition("\n")[0].strip()
        return Attempt("no" if code in _DENIED else "unknown", f"{message or 'refused'} ({code})"), None
    except BotoCoreError as error:
        return Attempt("unknown", f"AWS could not be reached ({type(error).__name__})"), None
    except EnvctlError as error:
        return Attempt("unknown", error.problems[0].message), None
    return Attempt("yes"), response


def _build_policy(role: str = "") -> str:
    """Return a session policy that allows nothing, or nothing but to take this role."""
    if not role:
        statement: dict[str, str] = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    else:
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _open_client(keys: Mapping[str, str], service: str, region: str) -> Any:  # noqa: ANN401
    import boto3
    from botocore.config import Config

    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    retries = {"total_max_attempts": _ATTEMPTS, "mode": "standard"}
    config = Config(connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS, retries=retries)
    return session.client(service, region_name=region, config=config)
