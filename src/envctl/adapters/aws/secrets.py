"""The Secrets port on Secrets Manager and the Parameter Store. Only `read_values` reads values of secrets."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from envctl.adapters.aws.call_failures import CallFailure, explain_failure, extract_code
from envctl.adapters.http.waits import map_in_threads
from envctl.domain.aws.secret_status import (
    ENCRYPTED_TYPE,
    MAX_STANDARD_SIZE,
    SERVICE_NAMES,
    NeededSecret,
    SecretValue,
    Sighting,
)
from envctl.domain.errors import OperationFailedError, Problem
from envctl.usecases.ports.aws import SecretReading, SecretReference

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

MAX_THREADS = 8
# At most this many names are allowed in a request to the Parameter Store.
PAGE_SIZE, MAX_PAGES = 50, 20
CURRENT_STAGE = "AWSCURRENT"


@dataclass(frozen=True, eq=False, repr=False)
class AwsSecrets:
    """`client` opens a boto3 client for a service, an environment and a region; empty means the environment's own."""

    client: Callable[..., Any]

    def check_secrets(self, environment: str, wanted: Sequence[NeededSecret]) -> tuple[Sighting, ...]:
        seen: dict[NeededSecret, Sighting] = {}
        for region in dict.fromkeys(each.region for each in wanted):
            here = [each for each in wanted if each.region == region]
            if secrets := [each for each in here if each.kind == "secretsmanager"]:
                seen |= _check_secrets(self.client("secretsmanager", environment, region=region), secrets)
            if parameters := [each for each in here if each.kind == "ssm"]:
                seen |= _check_parameters(self.client("ssm", environment, region=region), parameters)
        return tuple(seen[each] for each in wanted)

    def read_values(self, environment: str, wanted: Sequence[SecretReference]) -> tuple[SecretReading, ...]:
        """Read each secret with a call of its own, some in parallel; stop calling once AWS is unreachable."""
        # Opened first: a client takes credentials, and its errors are those of the environment.
        clients = {
            (each.kind, each.region): self.client(each.kind, environment, region=each.region)
            for each in dict.fromkeys(wanted)
        }
        unreached: list[CallFailure] = []

        def read_value(each: SecretReference) -> SecretReading:
            if unreached:
                return SecretReading(problem=unreached[0].reason, hint=unreached[0].hint)
            read = _read_secret if each.kind == "secretsmanager" else _read_parameter
            return read(clients[each.kind, each.region], each, unreached)

        return tuple(map_in_threads(read_value, wanted, MAX_THREADS))

    def put_secret(
        self, environment: str, seen: Sighting, value: SecretValue, *, tags: Mapping[str, str], kms_key: str = ""
    ) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        secret = seen.secret
        client = self.client(secret.kind, environment, region=secret.region)
        write = _build_secret_write if secret.kind == "secretsmanager" else _build_parameter_write
        tag_list = [{"Key": key, "Value": text} for key, text in sorted(tags.items())]
        call, arguments, permission = write(client, seen, value, tag_list, kms_key)
        try:
            call(**arguments)
        except (BotoCoreError, ClientError) as error:
            failure = explain_failure(error, permission, value.text or "")
            message = f"{SERVICE_NAMES[secret.kind]} of {environment} did not accept {secret.name}: {failure.reason}"
            # Without its cause, since that may quote the value.
            raise OperationFailedError(Problem("E448", message, failure.hint)) from None


def _read_secret(client: Any, wanted: SecretReference, unreached: list[CallFailure]) -> SecretReading:  # noqa: ANN401
    from botocore.exceptions import BotoCoreError, ClientError

    stage = {"VersionStage": wanted.stage} if wanted.stage else {}
    try:
        answer = client.get_secret_value(SecretId=wanted.id, **stage)
    except (BotoCoreError, ClientError) as error:
        if extract_code(error) == "InvalidRequestException":
            # Of a read, AWS says so of nothing else.
            hint = f"aws secretsmanager restore-secret --secret-id {wanted.id}"
            return SecretReading(problem="it is scheduled for deletion", hint=hint)
        return _explain_unread(error, "secretsmanager:GetSecretValue", unreached)
    if answer.get("SecretString") is None:
        return SecretReading(problem="it is binary", hint="store it as text, for example as base64")
    return SecretReading(answer["SecretString"])


def _read_parameter(client: Any, wanted: SecretReference, unreached: list[CallFailure]) -> SecretReading:  # noqa: ANN401
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        found = client.get_parameter(Name=wanted.id, WithDecryption=True)["Parameter"]
    except (BotoCoreError, ClientError) as error:
        return _explain_unread(error, "ssm:GetParameter", unreached)
    if found["Type"] != ENCRYPTED_TYPE:
        hint = f"delete it, and set it again: envctl makes a {ENCRYPTED_TYPE}"
        return SecretReading(problem=f"it is an unencrypted {found['Type']}, not a {ENCRYPTED_TYPE}", hint=hint)
    return SecretReading(found["Value"])


