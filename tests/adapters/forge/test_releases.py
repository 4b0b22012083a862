"""Where pins were published, asked over loopback: tags of GitHub, and hashes of the package index."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from envctl.adapters.forge.ci_forge import VariableCiForge
from envctl.domain.ci.generated_pins import Pin
from envctl.domain.ci.inspection.settings import Unread
from envctl.domain.ci.pins import PinKind
from tests.adapters.forge.github_server import TOKEN, GithubServer
from tests.adapters.forge.server import Answer, Fault, serving

COMMIT, TAG, OUTER_TAG, HASH = "1" * 40, "2" * 40, "3" * 40, "c" * 64
REF, TAGS = "/repos/actions/checkout/git/ref/tags/v8.0.0", "/repos/actions/checkout/git/tags"
ACTION = f"actions/checkout@{COMMIT} # v8.0.0"


@dataclass
class Published(GithubServer):
    """A GitHub and a package index: documents, or a status and a document, by path."""

    routes: dict[str, Any] = field(default_factory=dict)
    headers: list[Mapping[str, str]] = field(default_factory=list)

    def token(self, headers: Mapping[str, str]) -> str:
        self.headers.append(headers)
        return headers.get("Authorization") or headers.get("authorization", "")

    def answer(self, method: str, path: str, query: Mapping[str, str], body: dict[str, Any], target: str) -> Answer:
        assert method == "GET"
        found = self.routes.get(path, (404, {"message": "Not Found"}))
        return (found[0], found[1], "") if isinstance(found, tuple) else (200, found, "")


@pytest.fixture
def server() -> Iterator[Published]:
    told = Published()
    with serving(told):
        yield told


def find(server: Published, kind: PinKind, new: str, **variables: str) -> object:
    env = {"GITHUB_API_URL": server.url, "GITHUB_TOKEN": TOKEN, "PIP_INDEX_URL": f"{server.url}/simple/", **variables}
    pin = Pin(kind=kind, name=new.partition("@")[0].partition("=")[0], old="", new=new, state="raised")
    found = VariableCiForge(lambda: env, lambda: "").find_digests(pin)
    return found.reason if isinstance(found, Unread) else sorted(found)


def point(sha: str, kind: str = "commit") -> dict[str, Any]:
    return {"ref": "refs/tags/v8.0.0", "object": {"sha": sha, "type": kind}}


def test_tag_leads_to_its_commit(server: Published) -> None:
    server.routes[REF] = point(COMMIT)
    assert find(server, "action", ACTION) == [COMMIT]
    assert server.tokens == {f"Bearer {TOKEN}"}


def test_action_in_folder_is_of_its_repository(server: Published) -> None:
    server.routes[REF] = point(COMMIT)
    assert find(server, "action", ACTION.replace("checkout@", "checkout/deep/down@")) == [COMMIT]


def test_annotated_tag_leads_to_its_commit(server: Published) -> None:
    server.routes |= {
        REF: point(OUTER_TAG, "tag"),
        f"{TAGS}/{OUTER_TAG}": point(TAG, "tag"),
        f"{TAGS}/{TAG}": point(COMMIT),
    }
    assert find(server, "action", ACTION) == [COMMIT]


def test_missing_tag_of_known_repository_is_told(server: Published) -> None:
    """A commit of a fork resolves under this name, but no tag has it."""
    server.routes["/repos/actions/checkout"] = {"id": 1}
    assert find(server, "action", ACTION) == []


def test_unknown_repository_could_not_be_asked(server: Published) -> None:
    """As on a GitHub Enterprise Server without the public actions."""
    assert "GitHub answers 404: Not Found" in str(find(server, "action", ACTION))


def test_nothing_is_asked_without_a_token(server: Published) -> None:
    assert find(server, "action", ACTION, GITHUB_TOKEN=" ") == "GITHUB_TOKEN is not set"
    assert server.asked == []


@pytest.mark.parametrize("document", [[], {}, {"object": None}, {"object": {"type": "tag"}}, [point(COMMIT)]])
def test_odd_answer_is_no_answer(server: Published, document: Any) -> None:
    server.routes[REF] = document
    assert find(server, "action", ACTION) == "GitHub gave an answer that envctl does not understand"


@pytest.mark.parametrize("status", [401, 403, 500])
def test_refusal_could_not_be_asked(server: Published, status: int) -> None:
    server.routes[REF] = (status, {"message": "no"})
    assert f"GitHub answers {status}: no" in str(find(server, "action", ACTION))


def test_image_is_asked_for_nowhere(server: Published) -> None:
    assert find(server, "image", f"python:3@sha256:{HASH}") == "envctl asks no registry of images"
    assert server.asked == []


def file(name: str, sha256: str) -> dict[str, Any]:
    return {"filename": name, "hashes": {"sha256": sha256}, "url": "https://files.example.com"}


LOCKED = f"typing_Extensions==1.4.0 ; python_version > '3' \\\n    --hash=sha256:{HASH}"
FILES = [
    file("typing_extensions-1.4.0-py3-none-any.whl", HASH),
    file("typing-extensions-1.4.0.tar.gz", "d" * 64),
    file("typing_extensions-1.4.0.1-py3-none-any.whl", "e" * 64),
    file("typing_extensions-1.4-py3-none-any.whl", "f" * 64),
]


def test_hashes_of_all_files_of_version_are_listed(server: Published) -> None:
    server.routes["/simple/typing-extensions/"] = {"files": FILES}
    assert find(server, "package", LOCKED, GITHUB_TOKEN="") == [f"sha256:{HASH}", f"sha256:{'d' * 64}"]
    assert server.headers[0]["Accept"] == "application/vnd.pypi.simple.v1+json"
    # The token is for GitHub.
    assert find(server, "package", LOCKED)
    assert server.tokens == {""}


def test_login_of_index_is_sent_to_it_and_never_shown(server: Published) -> None:
    url = server.url.replace("//", "//me:p%40ss@")
    assert find(server, "package", LOCKED, PIP_INDEX_URL=f"{url}/simple") == []
    assert server.tokens == {f"Basic {b64encode(b'me:p@ss').decode()}"}
    server.routes["/simple/typing-extensions/"] = (403, {"message": "no"})
    assert find(server, "package", LOCKED, PIP_INDEX_URL=f"{url}/simple") == "127.0.0.1 answers 403: no"


def test_version_that_index_lacks_is_told(server: Published) -> None:
    server.routes["/simple/typing-extensions/"] = {"files": FILES[3:]}
    assert find(server, "package", LOCKED) == []


def test_index_without_json_could_not_be_asked(server: Published) -> None:
    server.faults.append(Fault("GET", data=b"<html></html>"))
    assert find(server, "package", LOCKED) == "127.0.0.1 gave an answer that envctl does not understand"


@pytest.mark.timeout(60)
def test_unreachable_index_is_asked_once(server: Published) -> None:
    env = {"PIP_INDEX_URL": "http://127.0.0.1:1/simple"}
    forge = VariableCiForge(lambda: env, lambda: "")
    pin = Pin(kind="package", name="a", old="", new=LOCKED, state="raised")
    first, *others = [forge.find_digests(pin) for _ in range(50)]
    assert first == Unread("127.0.0.1 can't be reached (no connection)")
    assert set(map(repr, others)) == {repr(first)}
