"""What GitLab alone does; what every forge does is in tests/contract/test_forges.py."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from envctl.adapters.forge.gitlab import GitlabApi, escape_quick_actions
from envctl.domain.errors import OperationFailedError
from tests.adapters.forge.gitlab_server import MYSELF, GitlabServer, gitlab


@pytest.fixture
def server() -> Iterator[GitlabServer]:
    with gitlab() as server:
        yield server


@pytest.fixture
def api(server: GitlabServer) -> GitlabApi:
    return server.api(patience=2, pause=0.01, name="acme/shop")


def test_token_owner_is_read_once(api: GitlabApi, server: GitlabServer) -> None:
    for number in range(3):
        server.add_comment(f"{number}", machine=number != 1)
    assert [note.machine for note in api.list_comments(7)] == [True, False, True]
    assert server.asked.count(("GET", "/api/v4/user")) == 1


def test_comment_without_author_is_not_by_machine(api: GitlabApi, server: GitlabServer) -> None:
    server.add_comment("one")
    server.comments[0]["author"] = None
    assert [note.machine for note in api.list_comments(7)] == [False]


def test_system_note_is_no_comment(api: GitlabApi, server: GitlabServer) -> None:
    server.add_comment("changed the description", author={"id": MYSELF}, system=True)
    assert list(api.list_comments(7)) == []


TEXT = """## dev
/close
  /merge at once
a /label in the middle
/usr/bin
```diff
/assign @all
````
```
- /close
"""


def test_quick_actions_of_gitlab_are_escaped(api: GitlabApi, server: GitlabServer) -> None:
    api.add_comment(7, TEXT)
    api.edit_comment(7, 100, TEXT)
    api.open_issue("Drift in prod", TEXT, "drift")
    api.edit_issue(1, TEXT)
    assert server.carried_out == []
    kept = server.comments[0]["body"]
    assert (
        kept
        == TEXT.replace("\n/close", "\n\\/close")
        .replace("  /merge", "  \\/merge")
        .replace("\n/usr", "\n\\/usr")
        .rstrip()
    )
    assert server.bodies == [kept]
    assert escape_quick_actions(kept) == kept


def test_server_executes_quick_actions(api: GitlabApi, server: GitlabServer) -> None:
    api._rest.send_json("POST", "merge_requests/7/notes", {"body": TEXT})
    assert server.carried_out == ["close", "merge", "usr"]


@pytest.mark.parametrize(
    ("status", "hint"),
    [(401, "renew ENVCTL_GITLAB_TOKEN"), (403, "scope api"), (404, "Reporter"), (500, "check the message of GitLab")],
)
def test_refusal_names_the_missing_token_scope(api: GitlabApi, server: GitlabServer, status: int, hint: str) -> None:
    server.fails += [("POST", status, {"message": "no"})]
    with pytest.raises(OperationFailedError) as raised:
        api.add_comment(7, "a plan")
    (problem,) = raised.value.problems
    assert problem.message.startswith(f"GitLab (acme/shop) answers {status}")
    assert hint in problem.hint


def test_private_gitlab_is_trusted_by_its_own_authority(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    with gitlab(context) as server:
        server.api(authorities=f"{file}").add_comment(7, "a plan")
        assert [each["body"] for each in server.comments] == ["a plan"]
        with pytest.raises(OperationFailedError, match="can't be reached"):
            server.api(pause=0.01).add_comment(7, "another")
