"""One comment of a pull request, and one issue for each drift: kept, and never doubled."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from envctl.adapters.forge.github import GithubApi
from envctl.cli.app import run
from envctl.cli.ci.conversation import LABEL, keep_comment, keep_issues, marked
from envctl.domain.errors import OperationFailedError
from envctl.usecases.drifted import Drift, EnvironmentDrift, StackDrift
from tests.adapters.forge.server import PERSON, REPOSITORY, TOKEN, Forge, forge
from tests.cli.render.samples.outcomes import DRIFTED


@pytest.fixture
def server() -> Iterator[Forge]:
    with forge() as server:
        yield server


@pytest.fixture
def api(server: Forge) -> GithubApi:
    return GithubApi(REPOSITORY, TOKEN, server.url, patience=2, pause=0.01)


def written(server: Forge) -> list[str]:
    return [method for method, _ in server.asked if method != "GET"]


def test_a_comment_is_made_once_and_then_kept(api: GithubApi, server: Forge) -> None:
    keep_comment(api, 7, "plan", "one\n")
    keep_comment(api, 7, "plan", "one\n")
    keep_comment(api, 7, "plan", "two\n")
    keep_comment(api, 7, "plan of another", "three\n")
    assert [each["body"] for each in server.comments] == [
        "<!-- envctl: plan -->\ntwo\n",
        "<!-- envctl: plan of another -->\nthree\n",
    ]
    assert written(server) == ["POST", "PATCH", "POST"]


def test_what_a_person_wrote_is_left_alone_whatever_mark_it_bears(api: GithubApi, server: Forge) -> None:
    server.add_comment(marked("plan", "mine"), PERSON)
    server.add_comment("quoted: " + marked("plan", "one"))
    keep_comment(api, 7, "plan", "one")
    assert [each["body"] for each in server.comments] == [
        marked("plan", "mine"),
        "quoted: " + marked("plan", "one"),
        marked("plan", "one"),
    ]


def drifted(environment: str, stacks: tuple[StackDrift, ...] = DRIFTED) -> EnvironmentDrift:
    return EnvironmentDrift(environment, "r1", "drifted", stacks)


def clean(environment: str, *, whole: bool = True) -> EnvironmentDrift:
    return EnvironmentDrift(environment, "r1", "clean", (StackDrift("web", "clean"),), whole=whole)


def open_issues(server: Forge) -> list[str]:
    return [each["title"] for each in server.issues if each["state"] == "open"]


def test_an_issue_is_opened_updated_and_closed(api: GithubApi, server: Forge) -> None:
    keep_issues(api, Drift((drifted("prod"), clean("dev"))))
    assert open_issues(server) == ["Drift in prod"]
    assert server.issues[0]["labels"] == [LABEL]
    assert "aws_eip.this" in server.issues[0]["body"]
    keep_issues(api, Drift((drifted("prod"), drifted("dev"))))
    assert open_issues(server) == ["Drift in prod", "Drift in dev"]
    keep_issues(api, Drift((drifted("prod", DRIFTED[:1]), clean("dev"))))
    assert open_issues(server) == ["Drift in prod"]
    assert "aws_eip.this" not in server.issues[0]["body"]
    assert written(server) == ["POST", "POST", "PATCH", "PATCH"]


@pytest.mark.parametrize(
    "unsure",
    [
        EnvironmentDrift("prod", "r1", "unknown"),
        clean("prod", whole=False),
    ],
    ids=["unknown", "clean in part"],
)
def test_what_nobody_knows_for_sure_closes_nothing(api: GithubApi, server: Forge, unsure: EnvironmentDrift) -> None:
    keep_issues(api, Drift((drifted("prod"),)))
    keep_issues(api, Drift((unsure,)))
    assert open_issues(server) == ["Drift in prod"]


def test_an_issue_of_a_person_is_left_alone(api: GithubApi, server: Forge) -> None:
    server.add_issue("Drift in prod", marked("drift in prod", ""), LABEL, PERSON)
    keep_issues(api, Drift((clean("prod"),)))
    assert open_issues(server) == ["Drift in prod"]


def test_one_that_fails_keeps_no_other_from_being_told(api: GithubApi, server: Forge) -> None:
    server.fails += [("POST", 502, {"message": "busy"})]
    with pytest.raises(OperationFailedError, match="answers 502"):
        keep_issues(api, Drift((drifted("dev"), drifted("prod"))))
    assert open_issues(server) == ["Drift in prod"]


@pytest.fixture
def job(project: Path, server: Forge, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Forge:
    """A job for a pull request, with some variables otherwise where they are given."""
    for name, value in {**server.environment, **getattr(request, "param", {})}.items():
        monkeypatch.setenv(name, value)
    return server


def test_a_command_keeps_its_comment(job: Forge) -> None:
    assert run(["why", "staging", "--comment"]) == 0
    assert run(["why", "staging", "--comment"]) == 0
    assert run(["promote", "dev", "staging", "--yes", "--comment"]) == 3
    first, second = (each["body"] for each in job.comments)
    assert first.startswith("<!-- envctl: why -->\n## ")
    assert second.startswith("<!-- envctl: promote -->\n## ")


def test_a_comment_that_can_not_be_written_is_no_success(job: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    job.fails += [("POST", 403, {"message": "Resource not accessible by integration"})] * 2
    assert run(["why", "staging", "--comment"]) == 1
    said = capsys.readouterr()
    assert "E036" in said.err
    assert "G101" in said.out
    # What is worse already stays as it is.
    assert run(["promote", "dev", "staging", "--yes", "--comment"]) == 3


@pytest.mark.parametrize(
    ("job", "words", "said"),
    [
        ({"GITHUB_ACTIONS": ""}, "why staging --comment", "this is none"),
        ({}, "why staging --comment --no-ci", "this is none"),
        ({"GITHUB_TOKEN": ""}, "drift --issues", "no token"),
        ({"GITHUB_REF": "refs/heads/main"}, "why staging --comment", "no pull request"),
        ({"GITHUB_ACTIONS": "", "GITLAB_CI": "true"}, "drift --issues", "GitHub Actions alone"),
    ],
    indirect=["job"],
)
def test_before_anything_is_done_it_is_said_that_nobody_could_be_told(
    job: Forge, capsys: pytest.CaptureFixture[str], words: str, said: str
) -> None:
    assert run(words.split()) == 64
    told = capsys.readouterr()
    assert "E037" in told.err
    assert said in " ".join(told.err.split())
    assert told.out == ""
    assert job.asked == []
