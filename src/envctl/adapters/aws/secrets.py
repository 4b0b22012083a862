"""The Secrets port: Secrets Manager and the Parameter Store by boto3. Nothing here reads what a secret holds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from envctl.adapters.aws.secret_failures import Cause, cause, not_found
from envctl.domain.aws.secret_status import ENCRYPTED, LONGEST_STANDARD, SERVICES, NeededSecret, SecretValue, Sighting
from envctl.domain.errors import OperationFailedError, Problem

AT_ONCE = 8
# As many as one question to the Parameter Store may name.
PAGE, PAGES = 50, 20
CURRENT = "AWSCURRENT"


class AwsSecrets:
    """`client` gives a client of boto3: for a service, an environment, and a region where it is not that one's own."""

    def __init__(self, client: Callable[..., Any]) -> None:
        self._client = client

    def look(self, environment: str, wanted: Sequence[NeededSecret]) -> tuple[Sighting, ...]:
        seen: dict[NeededSecret, Sighting] = {}
        for region in dict.fromkeys(each.region for each in wanted):
            here = [each for each in wanted if each.region == region]
            secrets = [each for each in here if each.kind == "secretsmanager"]
            if secrets:
                seen |= _describe(self._client("secretsmanager", environment, region=region), secrets)
            parameters = [each for each in here if each.kind == "ssm"]
            if parameters:
                seen |= _list(self._client("ssm", environment, region=region), parameters)
        return tuple(seen[each] for each in wanted)

    def put(
        self, environment: str, seen: Sighting, value: SecretValue, *, tags: Mapping[str, str], kms_key: str = ""
    ) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        secret = seen.secret
        client = self._client(secret.kind, environment, region=secret.region)
        write = _write_secret if secret.kind == "secretsmanager" else _write_parameter
        call, arguments, permission = write(client, seen, value, tags, kms_key)
        try:
            call(**arguments)
        except (BotoCoreError, ClientError) as error:
            found = cause(error, permission, value.text or "")
            message = f"{SERVICES[secret.kind]} of {environment} did not take {secret.name}: {found.reason}"
            # Without what it came from: that may quote what was sent.
            raise OperationFailedError(Problem("E448", message, found.hint)) from None


def _describe(client: Any, wanted: Sequence[NeededSecret]) -> dict[NeededSecret, Sighting]:  # noqa: ANN401 (boto3's own)
    """One question a secret, some at once. Once nothing answers, what was not asked yet is not asked any more."""
    from concurrent.futures import ThreadPoolExecutor

    from botocore.exceptions import BotoCoreError, ClientError

    given_up: list[Cause] = []

    def ask(secret: NeededSecret) -> Sighting:
        if given_up:
            return _unknown(secret, given_up[0])
        try:
            return _told(secret, client.describe_secret(SecretId=secret.id))
        except (BotoCoreError, ClientError) as error:
            if not_found(error):
                return Sighting(secret, "absent")
            found = cause(error, "secretsmanager:DescribeSecret")
            given_up.extend([found] if found.unreached else [])
            return _unknown(secret, found)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(wanted, pool.map(ask, wanted), strict=True))


def _told(secret: NeededSecret, answer: Mapping[str, Any]) -> Sighting:
    changed = answer.get("LastChangedDate") or answer.get("CreatedDate")
    if answer.get("DeletedDate"):
        return Sighting(secret, "deleting", changed)
    stages = (answer.get("VersionIdsToStages") or {}).values()
    return Sighting(secret, "there" if any(CURRENT in each for each in stages) else "empty", changed)


def _list(client: Any, wanted: Sequence[NeededSecret]) -> dict[NeededSecret, Sighting]:  # noqa: ANN401
    from botocore.exceptions import BotoCoreError, ClientError

    seen: dict[NeededSecret, Sighting] = {}
    failed: Cause | None = None
    for start in range(0, len(wanted), PAGE):
        batch = wanted[start : start + PAGE]
        try:
            found = {} if failed else {each["Name"]: each for each in _pages(client, [each.name for each in batch])}
        except (BotoCoreError, ClientError) as error:
            failed = cause(error, "ssm:DescribeParameters")
        for secret in batch:
            seen[secret] = _unknown(secret, failed) if failed else _kept(secret, found.get(secret.name))
    return seen


def _pages(client: Any, names: Sequence[str]) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401
    asked: dict[str, Any] = {
        "ParameterFilters": [{"Key": "Name", "Option": "Equals", "Values": list(dict.fromkeys(names))}],
        "MaxResults": PAGE,
    }
    for _ in range(PAGES):
        answer = client.describe_parameters(**asked)
        yield from answer.get("Parameters", ())
        if not answer.get("NextToken"):
            return
        asked["NextToken"] = answer["NextToken"]


def _kept(secret: NeededSecret, parameter: Mapping[str, Any] | None) -> Sighting:
    if parameter is None:
        return Sighting(secret, "absent")
    type_ = str(parameter.get("Type", ""))
    remark = "" if type_ == ENCRYPTED else f"it is a {type_}, which is not encrypted, and no {ENCRYPTED}"
    return Sighting(secret, "there", parameter.get("LastModifiedDate"), remark, type=type_)


def _unknown(secret: NeededSecret, found: Cause) -> Sighting:
    return Sighting(secret, "unknown", remark=found.reason, hint=found.hint)


_Call = tuple[Callable[..., object], dict[str, Any], str]


def _write_secret(
    client: Any,  # noqa: ANN401
    seen: Sighting,
    value: SecretValue,
    tags: Mapping[str, str],
    kms_key: str,
) -> _Call:
    held: dict[str, Any] = {"SecretBinary": value.data} if value.text is None else {"SecretString": value.text}
    key = {"KmsKeyId": kms_key} if kms_key else {}
    if seen.state == "absent":
        asked = {"Name": seen.secret.name, **held, **key, "Tags": _tags(tags)}
        return client.create_secret, asked, "secretsmanager:CreateSecret"
    if key:
        return client.update_secret, {"SecretId": seen.secret.id, **held, **key}, "secretsmanager:UpdateSecret"
    return client.put_secret_value, {"SecretId": seen.secret.id, **held}, "secretsmanager:PutSecretValue"


def _write_parameter(
    client: Any,  # noqa: ANN401
    seen: Sighting,
    value: SecretValue,
    tags: Mapping[str, str],
    kms_key: str,
) -> _Call:
    asked: dict[str, Any] = {"Name": seen.secret.name, "Value": value.text or "", "Type": ENCRYPTED}
    if kms_key:
        asked["KeyId"] = kms_key
    if len(value.data) > LONGEST_STANDARD:
        asked["Tier"] = "Advanced"
    # Tags are taken at creation alone, and an overwrite of what was made in between is somebody else's loss.
    asked |= {"Tags": _tags(tags)} if seen.state == "absent" else {"Overwrite": True}
    return client.put_parameter, asked, "ssm:PutParameter"


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
