"""Keys and signatures of a real KMS, moto's, in an account for each environment; checked without asking it again."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from envctl.adapters.aws.credentials.sessions import Sessions
from envctl.adapters.aws.signing import KmsSignatures
from envctl.adapters.sandbox.lifecycle import RunningSandbox, Sandbox
from envctl.domain.aws.access import AwsCredentialsSpec
from envctl.domain.errors import OperationFailedError
from envctl.domain.ledger.signatures import parse_public_key

pytestmark = pytest.mark.sandbox
REGION = "ap-northeast-1"
ACCOUNTS = {"dev": "111111111111", "prod": "333333333333"}
MESSAGE = b"m" * 32
POLICY = {"Version": "2012-10-17", "Statement": []}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    server = Sandbox(tmp_path_factory.mktemp("sandbox"))
    yield server.start()
    server.stop()


@pytest.fixture(autouse=True)
def towards_the_sandbox(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in sandbox.build_child_variables().items():
        monkeypatch.setenv(name, value)


def arn(environment: str, name: str) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNTS[environment]}:alias/{name}"


def as_role(role: str) -> Callable[..., Any]:
    def passport(environment: str) -> AwsCredentialsSpec:
        account = ACCOUNTS[environment]
        return AwsCredentialsSpec(
            environment=environment, region=REGION, account_id=account, role=f"arn:aws:iam::{account}:role/{role}"
        )

    return Sessions(lambda: None, passport).open_client


def signatures(name: str) -> KmsSignatures:
    deployer, approver = as_role("envctl-deployer"), as_role("ApproverRole")
    return KmsSignatures(deployer, approver, lambda environment, _: arn(environment, name))


def test_key_is_created_once(request: pytest.FixtureRequest) -> None:
    keys = signatures("envctl-made-once")
    assert keys.create_key("prod", POLICY)
    assert not keys.create_key("prod", POLICY)
    assert not signatures("envctl-made-once").create_key("prod", POLICY)


def test_new_key_is_multi_region_with_its_policy() -> None:
    keys = signatures("envctl-with-policy")
    policy = {"Version": "2012-10-17", "Statement": [{"Sid": "Mine", "Effect": "Deny", "Action": "kms:Sign"}]}
    keys.create_key("prod", policy)
    found = keys.read_key("prod")
    assert (found.state, found.usage, found.multi_region, found.policy) == ("Enabled", "SIGN_VERIFY", True, policy)
    assert found.arn.startswith(f"arn:aws:kms:{REGION}:{ACCOUNTS['prod']}:key/mrk-")


def test_key_of_another_account_is_not_created() -> None:
    elsewhere = KmsSignatures(
        as_role("envctl-deployer"), as_role("ApproverRole"), lambda *_: arn("dev", "envctl-approve-prod"), "people"
    )
    with pytest.raises(OperationFailedError, match=r"E468 .*ApproverRole.* is of another account") as caught:
        elsewhere.create_key("prod", POLICY)
    assert f"take a role in account {ACCOUNTS['dev']}" in caught.value.problems[0].hint
    with pytest.raises(OperationFailedError, match="E467"):
        elsewhere.fetch_public_key("prod")


def test_key_of_people_is_made_and_used_with_own_credentials() -> None:
    """In an account that the environment's role can't reach."""
    people = KmsSignatures(
        as_role("envctl-deployer"),
        lambda *words, **more: as_role("ApproverRole")(words[0], "dev", **more),
        lambda *_: arn("dev", "envctl-approve-prod"),
        "people",
    )
    assert people.create_key("prod", POLICY)
    key = parse_public_key(people.fetch_public_key("prod"))
    assert key.has_signed(people.sign("prod", key.algorithm, MESSAGE, personally=True), MESSAGE)
    assert people.read_key("prod").arn.split(":")[4] == ACCOUNTS["dev"]


@pytest.mark.parametrize("personally", [False, True], ids=["by a deployment", "by a person"])
def test_signature_is_verified_by_public_key_alone(*, personally: bool) -> None:
    keys = signatures("envctl-signs")
    keys.create_key("prod", POLICY)
    key = parse_public_key(keys.fetch_public_key("prod"))
    assert key.algorithm == "ECDSA_SHA_256"
    value = keys.sign("prod", key.algorithm, MESSAGE, personally=personally)
    assert key.has_signed(value, MESSAGE)
    assert not key.has_signed(value, b"n" * 32)


def test_each_account_has_a_key_of_its_own() -> None:
    keys = signatures("envctl-each")
    keys.create_key("dev", POLICY)
    with pytest.raises(OperationFailedError, match=r"E467 there is no KMS key .*:333333333333:alias/envctl-each"):
        keys.fetch_public_key("prod")
    keys.create_key("prod", POLICY)
    one, other = parse_public_key(keys.fetch_public_key("dev")), parse_public_key(keys.fetch_public_key("prod"))
    assert one != other
    assert not other.has_signed(keys.sign("dev", "ECDSA_SHA_256", MESSAGE, personally=False), MESSAGE)


@pytest.mark.parametrize(
    ("spec", "algorithm"),
    [("ECC_NIST_P384", "ECDSA_SHA_384"), ("ECC_NIST_P521", "ECDSA_SHA_512"), ("RSA_2048", "RSASSA_PSS_SHA_256")],
)
def test_other_kms_key_types_sign_too(spec: str, algorithm: str) -> None:
    kms = as_role("envctl-deployer")("kms", "dev", region=REGION)
    made = kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    keys = KmsSignatures(as_role("envctl-deployer"), as_role("ApproverRole"), lambda *_: str(made["Arn"]))
    key = parse_public_key(keys.fetch_public_key("dev"))
    assert key.algorithm == algorithm
    assert key.has_signed(keys.sign("dev", key.algorithm, MESSAGE, personally=False), MESSAGE)
    assert not keys.create_key("dev", POLICY)
