"""ID tokens of a job, from a runner's token endpoint on loopback: what it answers, and what is said of it."""

import json
from collections.abc import Callable, Iterable, Iterator

import pytest

from envctl.adapters.forge.id_token import GithubIdTokens, can_request_tokens
from envctl.domain.errors import EnvctlError
from envctl.domain.exit_codes import ExitCode
from tests.adapters.aws.sts_on_loopback import jwt
from tests.faults.site import Site, answer, serving

BEARER = "the-bearer-of-the-runner"
TOKEN = jwt({"sub": "repo:acme/shop:environment:prod"})


def given(token: object = TOKEN) -> list[bytes]:
    return answer(200, json.dumps({"count": 1, "value": token}).encode())


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as site:
        yield site


def tokens(url: str, patience: float = 5.0, bearer: str = BEARER) -> GithubIdTokens:
    environ = {"ACTIONS_ID_TOKEN_REQUEST_URL": url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": bearer}
    return GithubIdTokens(environ, patience=patience, pause=0.01)


def refused(asked: GithubIdTokens, expected: str = "E496") -> tuple[str, str, ExitCode]:
    with pytest.raises(EnvctlError, match=expected) as raised:
        asked.request_token("sts.amazonaws.com")
    (only,) = raised.value.problems
    assert BEARER not in f"{only.message}{only.hint}"
    assert "eyJ" not in only.message
    return only.message, only.hint, raised.value.exit_code


def test_token_is_requested_for_the_audience(site: Site) -> None:
    site.answers = [given()]
    seen: list[object] = []
    environ = tokens(f"{site.url}/token?api-version=2.0").environ
    assert GithubIdTokens(environ, seen.append).request_token("sts.amazonaws.com") == TOKEN
    assert seen == [TOKEN]
    (request,) = site.requests
    assert request.startswith("GET /token?api-version=2.0&audience=sts.amazonaws.com HTTP/1.1\r\n")
    assert f"Authorization: Bearer {BEARER}\r\n" in request


def test_each_request_gives_a_new_token(site: Site) -> None:
    first, second = jwt({"jti": "1"}), jwt({"jti": "2"})
    site.answers = [given(first), given(second)]
    asked = tokens(f"{site.url}/token?v=1")
    assert [asked.request_token("a"), asked.request_token("a")] == [first, second]


TEMPORARY: dict[str, Callable[[Site], Iterable[bytes]]] = {
    "502": lambda _: answer(502, b"<html>bad gateway"),
    "503 with a pause": lambda _: answer(503, b"", "Retry-After: 0"),
    "429 with a pause": lambda _: answer(429, b"slow down", "Retry-After: 1"),
    "silence": lambda site: site.silent(),
    "half an answer": lambda _: [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"],
    "no HTTP": lambda _: [b"hello"],
}


@pytest.mark.parametrize("fault", TEMPORARY.values(), ids=list(TEMPORARY))
def test_temporary_failure_is_overcome(site: Site, fault: Callable[[Site], Iterable[bytes]]) -> None:
    site.answers = [fault(site), fault(site), given()]
    assert tokens(f"{site.url}/?v=1", patience=0.3).request_token("a") == TOKEN


def test_lasting_failure_ends_after_four_attempts(site: Site) -> None:
    site.answers = [answer(502)]
    message, hint, code = refused(tokens(f"{site.url}/?v=1"))
    assert message == "GitHub gives the job no ID token for AWS: it answers 502"
    assert (hint, code, len(site.requests)) == ("run the job again", ExitCode.FAILED, 4)


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404])
def test_refusal_is_final_and_names_the_permission(site: Site, status: int) -> None:
    site.answers = [answer(status, b"", "Location: https://example.com/")]
    message, hint, _ = refused(tokens(f"{site.url}/?v=1"))
    assert message.endswith(f"it answers {status}")
    assert "id-token: write" in hint
    assert len(site.requests) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "holds no token"),
        (b"[]", "holds no token"),
        (b'{"value": 7}', "holds no token"),
        (b'{"value": "x"}', "is not a signed JSON Web Token"),
        (b'{"value": "a.b.c"}', "can't be read"),
        (b"{" * 5000, "holds no token"),
        (b"\xff", "holds no token"),
        (b"x" * 100_000, "no connection"),
    ],
)
def test_unusable_answer_is_reported(site: Site, body: bytes, reason: str) -> None:
    site.answers = [answer(200, body)]
    assert reason in refused(tokens(f"{site.url}/?v=1"))[0]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/?v=1",
        "file:///etc/passwd",
        "https://",
        "https://[::1/?",
        "https://example.com:x/",
        "https://exa\nmple.com/",
        "token",
        "https://example.com/\u00fc",
    ],
)
def test_unusable_address_is_a_configuration_error(url: str) -> None:
    message, hint, code = refused(tokens(url), "E497")
    assert message == "ACTIONS_ID_TOKEN_REQUEST_URL is not an address with https"
    assert (hint, code) == ("leave it as GitHub's runner sets it", ExitCode.CONFIGURATION)


@pytest.mark.parametrize("bearer", ["a\nb: c", "\u00fc"])
def test_unusable_bearer_is_a_configuration_error(bearer: str) -> None:
    assert refused(tokens("https://example.com/?v=1", bearer=bearer), "E497")[2] == ExitCode.CONFIGURATION


def test_tokens_need_address_and_bearer() -> None:
    environ = tokens("https://example.com").environ
    assert can_request_tokens(environ)
    for name in environ:
        assert not can_request_tokens({**environ, name: ""})
