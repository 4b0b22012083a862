"""The last door: what is written is redacted, whoever forgot it before."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from envctl.cli import boundary
from envctl.cli.options.global_options import Options
from envctl.cli.output.redaction import Redaction, current_redaction, redact_output, unwrap_stream
from envctl.cli.wiring.container import WiredPorts
from envctl.cli.wiring.lazy_ui import LateObserver
from envctl.domain.errors import OperationFailedError, Problem

SECRET = 'hunter2"<hunter2'
TOKEN = "ghp_0123456789abcdefghij"


def test_streams_are_redacted_and_put_back(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout
    with redact_output() as redaction:
        redaction.add_secrets([SECRET])
        sys.stdout.write(f"a {SECRET}\n")
        sys.stdout.writelines([f"{SECRET}\n"])
        sys.stderr.write(f"b {json.dumps(SECRET)}\n")
        unwrap_stream(sys.stderr).write(SECRET)
    assert sys.stdout is before
    said = capsys.readouterr()
    assert said.out == "a (sensitive)\n(sensitive)\n"
    assert said.err == f'b "(sensitive)"\n{SECRET}'


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("AWS_SECRET_ACCESS_KEY", TOKEN, True),
        ("AWS_SESSION_TOKEN", TOKEN, True),
        ("GITHUB_TOKEN", TOKEN, True),
        ("ENVCTL_GITLAB_TOKEN", TOKEN, True),
        ("CI_JOB_TOKEN", TOKEN, True),
        ("TF_TOKEN_app_terraform_io", TOKEN, True),
        ("DB_PASSWORD", TOKEN, True),
        ("HTTPS_PROXY", f"http://ann:{TOKEN}@proxy:3128", True),
        ("https_proxy", f"http://ann:{TOKEN}@proxy:3128", True),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", TOKEN, False),
        ("GITHUB_REPOSITORY", TOKEN, False),
    ],
)
def test_process_credentials_are_redacted_by_name(name: str, value: str, *, found: bool) -> None:
    assert (Redaction({name: value}).redact(f"x {TOKEN}") == "x (sensitive)") is found


def test_short_emulator_credentials_are_not_redacted() -> None:
    assert Redaction({"AWS_SECRET_ACCESS_KEY": "testing"}).redact("testing") == "testing"


@pytest.mark.parametrize(
    ("said", "redacted"),
    [
        ("git::https://ann:p4ss@example.com/x", "git::https://ann:(sensitive)@example.com/x"),
        (f"https://{TOKEN}@example.com/x", "https://(sensitive)@example.com/x"),
        ("ssh://git@example.com/x", "ssh://git@example.com/x"),
        ("https://example.com/a@b:c", "https://example.com/a@b:c"),
    ],
)
def test_login_in_a_url_is_redacted(said: str, redacted: str) -> None:
    assert Redaction({}).redact_message(said) == redacted


def test_documents_stay_json() -> None:
    redaction = Redaction({})
    redaction.add_secrets(["nhunter2"])
    text = json.dumps({"a": "\nhunter2 nhunter2", "b": SECRET})
    assert json.loads(redaction.redact_json(text))
    redaction.add_secrets([SECRET])
    assert SECRET not in json.loads(redaction.redact_json(json.dumps({"b": f"x {SECRET}"})))["b"]


@pytest.mark.parametrize("indent", [None, 2])
def test_number_is_redacted_only_as_secret(indent: int | None) -> None:
    redaction = Redaction({})
    redaction.add_secrets([91827364, SECRET])
    document = {"after": 91827364, SECRET: {"b": [f"x {SECRET}", 1, None, "\u00e9"]}}
    redacted = redaction.redact_json(json.dumps(document, indent=indent))
    expected = {"after": "(sensitive)", "(sensitive)": {"b": ["x (sensitive)", 1, None, "\u00e9"]}}
    assert redacted == json.dumps(expected, indent=indent)


def test_nothing_is_loaded_without_secrets() -> None:
    redaction = Redaction({"PATH": "/nowhere"})
    assert redaction.redact("text") == "text"
    assert redaction.redact_all(("a",)) == ("a",)
    assert "known" not in vars(redaction)


@dataclass(frozen=True)
class _Result:
    text: str


@pytest.mark.parametrize("form", [(), ("--json",), ("--markdown",), ("--debug",)])
def test_an_error_and_a_bug_are_redacted_everywhere(
    form: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.setenv("ENVCTL_DOTENV", str(tmp_path / "dotenv"))
    junit = ("--junit", str(tmp_path / "junit.xml"), "--sarif", str(tmp_path / "found.sarif"))
    words = ("apply", "dev", "--project", str(tmp_path), *form, *junit)
    problem = Problem("E305", f"no: {SECRET}", f"hint {SECRET}", address=SECRET)
    for error in (OperationFailedError(problem), RuntimeError(f"a bug with {SECRET}")):

        def fail(error: Exception = error) -> None:
            current_redaction().add_secrets([SECRET])
            raise error

        assert boundary.run_guarded(fail, words) in (1, 70)
    said = capsys.readouterr()
    written = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert "(sensitive)" in written
    assert "hunter2" not in said.out + said.err + written


def test_result_with_secret_is_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    with redact_output() as redaction, pytest.raises(boundary.CommandEnd):
        redaction.add_secrets([SECRET])
        boundary._finish_command(Options(json=True), "status", _Result(SECRET), 0)
    assert json.loads(capsys.readouterr().out)["result"] == {"text": "(sensitive)"}


def test_secret_parts_are_masked_but_common_words_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    value = {"api": "key-one", "more": ["50%-off", "staging", True, 12]}
    with redact_output():
        observer = LateObserver(Options())
        observer.redact([value, "-----A-----\nline two\nx"], ["staging"])
        observer.redact(["key-one"])
    masked = capsys.readouterr().err.splitlines()
    assert masked == [f"::add-mask::{each}" for each in ("-----A-----", "50%25-off", "key-one", "line two")]


def test_secrets_in_texts_of_commits_and_jobs_are_not_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "hunter2-correct-horse"
    monkeypatch.setenv("DEPLOY_TOKEN", secret)
    monkeypatch.setenv("GITLAB_CI", "true")
    author = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    for words in (("init", "-q"), (*author, "commit", "-q", "--allow-empty", "-m", f"Use {secret}")):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=tmp_path, check=True, capture_output=True, text=True)
    commit = head.stdout.strip()
    job = {"CI_MERGE_REQUEST_IID": "42", "CI_MERGE_REQUEST_TITLE": f"Use {secret}", "CI_COMMIT_SHA": commit}
    for name, value in job.items():
        monkeypatch.setenv(name, value)
    with redact_output():
        wired = WiredPorts(Options(project=tmp_path))
        message, request = wired.version_control.read_message(commit), wired.job_requests.find_request(commit)
    assert request.number == 42
    assert secret not in message.text + request.title
    assert message.text.startswith("Use ")
