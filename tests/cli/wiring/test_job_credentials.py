"""The token of the job around a command: where it is, when it goes, and that nothing prints it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from envctl.cli.output.redaction import redact_output
from envctl.cli.wiring.job_credentials import JobCredentials
from envctl.domain.ci.job import NO_JOB, Job
from envctl.domain.errors import EnvctlError
from tests.adapters.aws.sts_on_loopback import jwt
from tests.faults.site import Site, answer, serving
from tests.programs import SYSTEM_PATH

ROLE = "arn:aws:iam::444444444444:role/envctl-ci"
TOKEN = jwt({"sub": "repo:acme/shop:environment:prod"})
WAITING = """
import os, sys, time
from pathlib import Path
from envctl.cli.options.global_options import Options
from envctl.cli.boundary import run_guarded
from envctl.cli.wiring.container import open_ports

def command():
    with open_ports(Options(Path(sys.argv[1]))) as ports:
        ports.inherited_environment()
        print(os.environ["AWS_WEB_IDENTITY_TOKEN_FILE"], flush=True)
        print(Path(os.environ["AWS_WEB_IDENTITY_TOKEN_FILE"]).read_text(), flush=True)
        time.sleep(60)

raise SystemExit(run_guarded(command, ["status"]))
"""


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as site:
        site.answers = [answer(200, json.dumps({"value": TOKEN}).encode())]
        yield site


def variables(site: Site, folder: Path) -> dict[str, str]:
    return {
        "AWS_ROLE_ARN": ROLE,
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{site.url}/?v=1",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "bearer",
        "RUNNER_TEMP": str(folder),
        "AWS_PROFILE": "",
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTOR": "octocat",
        "GITHUB_RUN_ID": "42",
        "GITHUB_RUN_ATTEMPT": "2",
    }


def test_token_file_lasts_as_long_as_the_command(site: Site, tmp_path: Path) -> None:
    environ = variables(site, tmp_path)
    with redact_output() as redaction:
        held = JobCredentials(lambda: Job("github"), environ)
        held.require_role()
        held.require_role()
        file = Path(environ["AWS_WEB_IDENTITY_TOKEN_FILE"])
        assert file.read_text() == TOKEN
        assert file.is_relative_to(tmp_path)
        assert "AWS_PROFILE" not in environ
        assert environ["AWS_ROLE_SESSION_NAME"] == "envctl-42.2-octocat"
        assert (held.is_renewed, len(site.requests)) == (True, 1)
        assert TOKEN not in redaction.redact(f"a log with {TOKEN}")
        assert held.remove_own(environ).keys().isdisjoint({"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"})
        held.close()
    assert "AWS_WEB_IDENTITY_TOKEN_FILE" not in environ
    assert list(tmp_path.iterdir()) == []


def test_token_of_gitlab_is_taken_from_its_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    environ = {"AWS_ROLE_ARN": ROLE, "ENVCTL_AWS_TOKEN": TOKEN, "GITLAB_USER_EMAIL": "ann@example.com"}
    environ |= {"GITLAB_CI": "true", "CI_PIPELINE_ID": "7", "CI_JOB_ID": "99"}
    held = JobCredentials(lambda: Job("gitlab"), environ)
    held.require_role()
    assert Path(environ["AWS_WEB_IDENTITY_TOKEN_FILE"]).read_text() == TOKEN
    assert environ["AWS_ROLE_SESSION_NAME"] == "envctl-7.99-ann@example.com"
    assert (held.is_renewed, held.is_own) == (False, True)
    held.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"GITHUB_EVENT_NAME": "schedule"}, "envctl-42.2"),
        ({"AWS_ROLE_SESSION_NAME": "ours"}, "ours"),
        ({"AWS_WEB_IDENTITY_TOKEN_FILE": "/token"}, "envctl-42.2-octocat"),
        ({"AWS_ACCESS_KEY_ID": "AKIA"}, None),
        ({"GITHUB_ACTIONS": ""}, None),
    ],
    ids=["a schedule is no person", "a name of the team", "a given file", "keys", "no job"],
)
def test_session_of_the_first_role_names_the_run(
    site: Site, tmp_path: Path, more: dict[str, str], expected: str | None
) -> None:
    environ = {**variables(site, tmp_path), **more}
    held = JobCredentials(lambda: Job("github"), environ)
    held.place_token()
    held.close()
    assert environ.get("AWS_ROLE_SESSION_NAME") == expected


def test_refused_token_stops_the_command(site: Site, tmp_path: Path) -> None:
    site.answers = [answer(403)]
    held = JobCredentials(lambda: Job("github"), variables(site, tmp_path))
    with pytest.raises(EnvctlError, match="E496"):
        held.place_token()
    held.close()
    assert list(tmp_path.iterdir()) == []


def test_missing_role_is_named_after_terraform_ran() -> None:
    environ = {"AWS_ROLE_ARN": "", "ENVCTL_AWS_TOKEN": TOKEN}
    held = JobCredentials(lambda: NO_JOB, environ)
    held.place_token()
    assert environ.keys() == {"ENVCTL_AWS_TOKEN"}
    with pytest.raises(EnvctlError, match="E497"):
        held.require_role()


def test_file_of_the_job_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    environ = {"AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": str(file)}
    held = JobCredentials(lambda: NO_JOB, environ)
    held.require_role()
    held.close()
    assert file.read_text() == TOKEN
    assert environ["AWS_WEB_IDENTITY_TOKEN_FILE"] == str(file)
    assert held.remove_own(environ) == environ


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_interrupted_command_leaves_no_token(site: Site, tmp_path: Path, number: signal.Signals) -> None:
    runner = tmp_path / "runner"
    runner.mkdir()
    (tmp_path / "project").mkdir()
    environ = {**variables(site, runner), "PATH": SYSTEM_PATH, "GITHUB_ACTIONS": "true"}
    words = [sys.executable, "-c", WAITING, str(tmp_path / "project")]
    with subprocess.Popen(words, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        file = process.stdout.readline().strip()
        # What a program prints of it is redacted.
        shown = process.stdout.readline()
        assert Path(file).exists()
        assert TOKEN not in shown
        process.send_signal(number)
        process.wait(30)
    assert list(runner.iterdir()) == []
