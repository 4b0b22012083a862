"""The jobs that `envctl ci gitlab` writes, run as they stand there: a merge request, a merge, and a night."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from envctl.cli.ci.forge_publisher import LABEL
from tests.adapters.forge.gitlab_server import TOKEN, GitlabServer, gitlab
from tests.e2e.ci.gitlab_runner import DRIFT, FORK, MERGE_REQUEST, PUSH, SCHEDULE, GitlabRunner
from tests.e2e.conftest import Project

pytestmark = [pytest.mark.terraform, pytest.mark.slow]


@pytest.fixture
def server() -> Iterator[GitlabServer]:
    with gitlab() as server:
        yield server


def committed(project: Project) -> None:
    """As a job finds it: a clone, in which nothing was changed."""
    project.write(".gitignore", ".envctl/\n.terraform*\n")
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    for words in (("init", "--quiet"), ("add", "."), (*who, "commit", "--quiet", "--message", "all of it")):
        subprocess.run(["git", *words], cwd=project.root, check=True, timeout=30)


def test_merge_request_is_commented_and_merge_is_gated(small: Project, server: GitlabServer) -> None:
    small.run_checked("ci", "gitlab")
    committed(small)
    opened = GitlabRunner(small, server, MERGE_REQUEST)
    assert opened.jobs == ["envctl plan"]
    opened.run_checked("envctl plan")
    (note,) = server.comments
    assert note["body"].startswith("<!-- envctl: preview -->\n## ")

    merged = GitlabRunner(small, server, PUSH)
    assert merged.jobs == ["envctl apply dev", "envctl promote dev staging", "envctl promote staging prod"]
    merged.run_checked("envctl apply dev")
    left = merged.left["envctl apply dev"]
    assert (left["reason"], left["changes"]) == ("done", "true")
    merged.run_checked("envctl promote dev staging")
    # It lacks an approval, and is taken up again once somebody has given it.
    assert merged.run_job("envctl promote staging prod").code == 4
    reached = small.run_checked("status", "--json").document["result"]["environments"]
    assert [(each["release"] or {}).get("release", "") for each in reached] == [left["release"], left["release"], ""]

    server.add_issue("Drift in staging", "<!-- envctl: drift in staging -->\nold", LABEL)
    night = GitlabRunner(small, server, DRIFT)
    assert night.jobs == ["envctl drift"]
    night.run_checked("envctl drift")
    assert server.open_issues == []


def test_fork_and_foreign_schedule_have_no_envctl_jobs(small: Project, server: GitlabServer) -> None:
    small.run_checked("ci", "gitlab")
    for variables in (FORK, SCHEDULE, {**PUSH, "CI_COMMIT_BRANCH": "feature"}):
        assert GitlabRunner(small, server, variables).jobs == []
    assert GitlabRunner(small, server, {**PUSH, "CI_PIPELINE_SOURCE": "web", "ENVCTL_DRIFT": "yes"}).jobs == [
        "envctl drift"
    ]


def test_aws_token_file_exists_only_during_the_job(small: Project, server: GitlabServer) -> None:
    small.run_checked("ci", "gitlab")
    spy = small.root / "spy.json"
    runner = GitlabRunner(small, server, DRIFT, {"ENVCTL_DRIFT_ROLE": "arn:aws:iam::444444444444:role/drift"})
    programs = runner._create_program_folder()
    seen = "; ".join(
        [
            "import json, os, pathlib, stat, sys",
            "file = os.environ['AWS_WEB_IDENTITY_TOKEN_FILE']",
            "told = {'file': file, 'token': open(file).read(), 'mode': stat.S_IMODE(os.stat(file).st_mode)}",
            "told |= {'argv': sys.argv[1:], 'environment': dict(os.environ)}",
            f"pathlib.Path({str(spy)!r}).write_text(json.dumps(told))",
            "pathlib.Path('.envctl/drift.xml').write_text('')",
        ]
    )
    (programs / "envctl").write_text(f'#!/bin/sh\nexec python3 -c "{seen}" "$@"\n')
    (programs / "envctl").chmod(0o755)
    runner._create_program_folder = lambda: programs  # type: ignore[method-assign]
    runner.run_checked("envctl drift")
    told = json.loads(spy.read_text())
    assert (told["token"], told["mode"]) == ("a.token.planted", 0o600)
    assert not Path(told["file"]).exists()
    environment = told["environment"]
    assert environment["AWS_ROLE_ARN"].endswith(":role/drift")
    assert environment["AWS_ROLE_SESSION_NAME"] == "ann@example.com"
    assert "a.token.planted" not in [*environment.values(), *told["argv"]]
    assert TOKEN not in told["argv"]
