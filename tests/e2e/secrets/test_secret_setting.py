"""A secret on its way: from a pipe or a terminal to the embedded AWS, and seen nowhere else."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.by_day import keep_by_day
from tests.e2e.conftest import BASE, CommandResult, Project, open_client, run_in_sandbox
from tests.e2e.project_text import render_project
from tests.e2e.terminal import type_answers

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

PROJECT = render_project(
    "keys",
    {"base": ""},
    ["dev", "prod"],
    on_aws=True,
    more='[secrets]\nsecretsmanager = ["*_secret_name"]\nssm = ["*_parameter"]\n',
)
NEEDING = """
variable "db_secret_name" { type = string }
variable "key_parameter" { type = string }
"""
PLANTED = "planted-pass\nword"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory, unpacked_provider: Path) -> Iterator[Project]:
    root = tmp_path_factory.mktemp("keys")
    home = root / "home"
    home.mkdir()
    project = Project(root / "project", home)
    project.write("envctl.toml", PROJECT)
    project.write("modules/base/main.tf", BASE + NEEDING)
    for name in ("dev", "prod"):
        settings = f'name = "{name}"\ndb_secret_name = "keys/{name}/db"\nkey_parameter = "/keys/{name}/key"\n'
        project.write(f"environments/{name}/terraform.tfvars", settings)
    with run_in_sandbox(project, unpacked_provider):
        project.run_checked("sandbox", "up")
        yield project


def piped(project: Project, value: bytes, *words: str) -> CommandResult:
    done = subprocess.run(
        project.build_command("--sandbox", "secrets", "set", *words),
        cwd=project.root,
        env=project.build_environment(),
        input=value,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return CommandResult(done.returncode, done.stdout.decode(), done.stderr.decode())


def typed(project: Project, answers: list[tuple[str, str]], *words: str) -> tuple[int, str]:
    return type_answers(project, answers, "--sandbox", "secrets", "set", *words)


def holding(project: Project) -> list[Path]:
    files = [path for path in project.list_files() if "mirror" not in path.parts]
    return [path for path in files if b"planted" in path.read_bytes()]


def test_missing_secret_is_set_through_a_pipe(keys: Project) -> None:
    missing = keys.run("--sandbox", "secrets", "check", "dev", "--json")
    assert (missing.code, missing.codes) == (1, ["E440", "E440"])
    hints = [problem["hint"] for problem in missing.document["problems"]]
    assert hints == [
        "envctl --sandbox secrets set dev keys/dev/db",
        "envctl --sandbox secrets set dev /keys/dev/key",
    ]
    said = [
        piped(keys, b"planted-one\n", "dev", "keys/dev/db", "--yes"),
        piped(keys, PLANTED.encode(), "dev", "/keys/dev/key", "--yes", "--json"),
        piped(keys, b"planted-two", "dev", "keys/dev/db", "--yes", "--markdown", "--debug"),
    ]
    assert [ran.code for ran in said] == [0, 0, 0], said
    manager, ssm = open_client(keys, "dev", "secretsmanager"), open_client(keys, "dev", "ssm")
    assert manager.get_secret_value(SecretId="keys/dev/db")["SecretString"] == "planted-two"
    tags = manager.describe_secret(SecretId="keys/dev/db")["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "project": "keys",
        "environment": "dev",
        "managed_by": "envctl",
    }
    told = ssm.get_parameter(Name="/keys/dev/key", WithDecryption=True)["Parameter"]
    assert (told["Type"], told["Value"]) == ("SecureString", PLANTED)
    said += [
        keys.run_checked("--sandbox", "secrets", "check", "dev"),
        keys.run_checked("--sandbox", "secrets", "list", "dev", "--json"),
    ]
    assert not any("planted" in ran.out + ran.err for ran in said)
    assert holding(keys) == []
    # It lies in the account of its environment alone, and no entry of the ledger tells of it.
    assert keys.run("--sandbox", "secrets", "check", "prod").code == 1
    assert keys.run_checked("--sandbox", "history", "--json").document["result"]["entries"] == []


def test_nothing_is_written_without_yes_or_terminal(keys: Project) -> None:
    ran = piped(keys, b"planted", "prod", "keys/prod/db")
    assert ran.code == 64
    assert "E001" in ran.err
    assert keys.run("--sandbox", "secrets", "check", "prod").code == 1


REFUSED = {
    "nothing": (b"", "keys/prod/db", "E447"),
    "a newline": (b"\n", "keys/prod/db", "E447"),
    "too much": (b"planted" * 10000, "keys/prod/db", "E447"),
    "too much for a parameter": (b"planted" * 2000, "/keys/prod/key", "E447"),
    "bytes for a parameter": (b"planted\xff", "/keys/prod/key", "E447"),
    "a name that nothing asks for": (b"planted", "keys/prod/bd", "E446"),
}


@pytest.mark.parametrize(("value", "name", "code"), keep_by_day(REFUSED, "bytes for a parameter"))
def test_secret_value_is_refused(keys: Project, value: bytes, name: str, code: str) -> None:
    ran = piped(keys, value, "prod", name, "--yes")
    assert ran.code == 64
    assert code in ran.err
    assert "planted" not in ran.out + ran.err
    assert holding(keys) == []


def test_a_value_is_typed_twice_and_not_shown(keys: Project) -> None:
    yes = ('Type "yes" to confirm: ', "yes\n")
    differing = [yes, ("Value: ", "planted-a\n"), ("Repeat it: ", "planted-b\n")]
    code, shown = typed(keys, differing, "prod", "/keys/prod/key")
    assert code == 64
    assert "the two values differ" in shown
    assert "planted" not in shown
    same = [yes, ("Value: ", "planted-typed\n"), ("Repeat it: ", "planted-typed\n")]
    code, shown = typed(keys, same, "prod", "/keys/prod/key")
    assert code == 0, shown
    assert "/keys/prod/key is created in the Parameter Store of prod (account 333333333333)." in shown
    assert "used by base.key_parameter" in shown
    assert "planted" not in shown
    told = open_client(keys, "prod", "ssm").get_parameter(Name="/keys/prod/key", WithDecryption=True)
    assert told["Parameter"]["Value"] == "planted-typed"
    assert holding(keys) == []


@pytest.mark.night
def test_declined_question_asks_for_no_value(keys: Project) -> None:
    code, shown = typed(keys, [('Type "yes" to confirm: ', "no\n")], "prod", "keys/prod/db")
    assert code == 130
    assert "E310" in shown
    assert "Value: " not in shown
