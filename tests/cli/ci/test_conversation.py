"""One comment of a pull request, and one issue for each drift: kept, and never doubled."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from envctl.cli.boundary import PROCESS_ENVIRONMENT, _publish_outcome
from envctl.cli.ci.forge_publisher import LABEL, Forge, add_marker, update_drift_issues, upsert_comment
from envctl.cli.entry import run
from envctl.cli.options.global_options import Options
from envctl.domain.errors import EnvctlError, OperationFailedError, Problem
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.usecases.drift.result import Drift, EnvironmentDrift, StackDrift
from tests.adapters.forge.github_server import github
from tests.adapters.forge.gitlab_server import gitlab
from tests.adapters.forge.server import Server
from tests.cli.render.samples.outcomes import DRIFTED


@pytest.fixture(params=[github, gitlab])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with request.param() as server:
        yield server


@pytest.fixture
def api(server: Server) -> Forge:
    return server.api(patience=2, pause=0.01)


def written(server: Server) -> list[str]:
    """GitLab changes with PUT what GitHub changes with PATCH."""
    return [method.replace("PUT", "PATCH") for method in server.written]


def comments(server: Server) -> list[str]:
    """GitLab leaves off what ends a text."""
    return [each["body"].rstrip() for each in server.comments]


def test_comment_is_created_once_and_then_updated(api: Forge, server: Server) -> None:
    upsert_comment(api, 7, "plan", "one\n")
    upsert_comment(api, 7, "plan", "one\n")
    upsert_comment(api, 7, "plan", "two\n")
    upsert_comment(api, 7, "plan of another", "three\n")
    assert comments(server) == ["<!-- envctl: plan -->\ntwo", "<!-- envctl: plan of another -->\nthree"]
    assert written(server) == ["POST", "PATCH", "POST"]


def test_comment_of_a_person_is_left_alone(api: Forge, server: Server) -> None:
    server.add_comment(add_marker("plan", "mine"), machine=False)
    server.add_comment("quoted: " + add_marker("plan", "one"))
    upsert_comment(api, 7, "plan", "one")
    assert comments(server) == [
        add_marker("plan", "mine"),
        "quoted: " + add_marker("plan", "one"),
        add_marker("plan", "one"),
    ]


def drifted(environment: str, stacks: tuple[StackDrift, ...] = DRIFTED) -> EnvironmentDrift:
    return EnvironmentDrift(environment, "r1", "drifted", stacks)


def clean(environment: str, *, whole: bool = True) -> EnvironmentDrift:
    return EnvironmentDrift(environment, "r1", "clean", (StackDrift("web", "clean"),), whole=whole)


def test_an_issue_is_opened_updated_and_closed(api: Forge, server: Server) -> None:
    update_drift_issues(api, Drift((drifted("prod"), clean("dev"))))
    assert server.open_issues == ["Drift in prod"]
    assert server.issues[0]["labels"] == [LABEL]
    assert "aws_eip.this" in server.bodies[0]
    update_drift_issues(api, Drift((drifted("prod"), drifted("dev"))))
    assert server.open_issues == ["Drift in prod", "Drift in dev"]
    update_drift_issues(api, Drift((drifted("prod", DRIFTED[:1]), clean("dev"))))
    assert server.open_issues == ["Drift in prod"]
    assert "aws_eip.this" not in server.bodies[0]
    assert written(server) == ["POST", "POST", "PATCH", "PATCH"]


@pytest.mark.parametrize(
    "unsure",
    [
        EnvironmentDrift("prod", "r1", "unknown"),
        clean("prod", whole=False),
    ],
    ids=["unknown", "clean in part"],
)
def test_uncertain_result_closes_no_issue(api: Forge, server: Server, unsure: EnvironmentDrift) -> None:
    update_drift_issues(api, Drift((drifted("prod"),)))
    update_drift_issues(api, Drift((unsure,)))
    assert server.open_issues == ["Drift in prod"]


def test_issue_of_a_person_is_left_alone(api: Forge, server: Server) -> None:
    server.add_issue("Drift in prod", add_marker("drift in prod", ""), LABEL, machine=False)
    update_drift_issues(api, Drift((clean("prod"),)))
    assert server.open_issues == ["Drift in prod"]


def test_failed_issue_does_not_block_other_issues(api: Forge, server: Server) -> None:
    server.fails += [("POST", 502, {"message": "busy"})]
    with pytest.raises(OperationFailedError, match="answers 502"):
        update_drift_issues(api, Drift((drifted("dev"), drifted("prod"))))
    assert server.open_issues == ["Drift in prod"]


@pytest.fixture
def job(project: Path, server: Server, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Server:
    """A job for a pull request, with some variables otherwise where they are given."""
    for name, value in {**server.environment, **getattr(request, "param", {})}.items():
        monkeypatch.setenv(name, value)
    return server


def test_command_updates_its_own_comment(job: Server) -> None:
    assert run(["why", "staging", "--comment"]) == 0
    assert run(["why", "staging", "--comment"]) == 0
    assert run(["promote", "dev", "staging", "--yes", "--comment"]) == 3
    first, second = comments(job)
    assert first.startswith("<!-- envctl: why -->\n## ")
    assert second.startswith("<!-- envctl: promote -->\n## ")


def test_unwritable_comment_is_no_success(job: Server, capsys: pytest.CaptureFixture[str]) -> None:
    job.fails += [("POST", 403, {"message": "Resource not accessible by integration"})] * 2
    assert run(["why", "staging", "--comment"]) == 1
    said = capsys.readouterr()
    assert "E036" in said.err
    assert "G102" in said.out
    # What is worse already stays as it is.
    assert run(["promote", "dev", "staging", "--yes", "--comment"]) == 3


@pytest.mark.parametrize(
    ("command", "code", "expected"),
    [
        ("promote", 0, 0),
        ("approve", 0, 0),
        ("why", 0, 1),
        ("drift", 0, 1),
        ("drift", 2, 2),
        ("promote", 4, 4),
        ("promote", 75, 75),
    ],
)
def test_failed_comment_keeps_the_outcome_of_a_deployment(
    job: Server, capsys: pytest.CaptureFixture[str], command: str, code: int, expected: int
) -> None:
    """What is done is done; a command that only looks has failed without its comment."""
    PROCESS_ENVIRONMENT.set(dict(os.environ))
    job.fails += [("GET", 403, {"message": "no"})]
    error = EnvctlError(Problem("E300", "no", "")) if code > 2 else None
    assert _publish_outcome(Options(comment=True), command, EnvironmentPlan("dev", "r1", ()), code, error) == expected
    said = capsys.readouterr().err
    assert "E036" in said
    if "GITHUB_ACTIONS" in os.environ:
        assert f"::{'error' if expected == 1 else 'warning'} title=E036::" in said


NOBODY = {
    "no job": ({"GITHUB_ACTIONS": "", "GITLAB_CI": ""}, "why staging --comment", "work only in jobs"),
    "a job that shall not be known": ({}, "why staging --comment --no-ci", "work only in jobs"),
    "no token": ({"GITHUB_TOKEN": "", "ENVCTL_GITLAB_TOKEN": ""}, "drift --issues", "can't write to"),
    "a branch": ({"GITHUB_REF": "refs/heads/main", "CI_MERGE_REQUEST_IID": ""}, "why staging --comment", "request to"),
    "one of a fork": (
        {"GITHUB_REF": "refs/heads/x", "CI_MERGE_REQUEST_PROJECT_ID": "12"},
        "why staging --comment",
        "request to comment on",
    ),
}


@pytest.mark.parametrize(("job", "words", "said"), NOBODY.values(), ids=NOBODY, indirect=["job"])
def test_missing_comment_target_is_refused_first(
    job: Server, capsys: pytest.CaptureFixture[str], words: str, said: str
) -> None:
    assert run(words.split()) == 64
    told = capsys.readouterr()
    assert "E037" in told.err
    assert said in " ".join(told.err.split())
    assert told.out == ""
    assert job.asked == []
