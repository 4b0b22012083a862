"""A job whose variables are empty or malformed: every one is met with words, and none with a bug."""

import json
import os
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

import envctl
from envctl.cli.entry import run
from tests.cli.test_aws_misconfigured import on_aws

DOCUMENTED = json.loads((Path(__file__).parents[1] / "unit/ci/documented_variables.json").read_text())
VALUES = ("", "x\x1b[2J", "//[", "9" * 400)
ROLE = "arn:aws:iam::444444444444:role/envctl-ci"
JOBS = {
    "github": {"GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "octocat", "GITHUB_REPOSITORY": "acme/shop"},
    "gitlab": {"GITLAB_CI": "true", "GITLAB_USER_LOGIN": "octocat", "CI_PROJECT_PATH": "acme/shop"},
}
# They say where a command writes its results to, or which certificates everything here trusts.
ELSEWHERE = {"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE"}


def _list_names() -> Iterator[str]:
    spec = find_spec("botocore")
    assert spec is not None
    assert spec.origin is not None
    for file in ("credentials.py", "configprovider.py", "session.py", "utils.py"):
        text = (Path(spec.origin).parent / file).read_text()
        yield from re.findall(r"""["'](AWS_[A-Z0-9_]+)["']""", text)
    read = "\n".join(file.read_text() for file in Path(envctl.__file__).parent.rglob("*.py"))
    for found in DOCUMENTED.values():
        yield from (name for name in found["variables"] if f'"{name}"' in read)
    yield "ENVCTL_ROLE_VARIABLE"


NAMES = sorted(set(_list_names()) - ELSEWHERE)


@pytest.fixture
def offline(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_aws(project)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.fspath(tmp_path / "nothing"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    # Nothing answers there.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setattr("envctl.adapters.aws.credentials.sessions.READ_SECONDS", 0.1)
    monkeypatch.setattr("envctl.adapters.aws.credentials.bounded_session.ATTEMPTS", 1)


@pytest.mark.night
@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("name", NAMES)
def test_malformed_variable_is_no_bug(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    job = JOBS["gitlab" if name.startswith(("CI_", "GITLAB_")) else "github"]
    for value in VALUES:
        with monkeypatch.context() as context:
            for each, text in {**job, "AWS_ROLE_ARN": ROLE, "ENVCTL_AWS_TOKEN": "x", name: value}.items():
                context.setenv(each, text)
            ended = run(["doctor", "--json"])
        said = capsys.readouterr()
        assert ended != 70, (value, said.out)
        assert "a bug of envctl" not in said.out, (value, said.out)
        assert "\x1b" not in said.out
