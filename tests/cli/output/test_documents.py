"""With `--json` every command prints one document and nothing else, be it done, refused, interrupted or broken."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from envctl.adapters.workspace.workspace import DirectoryWorkspace
from envctl.cli.entry import run
from envctl.cli.options.global_options import find_command_name, move_global_options_first
from tests.documents import parse_document
from tests.scaffold import create_project

Asked = Callable[..., dict[str, Any]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project from the template `web`."""
    root = create_project(tmp_path)
    with (root / "envctl.toml").open("a") as file:
        file.write(f'\n[ci]\npackage = "git+https://git.example.com/acme/envctl@{"a" * 40}"\n')
    monkeypatch.chdir(root)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield root
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def asked(project: Path, capfd: pytest.CaptureFixture[str]) -> Asked:
    """Runs a command line with --json; gives the document, of which the exit code is said twice."""

    def ask(line: str, code: int = 0) -> dict[str, Any]:
        capfd.readouterr()
        assert run([*line.split(), "--json"]) == code
        document = parse_document(capfd.readouterr().out)
        assert (document["exit_code"], document["ok"]) == (code, code in {0, 2})
        return document

    return ask


# Each needs no Terraform.
DONE = [
    "--version",
    "validate",
    "validate prod",
    "settings dev",
    "settings prod",
    "validate --settings",
    "render staging",
    "status",
    "history",
    "history prod --limit 1",
    "history --since 7d --until 1d",
    "releases",
    "releases prod --limit 1",
    "init blog --template minimal",
    "eject plain dev --working-tree --dry-run",
    "ci github",
    "ci gitlab",
    "ci codebuild",
    "ledger verify",
    "explain G104",
    "secrets list dev",
    "secrets check",
    "why dev",
    "why prod",
    "rules dev",
    "rules prod",
    "drift",
    "drift staging",
    "matrix",
    "matrix plan --format codebuild",
    "apply dev --dry-run",
    "recover staging",
    "lock prod --reason migration",
    "unlock prod",
    "approve prod --gate peer --withdraw",
    "approval list prod",
    "sandbox status",
    "sandbox down",
]
FAILED = {
    "a command that does not exist": ("aply dev", 64),
    "a name that no project can have": ("init Blog", 64),
    "a template that does not exist": ("init blog --template wep", 64),
    "an environment that does not exist": ("settings prd", 64),
    "a path outside of the project": ("fmt ../other", 64),
    "an option that does not exist": ("apply dev --force", 64),
    "no argument": ("promote dev", 64),
    "no option that is needed": ("lock prod", 64),
    "a waiver without a key for people": ("waive prod --guard lock --reason burning", 64),
    "nothing to review": ("review prod --waiver 7", 64),
    "no command at all": ("", 64),
    "no command of a group": ("ledger", 64),
    "a release that does not exist": ("release show f86ebee", 64),
    "a request of no release": ("release show #42", 64),
    "no command of a group for secrets": ("secrets", 64),
    "a name that no setting asks for": ("secrets set prod shop/db", 64),
    "a time that is none": ("history --since soon", 64),
    "no such command of a group": ("sandbox upp", 64),
    "no environment to reset the rules of": ("rules reset", 64),
    "an option that goes with another word": ("rules prod --withdraw", 64),
    "a reset of rules that were never recorded": ("rules reset prod --reason gone", 64),
    "nothing to withdraw from rules that were never recorded": ("rules reset prod --withdraw", 64),
    "a gate that does not exist": ("approve prod --gate pear", 64),
    "a code that does not exist": ("explain E999", 64),
    "no run to collect": ("collect", 1),
    "no pinned program to install": ("terraform install", 78),
    "a version to pin that is none": ("terraform pin latest", 64),
    "a folder without packages": ("terraform pin 1.15.5 --from nowhere", 1),
    "no signing key anywhere": ("ledger keys", 64),
    "nobody to vouch for a history": ("ledger sign --through 1", 64),
    "a signing key that does not exist": ("ledger keys prod --create", 64),
    "a dry run that does not exist": ("verify dev --dry-run", 64),
    "a folder that does not exist": ("--project nowhere plan dev", 64),
    "a promotion over an environment": ("promote dev prod --yes", 3),
    "a promotion of nothing": ("promote dev staging --yes", 3),
    "a redeployment of nothing": ("apply prod --yes", 3),
    "a rollback of nothing": ("rollback prod --yes", 3),
    "a verification of nothing": ("verify staging", 1),
    "a destruction of nothing": ("destroy dev --yes", 1),
}


