"""Five hours of a deployment with roles of one hour: every credential is renewed, by a clock of the test's own.

The STS here knows the time: it refuses tokens and keys that have ended, as AWS does.
"""

import datetime as real
import http.server
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import botocore.credentials
import pytest

from envctl.adapters.aws.aws_clock import AwsClock
from envctl.adapters.aws.credentials import store_credentials
from envctl.adapters.aws.credentials.sessions import Sessions
from envctl.adapters.local.token_file import TokenFile
from envctl.domain.aws.access import AwsCredentialsSpec
from envctl.domain.ci.id_token import read_claims
from envctl.domain.errors import EnvctlError, OperationFailedError, Problem
from tests.adapters.aws.sts_on_loopback import _CALLER, _REFUSED, ROLE, jwt

START = datetime(2026, 11, 25, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
DEPLOYER = "arn:aws:iam::111111111111:role/envctl-deployer"
_GIVEN = """<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result><Credentials>
<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>key</SecretAccessKey><SessionToken>token</SessionToken>
<Expiration>{ends:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>A:x</AssumedRoleId>
<Arn>{arn}</Arn></AssumedRoleUser></{action}Result></{action}Response>"""


@dataclass
class World:
    """A forge and an STS with one clock."""

    now: datetime = START
    url: str = ""
    keys: dict[str, tuple[str, datetime]] = field(default_factory=dict)  # by id: ARN and end
    is_forge_down: bool = False
    exchanges: list[datetime] = field(default_factory=list)

    def request_token(self) -> str:
        if self.is_forge_down:
            raise OperationFailedError(Problem("E496", "it answers 502"))
        ends = self.now + timedelta(minutes=5)
        return jwt({"sub": "repo:acme/shop:ref:x", "iat": self.now.timestamp(), "exp": ends.timestamp()})

    def is_valid(self, key: str) -> bool:
        return key in self.keys and self.now < self.keys[key][1]

    def answer(self, asked: Mapping[str, str], key: str) -> tuple[int, str]:
        action = asked["Action"]
        if action == "AssumeRoleWithWebIdentity":
            if self.now.timestamp() >= read_claims(asked["WebIdentityToken"])["exp"]:
                return 400, _REFUSED.format(code="ExpiredTokenException", message="Token expired")
            self.exchanges.append(self.now)
            return 200, self._give(action, "envctl-ci", "job")
        if not self.is_valid(key):
            return 403, _REFUSED.format(code="ExpiredToken", message="The security token has expired")
        if action == "AssumeRole":
            return 200, self._give(action, "envctl-deployer", asked["RoleSessionName"])
        return 200, _CALLER.format(arn=self.keys[key][0])

    def _give(self, action: str, role: str, session: str) -> str:
        arn, ends = f"arn:aws:sts::111111111111:assumed-role/{role}/{session}", self.now + HOUR
        key = f"ASIA{len(self.keys):016d}"
        self.keys[key] = (arn, ends)
        return _GIVEN.format(action=action, key=key, ends=ends, arn=arn)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = World()

    class Visit(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            key = re.search(r"Credential=(\w+)/", self.headers.get("Authorization", ""))
            status, text = world.answer({name: each[0] for name, each in body.items()}, key[1] if key else "")
            self.send_response_only(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Visit)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    world.url = f"http://127.0.0.1:{server.server_address[1]}"

    class Time(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, real.datetime)

    class Clock(real.datetime, metaclass=Time):
        @classmethod
        def now(cls, tz: real.tzinfo | None = None) -> Any:
            return world.now.astimezone(tz)

    shim = SimpleNamespace(**{name: getattr(real, name) for name in dir(real) if not name.startswith("_")})
    shim.datetime = Clock
    monkeypatch.setattr(botocore.credentials, "datetime", shim)
    monkeypatch.setattr(store_credentials, "datetime", Clock)
    monkeypatch.setattr(AwsClock, "now", lambda _: world.now)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", world.url)
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
    monkeypatch.setenv("AWS_REGION", "ap-northeast-1")
    yield world
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def file(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenFile]:
    file = TokenFile(world.request_token, str(tmp_path), now=lambda: world.now)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", os.fspath(file.create(renew_alone=False)))
    yield file
    file.close()


def spec(environment: str) -> AwsCredentialsSpec:
    return AwsCredentialsSpec(
        environment=environment, region="ap-northeast-1", role=DEPLOYER if environment else "", session="envctl-ann"
    )


def _choose(asking: AwsCredentialsSpec, _: str) -> AwsCredentialsSpec:
    return asking


def store_keys(store: store_credentials.StoreCredentials) -> tuple[str, datetime]:
    """The key that the store gets, and until when it uses it."""
    found = store()
    assert found["expires_at"] is not None
    return found["access_key_id"], found["expires_at"]


def pass_time(world: World, file: TokenFile, until: datetime, each: Callable[[], None]) -> None:
    while world.now < until:
        world.now += timedelta(seconds=30)
        file.renew_if_due()
        each()


def test_five_hours_with_roles_of_one_hour(world: World, file: TokenFile) -> None:
    opened = Sessions(lambda: None, spec, is_token_renewed=lambda: True)
    store, caller = opened.load_store_credentials(), opened.fetch_caller("prod")
    assert store is not None
    assert caller.ends_at is None
    client = opened.open_client("sts", "prod")
    given = store_keys(store)

    def work() -> None:
        nonlocal given
        if world.now >= given[1]:
            given = store_keys(store)
        assert world.is_valid(given[0])
        # As Terraform does, with its own library.
        assert world.now.timestamp() < read_claims(file.path.read_text())["exp"]
        if world.now.minute % 10 == 0:
            assert client.get_caller_identity()["Arn"].endswith("envctl-deployer/envctl-ann")
            assert world.is_valid(opened.export_credentials("prod")["AWS_ACCESS_KEY_ID"])

    pass_time(world, file, START + 5 * HOUR, work)
    # Two sessions, each after 45 minutes or a little more.
    assert 12 <= len(world.exchanges) <= 16
    # The last entry of the ledger.
    assert world.is_valid(store()["access_key_id"])


def test_forge_may_be_down_for_minutes_while_the_role_lasts(world: World, file: TokenFile) -> None:
    opened = Sessions(lambda: None, spec, is_token_renewed=lambda: True)
    client = opened.open_client("sts", "prod")
    store = opened.load_store_credentials()
    assert store is not None

    def work() -> None:
        world.is_forge_down = timedelta(minutes=5) < world.now - START < timedelta(minutes=48)
        assert client.get_caller_identity()["Arn"]
        assert world.is_valid(store()["access_key_id"])

    pass_time(world, file, START + 2 * HOUR, work)
    assert len(world.exchanges) >= 2


def test_token_that_ends_in_the_middle_is_reported(world: World, file: TokenFile) -> None:
    opened = Sessions(lambda: None, spec)
    store = opened.load_store_credentials()
    assert store is not None
    world.is_forge_down = True
    world.now += timedelta(minutes=44)
    file.renew_if_due()
    assert world.is_valid(store()["access_key_id"])
    world.now += timedelta(minutes=10)
    with pytest.raises(Exception, match="ExpiredTokenException"):
        store()
    # Back again: the next call of the store works.
    world.is_forge_down = False
    world.now += timedelta(seconds=30)
    file.renew_if_due()
    assert world.is_valid(store()["access_key_id"])


def test_given_token_counts_until_its_end(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token of GitLab lives as long as its job: until then, boto3 and Terraform get new keys for it."""
    for hours, expected in ((3, START + 3 * HOUR), (0.1, START + HOUR)):
        ends = START + hours * HOUR
        token = tmp_path / "token"
        token.write_text(jwt({"sub": "project_path:acme/shop", "exp": ends.timestamp()}))
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", os.fspath(token))
        assert Sessions(lambda: None, spec).fetch_caller("prod").ends_at == expected


def test_role_of_the_caller_is_never_assumed(world: World, file: TokenFile) -> None:
    same = AwsCredentialsSpec(
        environment="prod", region="ap-northeast-1", role=ROLE.replace("role/", "role/some/path/")
    )
    opened = Sessions(lambda: None, lambda name: same if name else spec(""))
    opened.find_origin()
    asked = len(world.keys)
    with pytest.raises(EnvctlError, match="E498") as raised:
        opened.fetch_caller("prod")
    assert "AWS lets no role assume itself" in raised.value.problems[0].message
    # Refused before AWS was asked.
    assert len(world.keys) == asked


def test_refused_role_assuming_itself_is_named(world: World, file: TokenFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(asked: Mapping[str, str], key: str) -> tuple[int, str]:
        if asked["Action"] == "AssumeRole":
            return 403, _REFUSED.format(code="AccessDenied", message="User is not authorized")
        return World.answer(world, asked, key)

    monkeypatch.setattr(world, "answer", refuse)
    for role, code in ((ROLE, "E498"), (DEPLOYER, "E413")):
        asking = AwsCredentialsSpec(environment="prod", region="ap-northeast-1", role=role)
        with pytest.raises(EnvctlError, match=code) as raised:
            Sessions(lambda: None, partial(_choose, asking)).fetch_caller("prod")
    (only,) = raised.value.problems
    assert only.message.endswith("(AccessDenied); the token has: sub repo:acme/shop:ref:x")
