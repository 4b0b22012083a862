"""What is said of secrets where AWS says no, or nothing: from a server on loopback that answers as it is told."""

import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from envctl.adapters.aws.secrets import MAX_THREADS, AwsSecrets
from envctl.domain.aws.secret_status import NeededSecret, SecretValue, Sighting, find_problem
from envctl.domain.errors import OperationFailedError

SECRET = NeededSecret(kind="secretsmanager", name="shop/db", id="shop/db", asked_by=("web.db_secret_name",))
PARAMETER = NeededSecret(kind="ssm", name="/shop/db", id="/shop/db", asked_by=("web.db_parameter",))
PLANTED = SecretValue(b"planted-value")


@dataclass
class Aws:
    """Says nothing at all where it has no code to say."""

    code: str = ""
    message: str = ""
    status: int = 400
    asked: list[dict[str, Any]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    told = Aws()

    class Visit(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if not told.code:
                told.closing.wait(60)
                return
            body = json.dumps({"__type": told.code, "message": told.message}).encode()
            self.send_response(told.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Visit)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    for name in ("SECRETS_MANAGER", "SSM"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{name}", url)
    yield told
    told.closing.set()
    server.shutdown()
    server.server_close()
    thread.join()


def client(service: str, _environment: str, *, region: str = "", patience: float = 60) -> Any:
    """One that waits this many seconds for an answer, and asks once."""
    import boto3
    from botocore.config import Config

    once = Config(read_timeout=patience, retries={"total_max_attempts": 1})
    session = boto3.Session(aws_access_key_id="AKIA", aws_secret_access_key="key")
    return session.client(service, region_name=region or "ap-northeast-1", config=once)


REFUSALS = {
    "a permission that lacks": (
        "AccessDeniedException",
        "User: arn:aws:iam::1:role/r is not authorized to perform: secretsmanager:DescribeSecret on resource: shop/db",
        "the permission secretsmanager:DescribeSecret is missing",
        "allow secretsmanager:DescribeSecret to the role that envctl takes there",
    ),
    "a permission that lacks and is not named": (
        "AccessDeniedException",
        "no",
        "the permission secretsmanager:DescribeSecret is missing",
        "allow secretsmanager:DescribeSecret to the role that envctl takes there",
    ),
    "too many questions": ("ThrottlingException", "Rate exceeded", "AWS throttles (ThrottlingException)", "minute"),
    "a session that is over": ("ExpiredTokenException", "expired", "are no longer valid", "sign in again"),
    "a fault of AWS": ("InternalServiceError", "An error\noccurred", "An error (InternalServiceError)", "aws sts"),
}


@pytest.mark.parametrize(("code", "message", "remark", "hint"), REFUSALS.values(), ids=REFUSALS)
def test_secret_is_unknown_after(aws: Aws, code: str, message: str, remark: str, hint: str) -> None:
    aws.code, aws.message = code, message
    (seen,) = AwsSecrets(client).check_secrets("prod", [SECRET])
    assert seen.state == "unknown"
    assert remark in seen.remark
    assert hint in seen.hint
    told = find_problem(seen, "prod")
    assert told is not None
    assert told.code == "E441"


def test_parameters_are_unknown_together_after_one_failed_call(aws: Aws) -> None:
    aws.code = "ThrottlingException"
    many = [NeededSecret(kind="ssm", name=f"/shop/{number}", id=f"/shop/{number}") for number in range(120)]
    assert {each.state for each in AwsSecrets(client).check_secrets("prod", many)} == {"unknown"}
    assert len(aws.asked) == 1


def test_silent_network_is_waited_for_once(aws: Aws) -> None:
    many = [NeededSecret(kind="secretsmanager", name=f"shop/{number}", id=f"shop/{number}") for number in range(60)]
    seen = AwsSecrets(partial(client, patience=0.3)).check_secrets("prod", [*many, PARAMETER])
    assert {each.state for each in seen} == {"unknown"}
    assert all("AWS could not be reached (ReadTimeoutError)" in each.remark for each in seen)
    assert len(aws.asked) <= MAX_THREADS + 1


def test_unreachable_network_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRETS_MANAGER", "SSM"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{name}", "http://127.0.0.1:9")
    for seen in AwsSecrets(client).check_secrets("prod", [SECRET, PARAMETER]):
        assert seen.remark == "AWS could not be reached (EndpointConnectionError)"


@pytest.mark.parametrize("secret", [SECRET, PARAMETER], ids=["a secret", "a parameter"])
def test_secret_value_quoted_by_aws_is_not_reported(aws: Aws, secret: NeededSecret) -> None:
    aws.code, aws.message = "ValidationException", "1 validation error: Value 'planted-value' at 'value' is bad"
    with pytest.raises(OperationFailedError) as raised:
        AwsSecrets(client).put_secret("prod", Sighting(secret, "absent"), PLANTED, tags={})
    (told,) = raised.value.problems
    assert told.code == "E448"
    assert told.message.endswith(f"did not accept {secret.name}: ValidationException")
    assert raised.value.__cause__ is None
    # It was sent, and so could have been quoted.
    assert "planted-value" in str(aws.asked)