PROJECTLESS = {"", "explain", "init", "sandbox status", "sandbox down"}
# One line for each command that looks at the project.
EACH = {
    line.split()[0]: line
    for _, line in sorted(
        (len(line), line)
        for line in DONE
        if find_command_name(move_global_options_first(line.split())) not in PROJECTLESS
    )
} | {
    "collect": "collect",
    "destroy": "destroy dev",
    "waive": "waive prod --guard lock --reason burning",
    "review": "review prod --waiver 7",
    "bootstrap": "bootstrap --check",
    "diff": "diff dev staging",
    "ledger keys": "ledger keys",
    "ledger sign": "ledger sign --through 1",
    "approval": "approval list",
    "approval show": "approval show 1",
    "doctor": "doctor",
    "fmt": "fmt",
    "images pin": "images pin",
    "terraform install": "terraform install",
    "terraform pin": "terraform pin 1.15.5",
    "lock-providers": "lock-providers",
    "output": "output dev",
    "preview": "preview dev",
    "report": "report",
    "plan": "plan dev",
    "promote": "promote dev staging --yes",
    "release show": "release show f86ebee",
    "rollback": "rollback prod --yes",
    "sandbox up": "sandbox up",
    "secrets list": "secrets list dev",
    "secrets set": "secrets set dev shop/db",
    "verify": "verify staging",
}


@pytest.mark.parametrize("line", DONE)
def test_document_is_printed_for(line: str, asked: Asked) -> None:
    assert asked(line)["command"] == (find_command_name(move_global_options_first(line.split())) or "--version")


@pytest.mark.parametrize(("line", "code"), FAILED.values(), ids=FAILED.keys())
def test_document_is_printed_on_failure(line: str, code: int, asked: Asked) -> None:
    assert asked(line, code)["problems"]


@pytest.mark.parametrize("line", EACH.values(), ids=EACH.keys())
def test_document_is_printed_for_broken_project_file(line: str, project: Path, asked: Asked) -> None:
    (project / "envctl.toml").write_text("[project")
    assert asked(line, 78)["problems"][0]["file"] == "envctl.toml"


@pytest.mark.parametrize("line", EACH.values(), ids=EACH.keys())
@pytest.mark.parametrize(("raised", "code"), [(KeyboardInterrupt(), 130), (ZeroDivisionError(), 70)], ids=["^C", "bug"])
def test_document_is_printed_on_interruption_and_internal_error(
    line: str, raised: BaseException, code: int, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> NoReturn:
        raise raised

    monkeypatch.setattr("envctl.cli.wiring.container.open_ports", broken)
    assert asked(line, code)["command"] == find_command_name(move_global_options_first(line.split()))


def test_unserializable_result_is_still_a_document(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("envctl.usecases.inspect.status.load_status", lambda _: object())
    assert asked("status", 70)["problems"][0]["code"] == "E070"


def test_document_is_printed_while_environment_is_locked(project: Path, asked: Asked) -> None:
    work = DirectoryWorkspace(project, project / ".envctl" / "work", "")
    with work.lock_environment("staging", "ann"):
        assert "ann" in asked("recover staging", 75)["problems"][0]["message"]


def test_help_stays_text(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for line in ("--help", "apply --help", "ledger verify -h"):
        assert run([*line.split(), "--json"]) == 0
        assert capfd.readouterr().out.startswith("Usage: envctl")


NAMED = {
    "": "",
    "--debug": "",
    "aply dev": "",
    "plan dev": "plan",
    "--project plan status": "status",
    "--project=plan status": "status",
    "approve --gate peer prod": "approve",
    "ledger verify": "ledger verify",
    "ledger": "ledger",
    "sandbox upp": "sandbox",
    "lock status --reason plan": "lock",
}


@pytest.mark.parametrize(("line", "command"), NAMED.items())
def test_document_names_command_without_its_arguments(line: str, command: str) -> None:
    assert find_command_name(move_global_options_first(line.split())) == command


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_document_is_readable_in_any_stream_encoding(project: Path, encoding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "envctl", "lock", "prod", "--reason", "é 山田 \N{ROCKET} \x85", "--json"],
        cwd=project,
        env={"PATH": os.environ["PATH"], "PYTHONIOENCODING": encoding, "PYTHONUTF8": "1"},
        capture_output=True,
        check=True,
    )
    assert parse_document(done.stdout.decode())["result"]["lock"]["reason"] == "é 山田 \N{ROCKET} \x85"
