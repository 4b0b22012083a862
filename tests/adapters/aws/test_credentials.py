"""Keys for a role, from an STS on loopback that answers as it is told."""

import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import pytest

from envctl.adapters.aws.credentials import AssumedRole
from envctl.domain.errors import OperationFailedError

ROLE = "arn:aws:iam::111111111111:role/envctl-deployer"
GIVEN = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>key</SecretAccessKey><SessionToken>token</SessionToken>
<Expiration>2026-11-25T09:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""
REFUSED = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"""


@dataclass
class Sts:
    """Says nothing at all where it has no text to say."""

    url: str = ""
    status: int = 200
    text: str = GIVEN
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sts]:
    told = Sts()

    class Visit(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            if not told.text:
                told.closing.wait(10)
                return
            self.send_response(told.status)
            self.end_headers()
            self.wfile.write(told.text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Visit)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", told.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAMINE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine")
    yield told
    told.closing.set()
    server.shutdown()
    server.server_close()
    thread.join()


def assumed(patience: float = 5) -> dict[str, str]:
    return dict(AssumedRole(lambda: None, patience=patience).of_role(ROLE, "ap-northeast-1"))


def problem() -> tuple[str, str, str]:
    with pytest.raises(OperationFailedError) as raised:
        assumed(patience=0.2)
    (only,) = raised.value.problems
    return only.code, only.message, only.hint


def test_a_role_gives_keys_for_an_hour_under_the_name_of_envctl(sts: Sts) -> None:
    assert assumed() == {
        "AWS_ACCESS_KEY_ID": "ASIAROLE",
        "AWS_SECRET_ACCESS_KEY": "key",
        "AWS_SESSION_TOKEN": "token",
    }
    (asked,) = sts.asked
    wanted = {name: asked[name] for name in ("RoleArn", "RoleSessionName", "DurationSeconds")}
    assert wanted == {"RoleArn": [ROLE], "RoleSessionName": ["envctl"], "DurationSeconds": ["3600"]}


def test_what_has_to_be_put_in_order_first_is(sts: Sts) -> None:
    order: list[str] = []
    AssumedRole(lambda: order.append(f"prepared before {len(sts.asked)} questions")).of_role(ROLE, "")
    assert order == ["prepared before 0 questions"]


ANSWERS = {
    "access is denied": (403, "AccessDenied", "not authorized to perform: sts:AssumeRole", "trust policy"),
    "ones own session is over": (403, "ExpiredToken", "The security token is expired", "sign in again"),
    "ones own keys are unknown": (403, "InvalidClientTokenId", "The token is invalid", "sign in again"),
    "it is something else": (400, "ValidationError", "The duration exceeds the limit", "aws sts get-caller-identity"),
}


@pytest.mark.parametrize(("status", "code", "message", "hint"), ANSWERS.values(), ids=ANSWERS)
def test_a_refusal_is_told_with_the_way_on_where(sts: Sts, status: int, code: str, message: str, hint: str) -> None:
    sts.status, sts.text = status, REFUSED.format(code=code, message=message)
    told = problem()
    assert told[:2] == ("E413", f"the role {ROLE} can't be assumed: {message} ({code})")
    assert hint in told[2]


def test_who_has_no_credentials_is_told_to_sign_in(sts: Sts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    code, message, hint = problem()
    assert code == "E413"
    assert "Unable to locate credentials" in message
    assert hint.startswith("sign in first")


def test_a_profile_that_does_not_exist_is_told(sts: Sts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    code, message, hint = problem()
    assert code == "E413"
    assert "nobody" in message
    assert "AWS_PROFILE" in hint


def test_an_sts_that_says_nothing_is_waited_for_in_bounds(sts: Sts) -> None:
    sts.text = ""
    code, message, hint = problem()
    assert code == "E413"
    assert "timeout" in message.lower()
    assert hint.startswith("AWS could not be reached")
    assert len(sts.asked) == 2


def test_an_sts_that_is_not_there_is_told(sts: Sts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    assert problem()[2].startswith("AWS could not be reached")
