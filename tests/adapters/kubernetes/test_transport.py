"""A cluster that does not answer, or not well: attempts, tokens, and the error for each cause."""

import ssl
from collections.abc import Callable
from typing import Any

import pytest
import trustme

from envctl.adapters.kubernetes.api import ApiRefusal, ClusterApi
from envctl.domain.errors import EnvctlError, OperationFailedError
from envctl.usecases.ports.kubernetes import ClientCertificate, ClusterConnection
from tests.adapters.kubernetes.scripted_cluster import WEB, WEB_PATH, Clock, connect, says_json, says_status
from tests.adapters.registry.scripted import Says, Server
from tests.faults.site import Site, answer, serving

THROTTLED = Says(429, b"", {"Retry-After": "1"})
BROKEN = Says(200, b"{", breaks=True)
SENT = '{"replace": 1}'


def patch(api: ClusterApi) -> object:
    return api.patch_json(WEB_PATH, [{"op": "test", "path": "/a", "value": 1}], manager="m")


def delete_any(api: ClusterApi) -> object:
    return api.delete(WEB_PATH)


def delete_one(api: ClusterApi) -> object:
    return api.delete(WEB_PATH, uid="u1")


def read(api: ClusterApi) -> object:
    return api.get(WEB_PATH)


def dry_patch(api: ClusterApi) -> object:
    return api.patch_json(WEB_PATH, [], manager="m", dry_run=True)


REPEATED: dict[str, tuple[Callable[[ClusterApi], object], Says, bool]] = {
    "a read that breaks off": (read, BROKEN, True),
    "a read of a server that fails": (read, says_status(500, "InternalError", "etcd"), True),
    "a delete with uid that breaks off": (delete_one, BROKEN, True),
    "a delete without uid may have been done": (delete_any, BROKEN, False),
    "a patch may have been done": (patch, BROKEN, False),
    "a patch that a gateway lost may have been done": (patch, Says(504), False),
    "a throttled patch was not done": (patch, THROTTLED, True),
    "a dry run changes nothing": (dry_patch, BROKEN, True),
}


@pytest.mark.parametrize(("send", "first", "repeats"), REPEATED.values(), ids=REPEATED)
def test_only_harmless_requests_are_sent_again(
    api: ClusterApi, server: Server, send: Callable[[ClusterApi], object], first: Says, repeats: bool
) -> None:
    server.says(WEB_PATH, first, says_json(WEB))
    if repeats:
        assert send(api) == WEB
    else:
        with pytest.raises(OperationFailedError):
            send(api)
    assert len(server.asked) == 1 + repeats


def test_pause_is_what_the_server_asks_for(server: Server, clock: Clock) -> None:
    server.says(WEB_PATH, THROTTLED, THROTTLED, says_json(WEB))
    assert connect(server, clock).get(WEB_PATH) == WEB
    assert clock.pauses == [1, 1]


def test_attempts_end_with_the_patience(server: Server, clock: Clock) -> None:
    server.says(WEB_PATH, Says(503, b"", {"Retry-After": "2"}))
    with pytest.raises(OperationFailedError) as failed:
        connect(server, clock).get(WEB_PATH)
    assert failed.value.problems[0].code == "E625"
    assert clock.pauses == [2, 2]


def test_failing_webhook_is_named(server: Server, clock: Clock) -> None:
    said = 'failed calling webhook "check.example": connection refused'
    server.says(WEB_PATH, says_status(500, "InternalError", said))
    with pytest.raises(OperationFailedError, match=r"it fails with 500: failed calling webhook .check\.example"):
        connect(server, clock).get(WEB_PATH)


class Tokens:
    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[0]}"}

    def renew(self) -> bool:
        if len(self.tokens) > 1:
            self.tokens.pop(0)
            return True
        return False


def test_refused_token_is_renewed_once(server: Server) -> None:
    tokens = Tokens("old", "new", "newest")
    api = connect(server, headers=tokens.headers, renew_credentials=tokens.renew)
    unauthorized = says_status(401, "Unauthorized", "Unauthorized")
    server.says(WEB_PATH, unauthorized, says_json(WEB))
    assert api.get(WEB_PATH) == WEB
    assert [each.headers["Authorization"] for each in server.asked] == ["Bearer old", "Bearer new"]
    server.says(WEB_PATH, unauthorized)
    with pytest.raises(ApiRefusal) as refused:
        api.get(WEB_PATH)
    assert refused.value.problems[0].code == "E623"
    assert len(server.asked) == 4


