"""The run of a job, as its variables and its event name it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from envctl.cli.ci.job_run import JobRun, find_github_run, find_gitlab_run, find_project_folder, is_newer, parse_mark

AT = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
HEAD, MERGE = "a" * 40, "b" * 40
GITHUB = {
    "GITHUB_RUN_ID": "987654",
    "GITHUB_RUN_NUMBER": "42",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_SHA": MERGE,
}
GITLAB = {"CI_PIPELINE_ID": "77", "CI_JOB_ID": "901", "CI_COMMIT_SHA": MERGE, "CI_JOB_URL": "https://gl.example/j/901"}


def test_github_run_names_pushed_commit_and_attempt(tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text(json.dumps({"pull_request": {"head": {"sha": HEAD}}}))
    run = find_github_run(GITHUB | {"GITHUB_EVENT_PATH": f"{tmp_path / 'event.json'}"}, AT)
    assert run is not None
    assert run.describe() == (
        "Commit `aaaaaaaaaaaa` · [run 42, attempt 2](https://github.com/acme/shop/actions/runs/987654/attempts/2)"
        " · 2026-07-01 12:30 UTC"
    )


def test_gitlab_run_names_pipeline_and_job() -> None:
    run = find_gitlab_run(GITLAB | {"CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": HEAD}, AT)
    assert run is not None
    assert run.describe() == "Commit `aaaaaaaaaaaa` · [pipeline 77](https://gl.example/j/901) · 2026-07-01 12:30 UTC"


@pytest.mark.parametrize("number", ["", "x", "-1", "1" * 30])
def test_run_without_number_is_unknown(number: str) -> None:
    assert find_github_run(GITHUB | {"GITHUB_RUN_ID": number}, AT) is None
    assert find_gitlab_run(GITLAB | {"CI_PIPELINE_ID": number}, AT) is None


@pytest.mark.parametrize("text", ["$(touch x)", "a) [b](c", "x -->\n# y", "`"])
def test_odd_variables_add_no_markup(text: str) -> None:
    odd = GITHUB | {"GITHUB_SHA": text, "GITHUB_REPOSITORY": text, "GITHUB_RUN_NUMBER": text}
    run = find_github_run(odd | {"GITHUB_EVENT_PATH": text}, AT)
    assert run is not None
    assert run.describe() == "Commit unknown · run 987654, attempt 2 · 2026-07-01 12:30 UTC"


def test_mark_of_a_run_is_read_again() -> None:
    run = JobRun(42, 3, HEAD, "", AT, "run 42")
    mark = parse_mark(f"<!-- envctl: preview -->\n{run.format_mark(MERGE)}\n## Plan")
    assert mark is not None
    assert (mark.number, mark.attempt, mark.commit, mark.planned) == (42, 3, HEAD, MERGE)
    assert parse_mark("<!-- envctl: preview -->\n## Plan") is None
    assert [is_newer(mark, JobRun(*each, "", "", AT, "")) for each in ((41, 9), (42, 2), (42, 3), (43, 1))] == [
        True,
        True,
        False,
        False,
    ]


FOLDERS = {
    "the top": (".", ""),
    "a folder": ("infra/shop", "infra/shop"),
    "an odd name": ("a-->b c", "a--%3Eb%20c"),
    "outside": ("..", ""),
}


@pytest.mark.parametrize(("folder", "expected"), FOLDERS.values(), ids=FOLDERS)
def test_folder_of_project_is_safe_in_a_comment(tmp_path: Path, folder: str, expected: str) -> None:
    assert find_project_folder(tmp_path / folder, f"{tmp_path}") == expected
    assert find_project_folder(tmp_path / folder, "") == ""
