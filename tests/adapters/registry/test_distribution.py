"""The distribution API against a server on loopback that answers as it is told: logins, redirects, faults and lies."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest

from envctl.adapters.http.retry import TemporaryError
from envctl.adapters.registry.distribution import RegistryApi
from envctl.adapters.registry.login import Login
from envctl.adapters.registry.transport import Limits, Transport
from envctl.domain.errors import OperationFailedError
from envctl.domain.images.manifest import MAX_MANIFEST_BYTES, Descriptor, compute_digest
from tests.adapters.registry.oci import MANIFEST, single
from tests.adapters.registry.scripted import Says, Server, serving

CONTENT = single("told")
DIGEST, (KIND, BYTES) = CONTENT.digest, CONTENT.manifests[CONTENT.digest]
LAYER = b"a layer"
PART = Descriptor("layer", compute_digest(LAYER), len(LAYER))
USUAL = Limits(2, 2, 2, 3)
LOGIN = Login("ann", "secret")
MANIFEST_URL, BLOB_URL = f"/v2/shop/manifests/{DIGEST}", f"/v2/shop/blobs/{PART.digest}"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as told:
        yield told


@pytest.fixture
def storage() -> Iterator[Server]:
    """Another host than the registry."""
    with serving() as told:
        yield told


@dataclass
class Client:
    pauses: list[float] = field(default_factory=list)
    logins: int = 0

    def of(self, server: Server, login: Login | None = LOGIN, limits: Limits = USUAL) -> RegistryApi:
        def who() -> Login | None:
            self.logins += 1
            return login

        return RegistryApi(Transport(server.host, {}, limits, self.pauses.append), who)


@pytest.fixture
def client() -> Client:
    return Client()


def bearer(server: Server, realm: str = "", scope: str = "repository:shop:pull") -> Says:
    where = realm or f"http://{server.host}/token"
    return Says(401, headers={"WWW-Authenticate": f'Bearer realm="{where}",service="registry",scope="{scope}"'})


def token(text: str) -> Says:
    return Says(body=json.dumps({"token": text}).encode())


GIVEN = Says(body=BYTES, headers={"Content-Type": KIND})


def problem(call: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(OperationFailedError) as raised:
        call()
    (only,) = raised.value.problems
    assert only.hint
    assert "\n" not in only.message
    return only.code, only.message


def test_no_login_is_sent_without_a_challenge(server: Server, client: Client) -> None:
    server.says(MANIFEST_URL, GIVEN)
    found = client.of(server).fetch_manifest("shop", DIGEST)
    assert found is not None
    assert (found.digest, found.media_type, found.data) == (DIGEST, MANIFEST, BYTES)
    assert client.logins == 0
    (asked,) = server.asked
    assert "Authorization" not in asked.headers
    assert "application/vnd.oci.image.index.v1+json" in asked.headers["Accept"]
    assert "application/vnd.docker.distribution.manifest.list.v2+json" in asked.headers["Accept"]


def test_token_is_fetched_once_with_login_and_scope(server: Server, client: Client) -> None:
    server.says(MANIFEST_URL, bearer(server), GIVEN)
    server.says("/token", token("t0ken"))
    registry = client.of(server)
    registry.fetch_manifest("shop", DIGEST)
    registry.fetch_manifest("shop", DIGEST)
    assert server.paths() == [f"GET {MANIFEST_URL}", "GET /token", f"GET {MANIFEST_URL}", f"GET {MANIFEST_URL}"]
    fetched = server.asked[1]
    assert parse_qs(urlsplit(fetched.path).query) == {"service": ["registry"], "scope": ["repository:shop:pull"]}
    assert fetched.headers["Authorization"] == LOGIN.basic_authorization == f"Basic {b64encode(b'ann:secret').decode()}"
    assert [each.headers.get("Authorization") for each in server.asked[2:]] == ["Bearer t0ken"] * 2


def test_token_is_fetched_without_a_login_too(server: Server, client: Client) -> None:
    server.says(MANIFEST_URL, bearer(server), GIVEN)
    server.says("/token", token("t0ken"))
    assert client.of(server, None).fetch_manifest("shop", DIGEST)
    assert "Authorization" not in server.asked[1].headers


def test_an_identity_is_exchanged_for_a_token(server: Server, client: Client) -> None:
    server.says(MANIFEST_URL, bearer(server), GIVEN)
    server.says("/token", Says(body=json.dumps({"access_token": "t0ken"}).encode()))
    assert client.of(server, Login("", "refresh", is_token=True)).fetch_manifest("shop", DIGEST)
    assert server.asked[1].method == "POST"
    assert "Authorization" not in server.asked[1].headers
    form = parse_qs(server.asked[1].body.decode())
    assert (form["grant_type"], form["refresh_token"]) == (["refresh_token"], ["refresh"])


def test_expired_token_is_renewed(server: Server, client: Client) -> None:
    server.says(MANIFEST_URL, bearer(server), GIVEN, bearer(server), GIVEN)
    server.says("/token", token("first"), token("second"))
    registry = client.of(server)
    assert registry.fetch_manifest("shop", DIGEST)
    assert registry.fetch_manifest("shop", DIGEST)
    assert server.asked[-1].headers["Authorization"] == "Bearer second"


NO_LOGIN: dict[str, tuple[Says, str]] = {
    "a token without a login": (Says(403), "E432"),
    "no token": (Says(body=b"{}"), "E434"),
    "something that is not JSON": (Says(body=b"<html>"), "E434"),
    "a list": (Says(body=b"[]"), "E434"),
    "a token with a line of its own": (Says(body=json.dumps({"token": "a\r\nX-Evil: 1"}).encode()), "E434"),
}


@pytest.mark.parametrize(("says", "code"), NO_LOGIN.values(), ids=NO_LOGIN.keys())
def test_invalid_token_response_is_refused(server: Server, client: Client, says: Says, code: str) -> None:
    server.says(MANIFEST_URL, bearer(server), GIVEN)
    server.says("/token", says)
    assert problem(lambda: client.of(server).fetch_manifest("shop", DIGEST))[0] == code


def test_a_login_is_never_sent_in_the_clear(server: Server, client: Client) -> None:
    for realm in ("http://tokens.example.com/token", "ftp://127.0.0.1/token", "http://ann@127.0.0.1/token", "nonsense"):
        server.says(MANIFEST_URL, bearer(server, realm))
        code, message = problem(lambda: client.of(server).fetch_manifest("shop", DIGEST))
        assert code == "E434"
        assert "secret" not in message


@pytest.mark.parametrize("url", ["http://registry.example.com/v2/", "http://127.0.0.1/v2/", "file:///etc/passwd"])
def test_remote_registry_must_redirect_to_https(url: str) -> None:
    transport = Transport("registry.example.com", {}, Limits())
    assert problem(lambda: transport.require_https(url))[0] == "E434"
    transport.require_https("https://elsewhere.example.com/x")


def test_redirected_layer_is_fetched_without_credentials(server: Server, storage: Server, client: Client) -> None:
    moved = Says(307, headers={"Location": f"http://{storage.host}/layer?signature=1"})
    server.says(BLOB_URL, bearer(server), Says(headers={"Docker-Content-Digest": PART.digest}), moved)
    server.says("/token", token("t0ken"))
    storage.says("/layer", Says(body=LAYER))
    with client.of(server).open_blob("shop", PART) as pieces:
        assert b"".join(pieces) == LAYER
    assert server.asked[-1].headers["Authorization"] == "Bearer t0ken"
    (asked,) = storage.asked
    assert "Authorization" not in asked.headers
    assert asked.path == "/layer?signature=1"


def test_redirect_on_same_host_keeps_credentials(server: Server, client: Client) -> None:
    server.says(MANIFEST_URL, bearer(server), Says(302, headers={"Location": "/other"}))
    server.says("/token", token("t0ken"))
    server.says("/other", GIVEN)
    assert client.of(server).fetch_manifest("shop", DIGEST)
    assert server.asked[-1].headers["Authorization"] == "Bearer t0ken"


def test_upload_to_another_host_has_no_credentials(server: Server, storage: Server, client: Client) -> None:
    uploads = "/v2/shop/blobs/uploads/"
    server.says(uploads, bearer(server), Says(202, headers={"Location": f"http://{storage.host}/up?id=1"}))
    server.says("/token", token("t0ken"))
    storage.says("/up", Says(202, headers={"Location": "/up?id=2"}), Says(201))
    registry = client.of(server)
    location = registry.start_upload("shop", PART, "")
    registry.upload_blob("shop", PART, location, iter([LAYER[:3], LAYER[3:]]))
    sent, ended = storage.asked
    assert (sent.method, sent.path, sent.body) == ("PATCH", "/up?id=1", LAYER)
    assert (ended.method, parse_qs(urlsplit(ended.path).query)) == ("PUT", {"id": ["2"], "digest": [PART.digest]})
    assert not any("Authorization" in asked.headers for asked in storage.asked)


def test_redirect_loop_is_ended(server: Server, client: Client) -> None:
    server.says(MANIFEST_URL, Says(302, headers={"Location": MANIFEST_URL}))
    assert problem(lambda: client.of(server).fetch_manifest("shop", DIGEST))[0] == "E434"
    assert len(server.asked) == 5


LIES: dict[str, Says] = {
    "other bytes": Says(body=BYTES + b" ", headers={"Content-Type": KIND}),
    "more than a manifest may be": Says(body=b" " * (MAX_MANIFEST_BYTES + 1)),
    "something that answers with another status": Says(204),
}


@pytest.mark.parametrize("says", LIES.values(), ids=LIES.keys())
def test_content_with_wrong_digest_is_refused(server: Server, client: Client, says: Says) -> None:
    server.says(MANIFEST_URL, says)
    assert problem(lambda: client.of(server).fetch_manifest("shop", DIGEST))[0] == "E434"


def test_tag_is_resolved_by_hash_and_mismatch_refused(server: Server, client: Client) -> None:
    tagged = "/v2/shop/manifests/1.4"
    server.says(tagged, GIVEN)
    found = client.of(server).fetch_manifest("shop", "1.4")
    assert found is not None
    assert found.digest == DIGEST == f"sha256:{hashlib.sha256(BYTES).hexdigest()}"
    other = {"Content-Type": KIND, "Docker-Content-Digest": "sha256:" + "0" * 64}
    server.says(tagged, Says(body=BYTES, headers=other))
    assert problem(lambda: client.of(server).fetch_manifest("shop", "1.4"))[0] == "E434"
    server.says(MANIFEST_URL, Says(headers=other))
    assert problem(lambda: client.of(server).has_content("manifests", "shop", DIGEST))[0] == "E434"


@pytest.mark.parametrize("body", [b"no JSON", b"[]", b'{"mediaType": "text/plain"}', b"[" * 100_000])
def test_malformed_manifest_is_refused(server: Server, client: Client, body: bytes) -> None:
    server.says("/v2/shop/manifests/1", Says(body=body))
    assert problem(lambda: client.of(server).fetch_manifest("shop", "1"))[0] == "E434"


BUSY = {"too many at once": 429, "a bad day": 500, "nobody behind it": 502, "overloaded": 503, "too slow": 504}


@pytest.mark.parametrize("status", BUSY.values(), ids=BUSY.keys())
def test_busy_registry_is_retried(server: Server, client: Client, status: int) -> None:
    server.says(MANIFEST_URL, Says(status), Says(status), GIVEN)
    assert client.of(server).fetch_manifest("shop", DIGEST)
    first, second = client.pauses
    assert 0 < first < second < 10


def test_retry_after_is_followed_up_to_a_limit(server: Server, client: Client) -> None:
    server.says(
        MANIFEST_URL, Says(429, headers={"Retry-After": "3"}), Says(429, headers={"Retry-After": "3600"}), GIVEN
    )
    assert client.of(server).fetch_manifest("shop", DIGEST)
    assert client.pauses == [3, 10]


FAULTS: dict[str, tuple[Says, str]] = {
    "it is busy each time": (Says(503), "answers 503"),
    "it hangs": (Says(hangs=True), "did not answer in time"),
    "it breaks off": (Says(body=BYTES[:20], breaks=True), "broke off before its answer was complete"),
    "it drips": (Says(body=BYTES, drips=True), "did not answer in time"),
}


@pytest.mark.parametrize(("says", "why"), FAULTS.values(), ids=FAULTS.keys())
def test_failing_registry_is_given_up_after_retries(server: Server, client: Client, says: Says, why: str) -> None:
    server.says(MANIFEST_URL, says)
    registry = client.of(server, limits=Limits(0.3, 0.3, 0.3, 2))
    code, message = problem(lambda: registry.fetch_manifest("shop", DIGEST))
    assert (code, message) == ("E433", f"the registry {server.host} can't be reached: it {why}")
    assert len(server.asked) == 2


LAYERS: dict[str, tuple[Says, str]] = {
    "another one": (Says(body=b"a lawyer"[:7]), "E434"),
    "a longer one": (Says(body=LAYER + b"!"), "E434"),
    "half of it": (Says(body=LAYER[:3], breaks=True), "E433"),
    "a shorter one": (Says(body=LAYER[:3]), "E433"),
}


@pytest.mark.parametrize(("says", "code"), LAYERS.values(), ids=LAYERS.keys())
def test_wrong_layer_is_refused_before_its_last_piece(server: Server, client: Client, says: Says, code: str) -> None:
    server.says(BLOB_URL, Says(headers={"Docker-Content-Digest": PART.digest}), says)
    read = bytearray()
    with pytest.raises(TemporaryError) as raised, client.of(server).open_blob("shop", PART) as pieces:
        for piece in pieces:
            read += piece
    assert isinstance(raised.value.last, OperationFailedError)
    assert [each.code for each in raised.value.last.problems] == [code]
    assert len(read) < len(LAYER)


def test_control_characters_of_registry_messages_are_removed(server: Server, client: Client) -> None:
    server.says(MANIFEST_URL, Says(403, b"\x1b[31mno\x1b]0;title\x07\r\nway" + b"x" * 1000))
    code, message = problem(lambda: client.of(server).fetch_manifest("shop", DIGEST))
    assert code == "E432"
    assert message.isprintable()
    assert len(message) < 400


def test_upload_to_missing_repository_is_refused(server: Server, client: Client) -> None:
    code, message = problem(lambda: client.of(server).start_upload("shop", PART, ""))
    assert (code, "no repository shop" in message) == ("E435", True)