def _explain_unread(
    error: "BotoCoreError | ClientError", permission: str, unreached: list[CallFailure]
) -> SecretReading:
    code = extract_code(error)
    if code in ("ParameterNotFound", "ParameterVersionNotFound", "ResourceNotFoundException"):
        return SecretReading(problem="does not exist, or has no such version", is_absent=True)
    failure = explain_failure(error, permission)
    unreached.extend([failure] if failure.is_unreachable else [])
    return SecretReading(problem=failure.reason, hint=failure.hint)


def _check_secrets(client: Any, wanted: Sequence[NeededSecret]) -> dict[NeededSecret, Sighting]:  # noqa: ANN401 (boto3's own)
    """Check each secret with a call of its own, some in parallel; stop calling once AWS is unreachable."""
    from botocore.exceptions import BotoCoreError, ClientError

    unreached: list[CallFailure] = []

    def check_secret(secret: NeededSecret) -> Sighting:
        if unreached:
            return _to_unknown(secret, unreached[0])
        try:
            answer = client.describe_secret(SecretId=secret.id)
            changed = answer.get("LastChangedDate") or answer.get("CreatedDate")
            if answer.get("DeletedDate"):
                return Sighting(secret, "deleting", changed)
            stages = (answer.get("VersionIdsToStages") or {}).values()
            return Sighting(secret, "there" if any(CURRENT_STAGE in each for each in stages) else "empty", changed)
        except (BotoCoreError, ClientError) as error:
            if extract_code(error) == "ResourceNotFoundException":
                return Sighting(secret, "absent")
            failure = explain_failure(error, "secretsmanager:DescribeSecret")
            unreached.extend([failure] if failure.is_unreachable else [])
            return _to_unknown(secret, failure)

    return dict(zip(wanted, map_in_threads(check_secret, wanted, MAX_THREADS), strict=True))


def _check_parameters(client: Any, wanted: Sequence[NeededSecret]) -> dict[NeededSecret, Sighting]:  # noqa: ANN401
    from botocore.exceptions import BotoCoreError, ClientError

    seen: dict[NeededSecret, Sighting] = {}
    failed: CallFailure | None = None
    for start in range(0, len(wanted), PAGE_SIZE):
        batch = wanted[start : start + PAGE_SIZE]
        try:
            fetched = () if failed else _fetch_parameters(client, [each.name for each in batch])
            found = {each["Name"]: each for each in fetched}
        except (BotoCoreError, ClientError) as error:
            failed = explain_failure(error, "ssm:DescribeParameters")
        for secret in batch:
            seen[secret] = _to_unknown(secret, failed) if failed else _from_parameter(secret, found.get(secret.name))
    return seen


def _fetch_parameters(client: Any, names: Sequence[str]) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401
    request: dict[str, Any] = {
        "ParameterFilters": [{"Key": "Name", "Option": "Equals", "Values": list(dict.fromkeys(names))}],
        "MaxResults": PAGE_SIZE,
    }
    for _ in range(MAX_PAGES):
        answer = client.describe_parameters(**request)
        yield from answer.get("Parameters", ())
        if not answer.get("NextToken"):
            return
        request["NextToken"] = answer["NextToken"]


def _from_parameter(secret: NeededSecret, parameter: Mapping[str, Any] | None) -> Sighting:
    if parameter is None:
        return Sighting(secret, "absent")
    type_ = str(parameter.get("Type", ""))
    remark = "" if type_ == ENCRYPTED_TYPE else f"it is an unencrypted {type_}, not a {ENCRYPTED_TYPE}"
    return Sighting(secret, "there", parameter.get("LastModifiedDate"), remark, type=type_)


def _to_unknown(secret: NeededSecret, failure: CallFailure) -> Sighting:
    return Sighting(secret, "unknown", remark=failure.reason, hint=failure.hint)


_WriteCall = tuple[Callable[..., object], dict[str, Any], str]


def _build_secret_write(
    client: Any,  # noqa: ANN401
    seen: Sighting,
    value: SecretValue,
    tags: list[dict[str, str]],
    kms_key: str,
) -> _WriteCall:
    content: dict[str, Any] = {"SecretBinary": value.data} if value.text is None else {"SecretString": value.text}
    key = {"KmsKeyId": kms_key} if kms_key else {}
    if seen.state == "absent":
        request = {"Name": seen.secret.name, **content, **key, "Tags": tags}
        return client.create_secret, request, "secretsmanager:CreateSecret"
    if key:
        return client.update_secret, {"SecretId": seen.secret.id, **content, **key}, "secretsmanager:UpdateSecret"
    return client.put_secret_value, {"SecretId": seen.secret.id, **content}, "secretsmanager:PutSecretValue"


def _build_parameter_write(
    client: Any,  # noqa: ANN401
    seen: Sighting,
    value: SecretValue,
    tags: list[dict[str, str]],
    kms_key: str,
) -> _WriteCall:
    request: dict[str, Any] = {"Name": seen.secret.name, "Value": value.text or "", "Type": ENCRYPTED_TYPE}
    if kms_key:
        request["KeyId"] = kms_key
    if len(value.data) > MAX_STANDARD_SIZE:
        request["Tier"] = "Advanced"
    # Tags are allowed at creation only. Without Overwrite, a parameter created in the meantime stays.
    request |= {"Tags": tags} if seen.state == "absent" else {"Overwrite": True}
    return client.put_parameter, request, "ssm:PutParameter"
