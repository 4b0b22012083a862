"""Who is at work, and what this machine remembers."""

import getpass
import json
import subprocess
from datetime import UTC
from pathlib import Path

import pytest

from envctl.adapters.local.machine import MAX_COPIES, FileHeadCache, LocalIdentity, SystemClock
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.run_start import RunStart

ACTIONS = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_ACTOR": "octocat",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_RUN_ID": "7",
}
RUN = "https://github.com/acme/shop/actions/runs/7"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder outside of any repository, of a user whose git knows nothing."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.setenv("LOGNAME", "cat")
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def repository(project: Path, email: str = "") -> None:
    subprocess.run(["git", "init", "-q", "."], cwd=project, check=True)
    if email:
        subprocess.run(["git", "config", "user.email", email], cwd=project, check=True)


IDENTITIES: dict[str, tuple[dict[str, str], str, Actor]] = {
    "the actor of a run in GitHub Actions": (ACTIONS, "ann@example.com", Actor("octocat", via="github", run_url=RUN)),
    "the actor alone where the run is not known": (
        {"GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "octocat"},
        "",
        Actor("octocat", via="github"),
    ),
    "a GITHUB_ACTOR outside of Actions is nobody": ({"GITHUB_ACTOR": "octocat"}, "ann@example.com",
                                                    Actor("ann@example.com")),
    "the user of a job in GitLab": (
        {"GITLAB_CI": "true", "GITLAB_USER_LOGIN": "octocat", "CI_JOB_URL": "https://gitlab.com/acme/shop/-/jobs/1"},
        "ann@example.com",
        Actor("octocat", via="gitlab", run_url="https://gitlab.com/acme/shop/-/jobs/1"),
    ),
    "a user of GitLab outside of a job is nobody": ({"GITLAB_USER_LOGIN": "octocat"}, "ann@example.com",
                                                    Actor("ann@example.com")),
    "the author's address of the environment": ({"GIT_AUTHOR_EMAIL": "bob@example.com"}, "ann@example.com",
                                                Actor("bob@example.com")),
    "the address that git knows": ({}, "ann@example.com", Actor("ann@example.com")),
    "the user of this machine": ({}, "", Actor("cat")),
}  # fmt: skip


@pytest.mark.parametrize(("environment", "email", "expected"), IDENTITIES.values(), ids=IDENTITIES.keys())
def test_local_actor_is_identified(project: Path, environment: dict[str, str], email: str, expected: Actor) -> None:
    repository(project, email)
    assert LocalIdentity(project, environment).identify_actor() == expected


@pytest.mark.parametrize(
    ("variables", "system"),
    [(ACTIONS, "github"), ({"GITLAB_CI": "true", "GITLAB_USER_LOGIN": "octocat"}, "gitlab")],
    ids=["github", "gitlab"],
)
def test_schedule_acts_under_its_own_name(project: Path, variables: dict[str, str], system: str) -> None:
    start = RunStart(schedule="schedule of acme/shop, run 7", machines=("schedule",))
    found = LocalIdentity(project, variables, start)
    assert (found.identify_actor().name, found.identify_actor().via) == (start.schedule, system)
    assert found.find_start() == start


def test_actor_outside_of_repository_is_the_user(project: Path) -> None:
    assert LocalIdentity(project, {}).identify_actor() == Actor("cat")


def test_actor_without_git_is_the_user(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert LocalIdentity(project, {}).identify_actor() == Actor("cat")


def test_user_without_name_gets_a_number(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert LocalIdentity(project, {}).identify_actor().name.startswith("user ")


def test_local_name_is_unverified() -> None:
    assert str(Actor("cat")) == "cat (unverified)"


def test_the_clock_is_in_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def witness(file: Path, store: str = "file://store") -> FileHeadCache:
    return FileHeadCache(file, lambda: store)


def test_head_cache_remembers_last_entry_of_each_store(tmp_path: Path) -> None:
    file = tmp_path / "home" / "witness.json"
    assert witness(file).load_head() is None
    witness(file).save_head(1, "a")
    witness(file).save_head(2, "b")
    witness(file, "s3://other").save_head(9, "c")
    assert witness(file).load_head() == (2, "b")
    assert witness(file, "s3://other").load_head() == (9, "c")
    assert [path.name for path in file.parent.iterdir()] == ["witness.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", "7", '{"file://store": 1}', '{"file://store": [1]}'])
def test_unreadable_head_cache_is_empty(tmp_path: Path, content: str) -> None:
    file = tmp_path / "witness.json"
    file.write_text(content)
    assert witness(file).load_head() is None
    witness(file).save_head(1, "a")
    assert json.loads(file.read_text()) == {"file://store": [1, "a"]}


def test_unwritable_head_cache_is_tolerated(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where a folder should be")
    witness(tmp_path / "home" / "witness.json").save_head(1, "a")
    witness(tmp_path / "home" / "deeper" / "witness.json").save_head(1, "a")
    assert witness(tmp_path / "home" / "witness.json").load_head() is None
    (tmp_path / "witness.json").mkdir()
    witness(tmp_path / "witness.json").save_head(1, "a")
    assert {path.name for path in tmp_path.iterdir()} == {"home", "witness.json"}


def test_copies_are_those_of_their_store(tmp_path: Path) -> None:
    file = tmp_path / "home" / "witness.json"
    assert witness(file, "s3://a").load_copies() == {}
    witness(file, "s3://a").save_copies({2: b"two", 3: "drei \N{SNOWMAN}".encode()})
    assert witness(file, "s3://a").load_copies() == {2: b"two", 3: "drei \N{SNOWMAN}".encode()}
    assert witness(file, "s3://b").load_copies() == {}
    assert [path.name for path in file.parent.iterdir()] == ["entries.json"]


def test_store_on_disk_has_no_copies(tmp_path: Path) -> None:
    file = tmp_path / "home" / "witness.json"
    witness(file).save_copies({1: b"one"})
    assert witness(file).load_copies() == {}
    assert not file.parent.exists()


def test_only_newest_copies_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "witness.json"
    witness(file, "s3://a").save_copies(dict.fromkeys(range(MAX_COPIES + 5), b"x"))
    assert sorted(witness(file, "s3://a").load_copies()) == list(range(5, MAX_COPIES + 5))


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "7", "{}", '{"store": "s3://a"}', '{"store": "s3://a", "entries": [1]}'),
        *('{"store": "s3://a", "entries": {"x": "y"}}', '{"store": "s3://a", "entries": {"1": 2}}'),
        '{"store": "s3://a", "entries": {"1": "\\ud800"}}',
    ],
)
def test_unreadable_copies_are_none(tmp_path: Path, content: str) -> None:
    file = tmp_path / "witness.json"
    file.with_name("entries.json").write_text(content)
    assert witness(file, "s3://a").load_copies() == {}


def test_unwritable_copies_are_tolerated(tmp_path: Path) -> None:
    (tmp_path / "entries.json").mkdir()
    witness(tmp_path / "witness.json", "s3://a").save_copies({1: b"one"})
    assert [path.name for path in tmp_path.iterdir()] == ["entries.json"]
