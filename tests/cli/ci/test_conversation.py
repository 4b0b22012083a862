"""One comment of a pull request, and one issue for each drift: kept, and never doubled."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path

import pytest

from envctl.adapters.forge.posts import ForgePost
from envctl.cli import command_table
from envctl.cli.ci.comment import MADE_BY_BRANCH, Comment, add_marker, upsert_comment
from envctl.cli.ci.forge import Forge
from envctl.cli.ci.forge_publisher import LABEL, update_drift_issues
from envctl.cli.ci.job_run import JobRun, ProjectPlace
from envctl.cli.entry import run
from envctl.cli.options.global_options import Options
from envctl.cli.outcome_report import PROCESS_ENVIRONMENT, publish_outcome
from envctl.cli.render.markdown.page.budget import MAX_PAGE_SIZE
from envctl.domain.errors import EnvctlError, OperationFailedError, Problem
from envctl.usecases.drift.result import Drift, EnvironmentDrift, StackDrift
from tests.adapters.forge.github_server import github
from tests.adapters.forge.gitlab_server import gitlab
from tests.adapters.forge.server import Fault, Server
from tests.cli.render.samples import RESULTS as SAMPLES
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
    upsert_comment(api, 7, Comment("plan", "one\n"))
    upsert_comment(api, 7, Comment("plan", "one\n"))
    upsert_comment(api, 7, Comment("plan", "two\n"))
    upsert_comment(api, 7, Comment("plan of another", "three\n"))
    assert comments(server) == ["<!-- envctl: plan -->\ntwo", "<!-- envctl: plan of another -->\nthree"]
    assert written(server) == ["POST", "PATCH", "POST"]


def test_comment_of_a_person_is_left_alone(api: Forge, server: Server) -> None:
    server.add_comment(add_marker("plan", "mine"), machine=False)
    server.add_comment("quoted: " + add_marker("plan", "one"))
    upsert_comment(api, 7, Comment("plan", "one"))
    assert comments(server) == [
        add_marker("plan", "mine"),
        "quoted: " + add_marker("plan", "one"),
        add_marker("plan", "one"),
    ]


OLD, NEW = "a" * 40, "b" * 40
AT = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)


def of_run(number: int, attempt: int = 1, commit: str = OLD, *, failed: bool = False, folder: str = "") -> Comment:
    run = JobRun(number, attempt, commit, f"https://forge.example/runs/{number}", AT, f"run {number}")
    text = f"## ✗ Failed {number}\n\nE203\n" if failed else f"## Plan {number}\n\nall of it\n"
    return Comment("preview", text, folder, run, failed)


def test_comment_names_commit_run_and_time(api: Forge, server: Server) -> None:
    assert upsert_comment(api, 7, of_run(41))
    (body,) = comments(server)
    assert body.splitlines()[2:] == [
        "## Plan 41",
        "",
        MADE_BY_BRANCH,
        "",
        "Commit `aaaaaaaaaaaa` · [run 41](https://forge.example/runs/41) · 2026-07-01 12:30 UTC",
        "",
        "all of it",
    ]


def test_comment_of_newer_run_is_never_overwritten(api: Forge, server: Server) -> None:
    """Two runs are started again crosswise: the later attempt of the older run says nothing new."""
    assert upsert_comment(api, 7, of_run(41))
    assert upsert_comment(api, 7, of_run(42, commit=NEW))
    assert not upsert_comment(api, 7, of_run(41, attempt=2))
    assert upsert_comment(api, 7, of_run(42, attempt=2, commit=NEW))
    assert not upsert_comment(api, 7, of_run(42, commit=NEW))
    assert ["## Plan 42" in body for body in comments(server)] == [True]


def test_failure_after_a_plan_says_stale(api: Forge, server: Server) -> None:
    upsert_comment(api, 7, of_run(41))
    upsert_comment(api, 7, of_run(42, commit=NEW, failed=True))
    upsert_comment(api, 7, of_run(43, commit="c" * 40, failed=True))
    (body,) = comments(server)
    assert "**Stale**: this commit has no result. The last result was of commit `aaaaaaaaaaaa`." in body
    assert "E203" in body
    assert "all of it" not in body
    upsert_comment(api, 7, of_run(44, commit=NEW))
    assert "Stale" not in comments(server)[0]


def test_line_of_the_run_fits_below_the_limit_of_a_comment() -> None:
    largest = replace(of_run(10**17, failed=True), text=f"## Plan\n\n{'x' * (MAX_PAGE_SIZE - 9)}", folder="a" * 255)
    earlier = ForgePost(1, "", of_run(41, commit=NEW).render(None), machine=True)
    assert len(largest.render(earlier)) < 65_536


def test_failure_without_an_earlier_plan_is_not_stale(api: Forge, server: Server) -> None:
    server.add_comment(add_marker("preview", "of an older envctl"))
    upsert_comment(api, 7, of_run(41, failed=True))
    upsert_comment(api, 7, of_run(41, attempt=2, failed=True))
    assert ["Stale" in body for body in comments(server)] == [False]


def test_projects_of_one_repository_have_comments_of_their_own(api: Forge, server: Server) -> None:
    for number in (41, 42):
        for folder in ("", "billing", "infra/shop"):
            upsert_comment(api, 7, of_run(number, folder=folder))
    found = comments(server)
    assert [body.splitlines()[0] for body in found] == [
        "<!-- envctl: preview -->",
        "<!-- envctl: preview at billing -->",
        "<!-- envctl: preview at infra/shop -->",
    ]
    assert all("## Plan 42" in body for body in found)


@pytest.mark.parametrize("may_adopt", [True, False])
def test_old_comment_is_taken_over_by_the_only_project(api: Forge, server: Server, *, may_adopt: bool) -> None:
    server.add_comment(add_marker("preview", "of an older envctl"))
    upsert_comment(api, 7, replace(of_run(41, folder="billing"), may_adopt=may_adopt))
    upsert_comment(api, 7, of_run(41))
    firsts = [body.splitlines()[0] for body in comments(server)]
    expected = ["<!-- envctl: preview at billing -->", "<!-- envctl: preview -->"]
    assert firsts == (expected if may_adopt else expected[::-1])


def test_lost_response_leaves_one_comment(api: Forge, server: Server) -> None:
    server.faults += [Fault("POST", 502, after=True)]
    upsert_comment(api, 7, of_run(41))
    assert len(comments(server)) == 1
    server.comments.clear()
    server.faults += [Fault("POST", 504)]
    upsert_comment(api, 7, of_run(41))
    assert len(comments(server)) == 1


def test_drift_issues_of_two_projects_stay_apart(api: Forge, server: Server) -> None:
    top, billing = ProjectPlace(), ProjectPlace("billing", may_adopt=False)
    for place in (top, billing, top, billing):
        update_drift_issues(api, Drift((drifted("prod"),)), place)
    assert server.open_issues == ["Drift in prod", "Drift in prod (billing)"]
    update_drift_issues(api, Drift((clean("prod"),)), billing)
    assert server.open_issues == ["Drift in prod"]


def test_old_drift_issue_is_taken_over_by_the_only_project(api: Forge, server: Server) -> None:
    update_drift_issues(api, Drift((drifted("prod"),)))
    for _ in range(2):
        update_drift_issues(api, Drift((drifted("prod"),)), ProjectPlace("billing"))
    assert len(server.issues) == 1
    assert server.bodies[0].startswith("<!-- envctl: drift in prod at billing -->")


def drifted(environment: str, stacks: tuple[StackDrift, ...] = DRIFTED) -> EnvironmentDrift:
    return EnvironmentDrift(environment=environment, release="r1", condition="drifted", stacks=stacks)


def clean(environment: str, *, whole: bool = True) -> EnvironmentDrift:
    return EnvironmentDrift(
        environment=environment,
        release="r1",
        condition="clean",
        stacks=(StackDrift(stack="web", condition="clean"),),
        whole=whole,
    )


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
        EnvironmentDrift(environment="prod", release="r1", condition="unknown"),
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
    assert first.startswith("<!-- envctl: why -->\n")
    assert second.startswith("<!-- envctl: promote -->\n")
    assert ["\n## " in each for each in (first, second)] == [True, True]


def test_unwritable_comment_is_no_success(job: Server, capsys: pytest.CaptureFixture[str]) -> None:
    job.fails += [("POST", 403, {"message": "Resource not accessible by integration"})] * 2
    assert run(["why", "staging", "--comment"]) == 1
    said = capsys.readouterr()
    assert "E036" in said.err
    assert "G102" in said.out
    # What is worse already stays as it is.
    assert run(["promote", "dev", "staging", "--yes", "--comment"]) == 3


@pytest.mark.parametrize(
    "job",
    [{"GITHUB_RUN_ID": "42", "GITHUB_SHA": NEW, "CI_PIPELINE_ID": "42", "CI_COMMIT_SHA": NEW}],
    indirect=["job"],
)
def test_preview_writes_what_is_invalid_into_its_comment(job: Server, project: Path) -> None:
    upsert_comment(job.api(), 7, of_run(41))
    file = project / "environments" / "prod" / "terraform.tfvars"
    file.write_text(f"\nno_such_setting = 1\n{file.read_text()}")
    assert run(["preview", "--comment"]) == 78
    (body,) = comments(job)
    assert "no_such_setting" in body
    assert "environments/prod/terraform.tfvars:2" in body
    assert "Commit `bbbbbbbbbbbb`" in body
    assert "**Stale**" in body
    (project / "envctl.toml").write_text("[project\n")
    assert run(["preview", "--comment"]) == 78
    assert len(job.comments) == 1


def find_sample(command: str) -> object:
    """Return a result of the command."""
    types = command_table.RESULTS[command]
    return next(each for each in SAMPLES.values() if command_table.find_result_type(each) in types)


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
    assert publish_outcome(Options(comment=True), command, find_sample(command), code, error) == expected
    said = capsys.readouterr().err
    assert "E036" in said
    if "GITHUB_ACTIONS" in os.environ:
        assert f"::{'error' if expected == 1 else 'warning'} title=E036::" in said


@pytest.mark.parametrize("token", ["ghs planted", "ghs_plant\u00e9d", "ghs\x7f", "ghs\nX-Admin: yes"])
def test_odd_token_is_an_error_of_the_forge(
    job: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], token: str
) -> None:
    for name in ("GITHUB_TOKEN", "ENVCTL_GITLAB_TOKEN"):
        monkeypatch.setenv(name, token)
    assert run(["why", "staging", "--comment"]) in {0, 1, 64}
    said = capsys.readouterr().err
    assert "E070" not in said
    assert token not in said


def test_token_with_a_line_end_is_used_without_it(job: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "ENVCTL_GITLAB_TOKEN"):
        if name in os.environ:
            monkeypatch.setenv(name, f"{os.environ[name]}\n")
    assert run(["why", "staging", "--comment"]) == 0
    assert len(job.comments) == 1


@pytest.mark.parametrize("url", ["", "http://", "ftp://x", "http://[", "http://127.0.0.1:99999", "http://a b/", "x"])
def test_odd_address_of_the_forge_is_no_bug(
    job: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    for name in ("GITHUB_API_URL", "CI_API_V4_URL"):
        monkeypatch.setenv(name, url or "http://127.0.0.1:9")
    monkeypatch.setattr("envctl.adapters.http.retry.list_pauses", lambda *_: repeat(0.0))
    assert run(["why", "staging", "--comment"]) == 1
    said = capsys.readouterr().err
    assert "E036" in said
    assert "E070" not in said


def test_bug_in_a_report_keeps_the_outcome_of_a_deployment(
    job: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("login")

    monkeypatch.setattr("envctl.cli.ci.comment.upsert_comment", fail)
    PROCESS_ENVIRONMENT.set(dict(os.environ))
    assert publish_outcome(Options(comment=True), "promote", find_sample("promote"), 0) == 0
    assert "E070" in capsys.readouterr().err
    assert run(["why", "staging", "--comment"]) == 70


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
