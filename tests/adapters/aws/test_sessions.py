"""Who one is, and keys for a role, from an STS on loopback that answers as it is told."""

import http.server
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from envctl.adapters.aws.credentials.bounded_session import ATTEMPTS, open_session
from envctl.adapters.aws.credentials.sessions import Sessions
from envctl.domain.aws.access import AwsCredentialsSpec, CallerIdentity
from envctl.domain.errors import OperationFailedError

ROLE = "arn:aws:iam::111111111111:role/envctl-deployer"
GIVEN = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>key</SecretAccessKey><SessionToken>token</SessionToken>
<Expiration>2126-11-25T09:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""
IDENTITY = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:sts::111111111111:assumed-role/envctl-deployer/envctl-ann</Arn><UserId>A:envctl-ann</UserId>
<Account>111111111111</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""
REFUSED = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"""


@dataclass
class Sts:
    """Says nothing at all where it has no text to say."""

    url: str = ""
    status: int = 200
    text: str = GIVEN
    date: str = ""
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
            self.send_response_only(told.status)
            if told.date:
                self.send_header("Date", told.date)
            self.end_headers()
            identity = told.status == 200 and told.asked[-1]["Action"] == ["GetCallerIdentity"]
            self.wfile.write((IDENTITY if identity else told.text).encode())

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


PASSPORT = AwsCredentialsSpec(
    environment="dev", region="ap-northeast-1", account_id="111111111111", role=ROLE, session="envctl-ann"
)


def sessions(patience: float = 5, passport: AwsCredentialsSpec = PASSPORT) -> Sessions:
    return Sessions(lambda: None, lambda _: passport, patience=patience)


def assumed(patience: float = 5) -> dict[str, str]:
    return dict(sessions(patience).export_credentials("dev"))


def problem(patience: float = 30) -> tuple[str, str, str]:
    with pytest.raises(OperationFailedError) as raised:
        assumed(patience)
    (only,) = raised.value.problems
    return only.code, only.message, only.hint


def test_assumed_role_has_keys_and_a_caller(sts: Sts) -> None:
    taken = sessions()
    assert dict(taken.export_credentials("dev")) == {
        "AWS_ACCESS_KEY_ID": "ASIAROLE",
        "AWS_SECRET_ACCESS_KEY": "key",
        "AWS_SESSION_TOKEN": "token",
    }
    arn = "arn:aws:sts::111111111111:assumed-role/envctl-deployer/envctl-ann"
    assert taken.fetch_caller("dev") == CallerIdentity("111111111111", arn)
    # Asked once: the session, and then as that session.
    assert [asked["Action"] for asked in sts.asked] == [["AssumeRole"], ["GetCallerIdentity"]]


def test_session_has_configured_name_duration_and_tags(sts: Sts) -> None:
    passport = replace(PASSPORT, external_id="shop", duration=timedelta(hours=2), tags={"team": "web", "cost": "1"})
    sessions(passport=passport).fetch_caller("dev")
    wanted = {
        "RoleArn": [ROLE],
        "RoleSessionName": ["envctl-ann"],
        "DurationSeconds": ["7200"],
        "ExternalId": ["shop"],
        "Tags.member.1.Key": ["cost"],
        "Tags.member.1.Value": ["1"],
        "Tags.member.2.Key": ["team"],
        "Tags.member.2.Value": ["web"],
    }
    assert {name: value for name, value in sts.asked[0].items() if name not in {"Action", "Version"}} == wanted


def test_session_ends_with_its_source_credentials(sts: Sts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", "2126-11-25T08:30:00Z")
    assert sessions().fetch_caller("dev").ends_at == datetime(2126, 11, 25, 8, 30, tzinfo=UTC)


def test_own_credentials_have_a_caller_and_an_end(sts: Sts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", "2126-11-25T08:30:00Z")
    taken = sessions(passport=replace(PASSPORT, role=""))
    assert taken.fetch_caller("dev").ends_at == datetime(2126, 11, 25, 8, 30, tzinfo=UTC)
    assert [asked["Action"] for asked in sts.asked] == [["GetCallerIdentity"]]


def test_expired_keys_are_reported_and_not_used(sts: Sts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", "2020-11-25T08:30:00Z")
    code, message, hint = problem()
    assert (code, hint) == ("E413", "sign in again")
    assert "expired" in message
    assert sts.asked == []


def test_profile_is_used_only_if_present(sts: Sts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text("[profile prod]\naws_access_key_id = AKIAPROD\naws_secret_access_key = prod\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.fspath(config))
    known = sessions(passport=replace(PASSPORT, role="", profile="prod"))
    assert known.export_credentials("prod")["AWS_ACCESS_KEY_ID"] == "AKIAPROD"
    # In CI nobody has profiles: the job's own credentials are used, and the account is checked all the same.
    unknown = sessions(passport=replace(PASSPORT, role="", profile="elsewhere"))
    assert unknown.export_credentials("prod")["AWS_ACCESS_KEY_ID"] == "AKIAMINE"


def test_preparation_runs_before_the_first_call(sts: Sts) -> None:
    order: list[str] = []
    Sessions(lambda: order.append(f"prepared before {len(sts.asked)} questions"), lambda _: PASSPORT).fetch_caller(
        "dev"
    )
    assert order == ["prepared before 0 questions"]


ANSWERS = {
    "access is denied": (403, "AccessDenied", "not authorized to perform: sts:AssumeRole", "trust policy"),
    "ones own session is over": (403, "ExpiredToken", "The security token is expired", "sign in again"),
    "ones own keys are unknown": (403, "InvalidClientTokenId", "The token is invalid", "sign in again"),
    "it is something else": (400, "ValidationError", "The duration exceeds the limit", "aws sts get-caller-identity"),
}


@pytest.mark.parametrize(("status", "code", "message", "hint"), ANSWERS.values(), ids=ANSWERS)
def test_refused_role_is_reported_with_a_hint_where(sts: Sts, status: int, code: str, message: str, hint: str) -> None:
    sts.status, sts.text = status, REFUSED.format(code=code, message=message)
    told = problem()
    assert told[:2] == ("E413", f"the role {ROLE} can't be assumed: {message} ({code})")
    assert hint in told[2]


def test_missing_credentials_are_reported_with_a_hint(sts: Sts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    code, message, hint = problem()
    assert code == "E413"
    assert "Unable to locate credentials" in message
    assert hint.startswith("sign in first")


def test_missing_profile_is_reported(sts: Sts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    code, message, hint = problem()
    assert code == "E490"
    assert "nobody" in message
    assert "AWS_PROFILE" in hint


def test_silent_sts_is_waited_for_with_timeout(sts: Sts) -> None:
    sts.text = ""
    code, message, hint = problem(0.2)
    assert code == "E413"
    assert "timeout" in message.lower()
    assert hint.startswith("AWS could not be reached")
    assert len(sts.asked) == ATTEMPTS


def test_unreachable_sts_is_reported(sts: Sts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    assert problem(0.2)[2].startswith("AWS could not be reached")


@pytest.mark.parametrize("status", [200, 403])
def test_clock_skew_is_measured_by_every_response(sts: Sts, status: int) -> None:
    taken = sessions()
    assert taken.clock_skew() is None
    sts.date = format_datetime(datetime.now(UTC) - timedelta(minutes=7), usegmt=True)
    if status != 200:
        sts.status, sts.text = status, REFUSED.format(code="SignatureDoesNotMatch", message="Signature expired")
        with pytest.raises(OperationFailedError):
            taken.fetch_caller("dev")
    else:
        taken.fetch_caller("dev")
    ahead = taken.clock_skew()
    assert ahead is not None
    assert timedelta(minutes=7) <= ahead < timedelta(minutes=8)


def test_sessions_share_service_descriptions() -> None:
    loaders = {id(open_session("", 1, 1)._session.get_component("data_loader")) for _ in range(2)}
    assert len(loaders) == 1
