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

KEY = "arn:aws:kms:ap-northeast-1:333333333333:alias/envctl-prod"
BY_NUMBER = "arn:aws:kms:ap-northeast-1:333333333333:key/1234"


@dataclass
class Kms:
    """Answers each action with what was put down for it: a document, or the name of an error."""

    url: str = ""
    patience: float = 30
    answers: dict[str, dict[str, Any] | str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def client(self, service: str, environment: str, *, region: str) -> Any:
        assert (service, environment, region) == ("kms", "prod", "ap-northeast-1")
        keys = {"aws_access_key_id": "k", "aws_secret_access_key": "s"}
        limits = Config(retries={"total_max_attempts": 1}, read_timeout=self.patience)
        return boto3.client("kms", region_name=region, endpoint_url=self.url, config=limits, **keys)


@pytest.fixture
def kms() -> Iterator[Kms]:
    told, closing = Kms(), threading.Event()

    class Visit(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            action = self.headers["X-Amz-Target"].rpartition(".")[2]
            told.asked.append(action)
            answer = told.answers[action]
            if answer == "silence":
                closing.wait(60)
                return
            failed = isinstance(answer, str)
            document = {"__type": answer, "message": f"{answer} it is"} if failed else answer
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


def keys(kms: Kms, key: str = KEY) -> KmsSignatures:
    return KmsSignatures(kms.client, kms.client, lambda *_: key)


def sign(kms: Kms, *, personally: bool = False) -> object:
    return keys(kms).sign("prod", "ECDSA_SHA_256", b"m" * 32, personally=personally)


REFUSED: dict[str, tuple[str, str, str]] = {
    "no permission": (
        "AccessDeniedException",
        "E468",
        "allow kms:Sign on that key to the credentials of prod",
    ),
    "no key": ("NotFoundException", "E467", "envctl ledger keys prod --create"),
    "a key that is disabled": ("DisabledException", "E468", "enable the key, or pin its replacement"),
    "a key that is on its way out": ("KMSInvalidStateException", "E468", "enable the key"),
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
    assert "allow kms:Sign on that key to your own credentials" in caught.value.problems[0].hint


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
    kms.answers = answers
    assert keys(kms).create_key("prod") is made
    assert kms.asked == asked


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
    kms.answers = answers
    with pytest.raises(OperationFailedError, match=said):
        keys(kms, key).create_key("prod")


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
