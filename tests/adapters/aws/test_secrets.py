"""Secrets Manager and the Parameter Store in the sandbox: what is there, what is not, and what one may not see."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from envctl.adapters.aws.credentials.sessions import Sessions
from envctl.adapters.aws.secrets import AwsSecrets
from envctl.adapters.sandbox.lifecycle import RunningSandbox, Sandbox
from envctl.domain.aws.access import AwsCredentialsSpec
from envctl.domain.aws.secret_status import NeededSecret, SecretKind, SecretValue, Sighting
from envctl.domain.errors import OperationFailedError
from envctl.usecases.ports.aws import SecretReading, SecretReference

pytestmark = pytest.mark.sandbox

REGION = "ap-northeast-1"
TAGS = {"project": "shop", "environment": "prod", "managed_by": "envctl"}
PLANTED = SecretValue(b"planted-value")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    server = Sandbox(tmp_path_factory.mktemp("sandbox"))
    yield server.start()
    server.stop()


@pytest.fixture
def sessions(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Sessions:
    """As the deployer of an account in which nothing is yet."""
    for name, value in sandbox.build_child_variables().items():
        monkeypatch.setenv(name, value)
    account = f"{uuid4().int % 10**12:012}"
    role = f"arn:aws:iam::{account}:role/envctl-deployer"
    return Sessions(
        lambda: None,
        lambda _: AwsCredentialsSpec(environment="prod", region=REGION, account_id=account, role=role),
        patience=60,
    )


@pytest.fixture
def client(sessions: Sessions) -> Callable[[str], Any]:
    return lambda service: sessions.open_client(service, "prod")


@pytest.fixture
def secrets(sessions: Sessions) -> AwsSecrets:
    return AwsSecrets(sessions.open_client)


def named(name: str, kind: SecretKind = "secretsmanager") -> NeededSecret:
    return NeededSecret(kind=kind, name=name, id=name)


def seen(secrets: AwsSecrets, name: str, kind: SecretKind = "secretsmanager") -> Sighting:
    (only,) = secrets.check_secrets("prod", [named(name, kind)])
    return only


def test_secret_never_created_is_absent(secrets: AwsSecrets) -> None:
    assert seen(secrets, "shop/none").state == "absent"
    assert seen(secrets, "/shop/none", "ssm").state == "absent"


def test_secret_with_a_current_version_exists(secrets: AwsSecrets, client: Callable[[str], Any]) -> None:
    made = client("secretsmanager").create_secret(Name="shop/db", SecretString="planted")
    by_name = seen(secrets, "shop/db")
    assert by_name.state == "there"
    assert by_name.changed_at is not None
    (by_arn,) = secrets.check_secrets("prod", [NeededSecret(kind="secretsmanager", name="shop/db", id=made["ARN"])])
    assert by_arn.state == "there"


def test_secret_without_a_value_is_empty(secrets: AwsSecrets, client: Callable[[str], Any]) -> None:
    client("secretsmanager").create_secret(Name="shop/empty")
    assert seen(secrets, "shop/empty").state == "empty"


def test_secret_scheduled_for_deletion_is_reported(secrets: AwsSecrets, client: Callable[[str], Any]) -> None:
    client("secretsmanager").create_secret(Name="shop/old", SecretString="planted")
    client("secretsmanager").delete_secret(SecretId="shop/old", RecoveryWindowInDays=7)
    assert seen(secrets, "shop/old").state == "deleting"


def test_unencrypted_parameter_is_remarked(secrets: AwsSecrets, client: Callable[[str], Any]) -> None:
    client("ssm").put_parameter(Name="/shop/open", Value="planted", Type="String")
    client("ssm").put_parameter(Name="/shop/closed", Value="planted", Type="SecureString")
    open_, closed = secrets.check_secrets("prod", [named("/shop/open", "ssm"), named("/shop/closed", "ssm")])
    assert (open_.state, closed.state) == ("there", "there")
    assert "an unencrypted String" in open_.remark
    assert closed.remark == ""
    assert closed.changed_at is not None


def test_many_secrets_are_checked_in_order(secrets: AwsSecrets, client: Callable[[str], Any]) -> None:
    ssm = client("ssm")
    wanted = [named(f"/shop/{number}", "ssm") for number in range(120)]
    for number in range(0, 120, 2):
        ssm.put_parameter(Name=f"/shop/{number}", Value="x", Type="SecureString")
    wanted += [named(f"shop/{number}") for number in range(12)]
    client("secretsmanager").create_secret(Name="shop/7", SecretString="x")
    found = secrets.check_secrets("prod", wanted)
    assert [each.secret for each in found] == wanted
    there = [f"/shop/{number}" for number in range(0, 120, 2)] + ["shop/7"]
    assert [each.secret.name for each in found if each.state == "there"] == there


def test_region_of_an_arn_is_queried(secrets: AwsSecrets, sessions: Sessions) -> None:
    there = sessions.open_client("secretsmanager", "prod", region="eu-west-1")
    arn = there.create_secret(Name="shop/far", SecretString="x")["ARN"]
    (far,) = secrets.check_secrets(
        "prod", [NeededSecret(kind="secretsmanager", name="shop/far", id=arn, region="eu-west-1")]
    )
    assert far.state == "there"
    assert seen(secrets, "shop/far").state == "absent"


def test_secret_is_created_with_tags_and_then_updated(secrets: AwsSecrets, client: Callable[[str], Any]) -> None:
    secrets.put_secret("prod", seen(secrets, "shop/new"), PLANTED, tags=TAGS)
    manager = client("secretsmanager")
    told = manager.describe_secret(SecretId="shop/new")
    assert {tag["Key"]: tag["Value"] for tag in told["Tags"]} == TAGS
    assert manager.get_secret_value(SecretId="shop/new")["SecretString"] == "planted-value"
    secrets.put_secret("prod", seen(secrets, "shop/new"), SecretValue("次".encode()), tags=TAGS)
    assert manager.get_secret_value(SecretId="shop/new")["SecretString"] == "次"
    assert len(manager.list_secret_version_ids(SecretId="shop/new")["Versions"]) == 2


def test_binary_secret_is_stored_unchanged(secrets: AwsSecrets, client: Callable[[str], Any]) -> None:
    secrets.put_secret("prod", seen(secrets, "shop/keystore"), SecretValue(b"\xff\x00\xfe"), tags=TAGS)
    told = client("secretsmanager").get_secret_value(SecretId="shop/keystore")
    assert told["SecretBinary"] == b"\xff\x00\xfe"


def test_kms_key_is_used_on_creation_and_update(secrets: AwsSecrets, client: Callable[[str], Any]) -> None:
    keys = [client("kms").create_key()["KeyMetadata"]["KeyId"] for _ in range(2)]
    for key in keys:
        secrets.put_secret("prod", seen(secrets, "shop/key"), PLANTED, tags=TAGS, kms_key=key)
        assert client("secretsmanager").describe_secret(SecretId="shop/key")["KmsKeyId"] == key
    assert client("secretsmanager").get_secret_value(SecretId="shop/key")["SecretString"] == "planted-value"


def test_parameter_is_created_encrypted_with_tags_then_updated(
    secrets: AwsSecrets, client: Callable[[str], Any]
) -> None:
    secrets.put_secret("prod", seen(secrets, "/shop/new", "ssm"), PLANTED, tags=TAGS)
    ssm = client("ssm")
    tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/shop/new")["TagList"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == TAGS
    large = SecretValue(b"x" * 5000)
    secrets.put_secret("prod", seen(secrets, "/shop/new", "ssm"), large, tags=TAGS)
    told = ssm.get_parameter(Name="/shop/new", WithDecryption=True)["Parameter"]
    assert (told["Type"], told["Version"], told["Value"]) == ("SecureString", 2, "x" * 5000)
    (described,) = ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": ["/shop/new"]}])["Parameters"]
    assert described["Tier"] == "Advanced"


def test_secret_created_meanwhile_is_not_overwritten(secrets: AwsSecrets, client: Callable[[str], Any]) -> None:
    before = [seen(secrets, "shop/raced"), seen(secrets, "/shop/raced", "ssm")]
    client("secretsmanager").create_secret(Name="shop/raced", SecretString="theirs")
    client("ssm").put_parameter(Name="/shop/raced", Value="theirs", Type="SecureString")
    for sighting in before:
        with pytest.raises(OperationFailedError, match="E448") as raised:
            secrets.put_secret("prod", sighting, PLANTED, tags=TAGS)
        assert "planted" not in str(raised.value)
    assert client("secretsmanager").get_secret_value(SecretId="shop/raced")["SecretString"] == "theirs"


@pytest.fixture
def nobody(sandbox: RunningSandbox, client: Callable[[str], Any], sessions: Sessions) -> Iterator[AwsSecrets]:
    """As a role that may ask who it is, while the sandbox looks at what everybody may."""
    iam = client("iam")
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument="{}")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}]}
    iam.put_role_policy(RoleName="reader", PolicyName="p", PolicyDocument=json.dumps(policy))
    account = sessions.fetch_caller("prod").account_id
    role = f"arn:aws:iam::{account}:role/reader"
    weak = Sessions(
        lambda: None,
        lambda _: AwsCredentialsSpec(environment="prod", region=REGION, account_id=account, role=role),
        patience=60,
    )
    weak.fetch_caller("prod")
    authorised_from(sandbox, 0)
    yield AwsSecrets(weak.open_client)
    authorised_from(sandbox, float("inf"))


def authorised_from(sandbox: RunningSandbox, call: float) -> None:
    plain = {"Content-Type": "text/plain"}
    request = urllib.request.Request(f"{sandbox.moto_url}/moto-api/reset-auth", str(call).encode(), plain)
    urllib.request.urlopen(request, timeout=5).close()


def test_missing_read_permission_is_named(nobody: AwsSecrets) -> None:
    secret, parameter = nobody.check_secrets("prod", [named("shop/db"), named("/shop/db", "ssm")])
    assert (secret.state, parameter.state) == ("unknown", "unknown")
    assert secret.remark == "the permission secretsmanager:DescribeSecret is missing"
    assert parameter.remark == "the permission ssm:DescribeParameters is missing"
    assert "secretsmanager:DescribeSecret" in secret.hint


def test_missing_write_permission_is_named(nobody: AwsSecrets) -> None:
    wanted: dict[SecretKind, str] = {"secretsmanager": "secretsmanager:CreateSecret", "ssm": "ssm:PutParameter"}
    for kind, permission in wanted.items():
        with pytest.raises(OperationFailedError) as raised:
            nobody.put_secret("prod", Sighting(named("shop", kind), "absent"), PLANTED, tags=TAGS)
        (problem,) = raised.value.problems
        assert problem.code == "E448"
        assert permission in problem.message


def read(secrets: AwsSecrets, *wanted: SecretReference) -> tuple[SecretReading, ...]:
    return secrets.read_values("prod", wanted)


def test_values_are_read_as_they_are(secrets: AwsSecrets, client: Callable[[str], Any]) -> None:
    manager, store = client("secretsmanager"), client("ssm")
    made = manager.create_secret(Name="shop/db", SecretString="planted line\n")
    store.put_parameter(Name="/shop/token", Value="first", Type="SecureString")
    store.put_parameter(Name="/shop/token", Value="second", Type="SecureString", Overwrite=True)
    wanted = [
        SecretReference("secretsmanager", "shop/db"),
        SecretReference("secretsmanager", made["ARN"], REGION),
        SecretReference("ssm", "/shop/token"),
        SecretReference("ssm", "/shop/token:1"),
    ]
    assert [each.text for each in read(secrets, *wanted)] == ["planted line\n", "planted line\n", "second", "first"]
    assert "planted" not in repr(read(secrets, *wanted))


def test_earlier_version_is_read_by_its_stage(secrets: AwsSecrets, client: Callable[[str], Any]) -> None:
    manager = client("secretsmanager")
    manager.create_secret(Name="shop/db", SecretString="old")
    manager.put_secret_value(SecretId="shop/db", SecretString="new")
    current, previous = (SecretReference("secretsmanager", "shop/db", stage=each) for each in ("", "AWSPREVIOUS"))
    assert [each.text for each in read(secrets, current, previous)] == ["new", "old"]


def test_absent_secret_has_no_value(secrets: AwsSecrets) -> None:
    found = read(secrets, SecretReference("secretsmanager", "shop/none"), SecretReference("ssm", "/shop/none"))
    assert [(each.text, each.is_absent) for each in found] == [(None, True), (None, True)]


def test_binary_secret_and_open_parameter_are_no_values(secrets: AwsSecrets, client: Callable[[str], Any]) -> None:
    client("secretsmanager").create_secret(Name="shop/key", SecretBinary=b"\x00planted")
    client("ssm").put_parameter(Name="/shop/open", Value="planted", Type="String")
    binary, open_ = read(secrets, SecretReference("secretsmanager", "shop/key"), SecretReference("ssm", "/shop/open"))
    assert (binary.text, binary.problem) == (None, "it is binary")
    assert open_.text is None
    assert "unencrypted String" in open_.problem
    assert binary.hint
    assert open_.hint


def test_deleted_secret_is_explained(secrets: AwsSecrets, client: Callable[[str], Any]) -> None:
    client("secretsmanager").create_secret(Name="shop/old", SecretString="planted")
    client("secretsmanager").delete_secret(SecretId="shop/old")
    (found,) = read(secrets, SecretReference("secretsmanager", "shop/old"))
    assert (found.text, found.is_absent) == (None, False)
    assert "deletion" in found.problem