def test_refused_token_without_another_is_an_error(server: Server) -> None:
    tokens = Tokens("only")
    server.says(WEB_PATH, Says(401, b"Unauthorized"))
    with pytest.raises(ApiRefusal) as refused:
        connect(server, headers=tokens.headers, renew_credentials=tokens.renew).get(WEB_PATH)
    assert refused.value.code == 401
    assert len(server.asked) == 1


STRANGE: dict[str, Says] = {
    "a sign-in page": Says(200, b"<html>", {"Content-Type": "text/html"}),
    "a redirect": Says(302, b"", {"Location": "https://login.example/"}),
    "a page for a missing path": Says(404, b"<html>", {"Content-Type": "text/html"}),
    "a refusal of a proxy": Says(403, b"<html>", {"Content-Type": "text/html"}),
    "a list": Says(200, b"[]"),
    "nothing": Says(200, b""),
}


@pytest.mark.parametrize("says", STRANGE.values(), ids=STRANGE)
def test_answer_of_something_else_is_told(api: ClusterApi, server: Server, says: Says) -> None:
    server.says(WEB_PATH, says)
    with pytest.raises(OperationFailedError) as failed:
        api.get(f"{WEB_PATH}?secret=1")
    [problem] = failed.value.problems
    assert problem.code == "E627"
    assert "secret" not in problem.message


def test_hanging_cluster_ends_in_time(server: Server) -> None:
    server.says(WEB_PATH, Says(hangs=True))
    api = ClusterApi(ClusterConnection(name="cluster", url=f"http://{server.host}"), patience=0.3)
    with pytest.raises(OperationFailedError) as failed:
        api.get(WEB_PATH)
    assert failed.value.problems[0].code == "E622"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://no-such-host.invalid"])
def test_unreachable_cluster_is_told_with_its_address(url: str) -> None:
    api = ClusterApi(ClusterConnection(name="cluster", url=url), patience=1, sleep=Clock().sleep)
    with pytest.raises(OperationFailedError) as failed:
        api.get(WEB_PATH)
    [problem] = failed.value.problems
    assert problem.code == "E620"
    assert url in problem.message


AUTHORITY = trustme.CA()
PEM = AUTHORITY.cert_pem.bytes().decode()


def serving_tls(name: str = "127.0.0.1", *, clients: bool = False) -> Any:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    AUTHORITY.issue_cert(name).configure_cert(context)
    if clients:
        AUTHORITY.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    site = Site(context)
    site.answers = [answer(200, b'{"kind": "Status"}')]
    return serving(site)


def get_over_tls(site: Site, **parts: Any) -> object:
    connection = ClusterConnection(name="cluster", url=site.url, **parts)
    return ClusterApi(connection, patience=2, sleep=Clock().sleep).get("/version")


def test_authority_of_the_cluster_is_trusted_and_no_other() -> None:
    with serving_tls() as site:
        assert get_over_tls(site, authority=PEM) == {"kind": "Status"}
        for other in (trustme.CA().cert_pem.bytes().decode(), ""):
            with pytest.raises(OperationFailedError) as failed:
                get_over_tls(site, authority=other)
            assert failed.value.problems[0].code == "E621"


def test_server_name_is_the_one_in_the_certificate() -> None:
    with serving_tls("kube.example") as site:
        with pytest.raises(OperationFailedError, match="E621"):
            get_over_tls(site, authority=PEM)
        assert get_over_tls(site, authority=PEM, server_name="kube.example") == {"kind": "Status"}


def test_client_certificate_is_shown_to_the_server() -> None:
    issued = AUTHORITY.issue_cert("ann@example.com")
    own = ClientCertificate(
        "".join(each.bytes().decode() for each in issued.cert_chain_pems), issued.private_key_pem.bytes().decode()
    )
    assert "PRIVATE KEY" not in repr(own)
    with serving_tls(clients=True) as site:
        assert get_over_tls(site, authority=PEM, client_certificate=lambda: own) == {"kind": "Status"}
        with pytest.raises(OperationFailedError):
            get_over_tls(site, authority=PEM)


BAD_CERTIFICATES: dict[str, dict[str, Any]] = {
    "an authority that is no PEM": {"authority": "no PEM"},
    "a certificate that is none": {"client_certificate": lambda: ClientCertificate("x", "y")},
    "a key of another certificate": {
        "client_certificate": lambda: ClientCertificate(PEM, AUTHORITY.issue_cert("a").private_key_pem.bytes().decode())
    },
}


@pytest.mark.parametrize("parts", BAD_CERTIFICATES.values(), ids=BAD_CERTIFICATES)
def test_unusable_certificate_is_an_error(parts: dict[str, Any]) -> None:
    with serving_tls() as site, pytest.raises(EnvctlError) as failed:
        get_over_tls(site, **{"authority": PEM, **parts})
    assert failed.value.problems[0].code == "E621"
