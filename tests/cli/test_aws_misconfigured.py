"""A machine whose AWS configuration is wrong: said where AWS is needed, and not noticed where it is not."""

import json
import os
from pathlib import Path

import pytest

from envctl.cli.entry import run
from tests.by_day import keep_by_day
from tests.cli.loading import loaded

COMMANDS = {
    "status": ["status"],
    "plan": ["plan", "dev"],
    "apply": ["apply", "dev", "--yes"],
    "promote": ["promote", "dev", "staging", "--yes"],
    "drift": ["drift"],
    "doctor": ["doctor"],
    "secrets": ["secrets", "check", "dev"],
    "bootstrap": ["bootstrap", "--check"],
    "ledger verify": ["ledger", "verify"],
    "why": ["why", "staging"],
    "history": ["history"],
    "lock": ["lock", "staging", "--reason", "x"],
}
# The settings of this project name no secret: there is nothing to ask for.
ON_AWS = {name: words for name, words in COMMANDS.items() if name != "secrets"}
MISTAKES = {
    "a profile that there is not": ({"AWS_PROFILE": "nope"}, "", "E490"),
    "a configuration that is no INI": ({}, "[default\n", "E491"),
    "a token, and an empty role": ({"AWS_ROLE_ARN": "", "AWS_WEB_IDENTITY_TOKEN_FILE": "/nope"}, "", "E497"),
    "a role that is no ARN": ({"AWS_ROLE_ARN": "envctl-ci", "AWS_WEB_IDENTITY_TOKEN_FILE": "/nope"}, "", "E497"),
    "a job without the variable of its role": ({"AWS_ROLE_ARN": "", "ENVCTL_AWS_TOKEN": "x"}, "", "E497"),
    "a token endpoint that is no address": (
        {
            "AWS_ROLE_ARN": "arn:aws:iam::111111111111:role/x",
            "ACTIONS_ID_TOKEN_REQUEST_URL": "nope",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x",
        },
        "",
        "E497",
    ),
    "a program that fails": ({}, "[default]\ncredential_process = false\n", "E494"),
    "a token that is not there": (
        {"AWS_ROLE_ARN": "arn:aws:iam::111111111111:role/x", "AWS_WEB_IDENTITY_TOKEN_FILE": "/nope"},
        "",
        "E495",
    ),
    "a time-out that is no number": ({"AWS_METADATA_SERVICE_TIMEOUT": "x"}, "", "E492"),
}
# By day each command with one mistake, and each mistake with one command: which command it is plays no part in it.
PAIRS = {f"{name}, {mistake}": (ON_AWS[name], *MISTAKES[mistake]) for name in ON_AWS for mistake in MISTAKES}
BY_DAY = [pair for pair in PAIRS if pair.startswith("status, ") or pair.endswith(", a profile that there is not")]
PLACES = """
[environments.{name}]
account_id = "{account}"
region = "eu-west-1"
"""


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a configuration, in which nothing is yet."""
    file = tmp_path / "aws-config"
    file.write_text("")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.fspath(file))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.fspath(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return file


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_without_aws_no_command_notices(project: Path, broken: Path, words: list[str]) -> None:
    broken.write_text("[default\n")
    wrong = {"AWS_PROFILE": "nope", "AWS_ROLE_ARN": "", "AWS_WEB_IDENTITY_TOKEN_FILE": "/nope", "AWS_MAX_ATTEMPTS": "x"}
    surroundings = {**wrong, "PATH": os.environ["PATH"], "AWS_CONFIG_FILE": os.fspath(broken)}
    found, done = loaded([*words, "--json"], ("boto3", "botocore"), project, surroundings)
    codes = {problem["code"] for problem in json.loads(done.stdout)["problems"]}
    assert found == set()
    assert done.returncode != 70
    assert not {code for code in codes if code.startswith("E49") or code in {"E413", "E415", "E453"}}


def on_aws(project: Path) -> None:
    file = project / "envctl.toml"
    told = file.read_text().replace("[pipeline]", '[store]\nurl = "s3://shop-store/x"\n\n[pipeline]', 1)
    assert "s3://" in told
    file.write_text(told)


@pytest.mark.slow
@pytest.mark.parametrize(("words", "surroundings", "config", "code"), keep_by_day(PAIRS, *BY_DAY))
def test_on_aws_each_command_names_the_mistake(  # noqa: PLR0917 (fixtures and cases)
    project: Path,
    broken: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    surroundings: dict[str, str],
    config: str,
    code: str,
) -> None:
    on_aws(project)
    broken.write_text(config)
    for name, text in surroundings.items():
        monkeypatch.setenv(name, text)
    ended = run([*words, "--json"])
    said = capsys.readouterr().out
    assert ended in {1, 78}, said
    assert f'"{code}"' in said
    assert "a bug of envctl" not in said
