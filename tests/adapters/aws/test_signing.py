"""What KMS may answer, from one on loopback that answers as it is told."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config

from envctl.adapters.aws.signing import KmsSignatures
from envctl.domain.errors import OperationFailedError
from envctl.domain.ledger.key_roles import KeyRole

KEY = "arn:aws:kms:ap-northeast-1:333333333333:alias/envctl-prod"
CALLER = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:sts::{0}:assumed-role/Admin/ann</Arn><UserId>A:ann</UserId><Account>{0}</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""
POLICY: dict[str, Any] = {"Version": "2012-10-17", "Statement": [{"Sid": "Mine"}]}
BY_NUMBER = "arn:aws:kms:ap-northeast-1:333333333333:key/1234"


@dataclass
class Kms:
    """Answers each action with what was put down for it: a document, or the name of an error."""

    url: str = ""
    patience: float = 30
    answers: dict[str, dict[str, Any] | str | tuple[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    bodies: dict[str, Any] = field(default_factory=dict)
    account: str = "333333333333"

    def client(self, service: str, environment: str, *, region: str) -> Any:
        assert (service in ("kms", "sts"), environment, region) == (True, "prod", "ap-northeast-1")
        keys = {"aws_access_key_id": "k", "aws_secret_access_key": "s"}
        limits = Config(retries={"total_max_attempts": 1}, read_timeout=self.patience)
        return boto3.client(service, region_name=region, endpoint_url=self.url, config=limits, **keys)


@pytest.fixture
def kms() -> Iterator[Kms]:
    told, closing = Kms(), threading.Event()

    class Visit(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if b"Action=GetCallerIdentity" in body:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(CALLER.format(told.account).encode())
                return
            action = self.headers["X-Amz-Target"].rpartition(".")[2]
            told.asked.append(action)
            told.bodies[action] = json.loads(body)
            answer = told.answers[action]
            if isinstance(answer, str) and answer.startswith("<"):
                self.send_response(403)
                self.end_headers()
                self.wfile.write(answer.encode())
                return
            if answer == "silence":
                closing.wait(60)
                return
            failed = isinstance(answer, str | tuple)
            name, text = answer if isinstance(answer, tuple) else (answer, f"{answer} it is")
            document = {"__type": name, "message": text} if failed else answer
            self.send_response(400 if failed else 200)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Visit)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield told
    closing.set()
    server.shutdown()
    server.server_close()
    thread.join()


def keys(kms: Kms, key: str = KEY, role: KeyRole = "deployment") -> KmsSignatures:
    return KmsSignatures(kms.client, kms.client, lambda *_: key, role)


def sign(kms: Kms, *, personally: bool = False) -> object:
    return keys(kms).sign("prod", "ECDSA_SHA_256", b"m" * 32, personally=personally)


REFUSED: dict[str, tuple[str, str, str]] = {
    "no permission": (
        "AccessDeniedException",
        "E468",
        "allow kms:Sign to the credentials of prod",
    ),
    "no key": ("NotFoundException", "E467", "envctl ledger keys prod --create"),
    "a key that is disabled": ("DisabledException", "E468", "enable the key, or pin its replacement"),
    "a key in another state": ("KMSInvalidStateException", "E468", "enable the key"),
    "a key of another kind": ("InvalidKeyUsageException", "E468", "try again: unsigned entries were not recorded"),
    "too much at once": ("ThrottlingException", "E468", "try again"),
    "no answer": ("silence", "E468", "try again"),
}


@pytest.mark.parametrize(("answer", "code", "hint"), REFUSED.values(), ids=REFUSED.keys())
def test_kms_failure_is_reported_with_reason_and_hint(kms: Kms, answer: str, code: str, hint: str) -> None:
    kms.answers["Sign"] = answer
    kms.patience = 0.5 if answer == "silence" else kms.patience
    with pytest.raises(OperationFailedError) as caught:
        sign(kms)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert KEY in problem.message
    assert hint in problem.hint


def test_personal_signing_failure_names_own_credentials(kms: Kms) -> None:
    kms.answers["Sign"] = "AccessDeniedException"
    with pytest.raises(OperationFailedError) as caught:
        sign(kms, personally=True)
    assert "allow kms:Sign to your own credentials" in caught.value.problems[0].hint
    assert "(kms:Sign with your own credentials)" in caught.value.problems[0].message


def test_denied_key_of_people_asks_for_a_role_of_people(kms: Kms) -> None:
    kms.answers["Sign"] = "AccessDeniedException"
    with pytest.raises(OperationFailedError) as caught:
        keys(kms, role="people").sign("prod", "ECDSA_SHA_256", b"m" * 32, personally=True)
    assert caught.value.problems[0].hint.startswith("take a role that signs for people, or allow kms:Sign")


def test_missing_key_of_people_names_its_account(kms: Kms) -> None:
    kms.answers["Sign"] = "NotFoundException"
    with pytest.raises(OperationFailedError) as caught:
        keys(kms, role="people").sign("prod", "ECDSA_SHA_256", b"m" * 32, personally=True)
    assert caught.value.problems[0].hint.startswith("with credentials of account 333333333333, create it")


def test_denied_creation_names_the_missing_action(kms: Kms) -> None:
    said = "User: ann is not authorized to perform: iam:CreateServiceLinkedRole on resource: *"
    kms.answers = {"DescribeKey": "NotFoundException", "CreateKey": ("AccessDeniedException", said)}
    with pytest.raises(OperationFailedError, match="can't be created for prod: User: ann is not") as caught:
        keys(kms).create_key("prod", POLICY)
    assert "allow iam:CreateServiceLinkedRole to the credentials of prod" in caught.value.problems[0].hint


def test_key_pending_deletion_is_kept_by_cancelling_it(kms: Kms) -> None:
    kms.answers["Sign"] = "KMSInvalidStateException", f"{BY_NUMBER} is pending deletion."
    with pytest.raises(OperationFailedError, match=r"E468 .*does not sign for prod: .*is pending deletion") as caught:
        sign(kms)
    assert "cancel its deletion" in caught.value.problems[0].hint


def test_denial_in_xml_is_shown_as_a_sentence(kms: Kms) -> None:
    role = "arn:aws:sts::444444444444:assumed-role/envctl-ci-prod/octocat"
    said = f"User: {role} is not authorized to perform: kms:Sign"
    kms.answers["Sign"] = (
        f"<ErrorResponse><Error><Code>AccessDenied</Code><Message>{said}</Message></Error></ErrorResponse>"
    )
    with pytest.raises(OperationFailedError) as caught:
        sign(kms, personally=True)
    (problem,) = caught.value.problems
    assert problem.message == f"the KMS key {KEY} does not sign for prod: {said}"
    assert "allow kms:Sign to your own credentials" in problem.hint


MAKING: dict[str, tuple[dict[str, dict[str, Any] | str], list[str], bool]] = {
    "it is there already": ({"DescribeKey": {"KeyMetadata": {"KeyId": "1"}}}, ["DescribeKey"], False),
    "it is not there": (
        {"DescribeKey": "NotFoundException", "CreateKey": {"KeyMetadata": {"KeyId": "1"}}, "CreateAlias": {}},
        ["DescribeKey", "CreateKey", "CreateAlias"],
        True,
    ),
    "somebody else is faster": (
        {
            "DescribeKey": "NotFoundException",
            "CreateKey": {"KeyMetadata": {"KeyId": "1"}},
            "CreateAlias": "AlreadyExistsException",
            "ScheduleKeyDeletion": {"KeyId": "1"},
        },
        ["DescribeKey", "CreateKey", "CreateAlias", "ScheduleKeyDeletion"],
        False,
    ),
}


@pytest.mark.parametrize(("answers", "asked", "made"), MAKING.values(), ids=MAKING.keys())
def test_key_is_created_where(
    kms: Kms, answers: dict[str, dict[str, Any] | str], asked: list[str], *, made: bool
) -> None:
    kms.answers = {**answers}
    assert keys(kms).create_key("prod", POLICY) is made
    assert kms.asked == asked


def test_key_is_created_with_policy_in_all_regions(kms: Kms) -> None:
    kms.answers = {**MAKING["it is not there"][0]}
    assert keys(kms, role="people").create_key("prod", POLICY)
    asked = kms.bodies["CreateKey"]
    assert (json.loads(asked["Policy"]), asked["MultiRegion"]) == (POLICY, True)
    assert (asked["KeySpec"], asked["KeyUsage"]) == ("ECC_NIST_P256", "SIGN_VERIFY")
    assert kms.bodies["CreateAlias"] == {"AliasName": "alias/envctl-prod", "TargetKeyId": "1"}


def test_key_is_not_created_in_a_foreign_account(kms: Kms) -> None:
    kms.answers, kms.account = {**MAKING["it is not there"][0]}, "444444444444"
    with pytest.raises(OperationFailedError, match="assumed-role/Admin/ann is of another account") as caught:
        keys(kms, role="people").create_key("prod", POLICY)
    assert "take a role in account 333333333333" in caught.value.problems[0].hint
    assert kms.asked == ["DescribeKey"]


def test_key_is_read_by_its_arn(kms: Kms) -> None:
    """KMS takes no alias for a policy."""
    metadata = {"Arn": BY_NUMBER, "KeyState": "Disabled", "KeyUsage": "SIGN_VERIFY", "KeySpec": "ECC_NIST_P256"}
    kms.answers = {"DescribeKey": {"KeyMetadata": metadata}, "GetKeyPolicy": {"Policy": json.dumps(POLICY)}}
    found = keys(kms).read_key("prod")
    assert kms.bodies["GetKeyPolicy"] == {"KeyId": BY_NUMBER, "PolicyName": "default"}
    assert (found.arn, found.state, found.multi_region, found.policy) == (BY_NUMBER, "Disabled", False, POLICY)


NOT_MADE: dict[str, tuple[str, dict[str, dict[str, Any] | str], str]] = {
    "it has a number of its own": (
        BY_NUMBER,
        {"DescribeKey": "NotFoundException"},
        "E467.*with a chosen id can't be created",
    ),
    "nobody may look": (KEY, {"DescribeKey": "AccessDeniedException"}, "E468"),
    "nobody may make one": (
        KEY,
        {"DescribeKey": "NotFoundException", "CreateKey": "AccessDeniedException"},
        "E468 the KMS key .* can't be created for prod",
    ),
}


@pytest.mark.parametrize(("key", "answers", "said"), NOT_MADE.values(), ids=NOT_MADE.keys())
def test_key_is_not_created_where(kms: Kms, key: str, answers: dict[str, dict[str, Any] | str], said: str) -> None:
    kms.answers = {**answers}
    with pytest.raises(OperationFailedError, match=said):
        keys(kms, key).create_key("prod", POLICY)


def test_signature_is_made_by_the_requested_signer() -> None:
    asked: list[str] = []

    def client(who: str) -> Callable[..., Any]:
        def refuse(*_: object, **__: object) -> Any:
            asked.append(who)
            raise OperationFailedError

        return refuse

    both = KmsSignatures(client("the role"), client("oneself"), lambda *_: KEY)
    for personally in (False, True):
        with pytest.raises(OperationFailedError):
            both.sign("prod", "ECDSA_SHA_256", b"", personally=personally)
    assert asked == ["the role", "oneself"]
