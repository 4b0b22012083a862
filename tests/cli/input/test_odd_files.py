"""Something else than a plain file in every place that envctl reads: an error with a hint, never a hang nor a bug."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from envctl.cli.entry import run
from tests.documents import parse_document

SECONDS = 20


def pipe(path: Path) -> None:
    os.mkfifo(path)


def linked_pipe(path: Path) -> None:
    os.mkfifo(path.with_name("a-pipe-elsewhere"))
    path.symlink_to("a-pipe-elsewhere")


def listening(path: Path) -> None:
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(before)


def endless(path: Path) -> None:
    """As every device, it is outside of the project: a link to it is refused for one or the other."""
    path.symlink_to("/dev/zero")


def looping(path: Path) -> None:
    path.symlink_to(path.name)


def circle(path: Path) -> None:
    other = path.with_name("the-other-end")
    path.symlink_to(other.name)
    other.symlink_to(path.name)


def folder(path: Path) -> None:
    path.mkdir()


def too_far(path: Path) -> None:
    path.symlink_to("x" * 300)


KINDS: dict[str, Callable[[Path], None]] = {
    "a pipe": pipe,
    "a link to a pipe": linked_pipe,
    "a socket": listening,
    "a device": endless,
    "a link to itself": looping,
    "two links in a circle": circle,
    "a folder": folder,
    "a link to a name that is too long": too_far,
}
# What a person can have made, and the commands that read it.
PLACES: dict[str, tuple[tuple[str, ...], ...]] = {
    "envctl.toml": (("validate",), ("status",), ("fmt", "--check", "environments")),
    "environments/common.tfvars": (("validate",), ("settings", "dev")),
    "environments/dev/terraform.tfvars": (("validate",), ("settings", "dev")),
    "modules/network/main.tf": (("validate",),),
    "modules/network/policy.json": (("validate",),),
    "modules/network/files/deep.tpl": (("validate",),),
    ".terraform.lock.hcl": (("validate",),),
    ".envctl/store/ledger/0000000001.json": (("status",), ("history", "dev"), ("ledger", "verify")),
    ".envctl/witness.json": (("status",), ("history", "dev")),
    ".envctl/releases.json": (("status",),),
    ".envctl": (("status",), ("validate",)),
    ".gitlab-ci.yml": (("ci", "gitlab", "--check"),),
}
# Where it does not matter: it is none of ours, or no more than a reminder.
UNHARMED = {0, 1, 2, 64, 78}


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    def late(_signal: int, _frame: FrameType | None) -> None:
        pytest.fail(f"it hung for {seconds} seconds")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def clear(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_odd_file_causes_error_with_hint_or_nothing(
    project: Path, place: str, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    clear(project / place)
    KINDS[kind](project / place)
    for words in PLACES[place]:
        with limited(SECONDS):
            code = run([*words, "--json"])
        said = capfd.readouterr()
        document = parse_document(said.out)
        assert code in UNHARMED, (words, said.out, said.err)
        assert code in (0, 2) or all(each["code"] and each["hint"] for each in document["problems"]), document


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "a folder"])
@pytest.mark.parametrize("place", ["modules/network/main.tf", "modules/network/files/x.tpl"])
def test_odd_file_of_a_module_is_named(project: Path, place: str, kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    clear(project / place)
    KINDS[kind](project / place)
    with limited(SECONDS):
        assert run(["validate", "--json"]) in (1, 78)
    problem = parse_document(capfd.readouterr().out)["problems"][0]
    assert problem["code"] in {"E116", "E128", "E129", "E407"}
    folder = place.rpartition("/")[0]
    assert problem["file"].startswith(f"{folder}/"), problem
    assert problem["hint"]


@pytest.mark.parametrize("place", ["environments/dev/terraform.tfvars", "modules/network/main.tf"])
@pytest.mark.parametrize("kind", ["a pipe", "a device", "a link to itself", "a folder"])
def test_formatting_odd_file_does_not_hang(
    project: Path, place: str, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    clear(project / place)
    KINDS[kind](project / place)
    with limited(SECONDS):
        # A folder of that name holds nothing to be formatted.
        assert run(["fmt", "--check", "--json"]) in (0, 1, 64, 78)
    assert all(each["hint"] for each in parse_document(capfd.readouterr().out)["problems"])


@pytest.mark.parametrize("place", ["modules/network", "environments/dev"])
def test_non_utf8_file_name_is_refused(project: Path, place: str, capfd: pytest.CaptureFixture[str]) -> None:
    try:
        (project / place / os.fsdecode(b"caf\xe9.tfvars")).write_text("")
    except OSError:
        pytest.skip("this disk takes no such names")
    assert run(["validate", "--json"]) == 78
    problem = parse_document(capfd.readouterr().out)["problems"][0]
    assert (problem["code"], problem["file"]) == ("E130", f"{place}/caf\\udce9.tfvars")
    assert run(["validate"]) == 78
    assert "caf\\udce9.tfvars" in capfd.readouterr().err


@pytest.mark.parametrize("option", ["--junit", "--sarif", "--trace"])
@pytest.mark.parametrize("kind", ["a pipe", "a link to itself", "a folder"])
def test_report_to_a_pipe_does_not_hang(
    project: Path, option: str, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    KINDS[kind](project / "report")
    with limited(SECONDS):
        code = run(["validate", option, "report"] if option != "--trace" else [option, "report", "validate"])
    assert code != 70
    assert "can't be written" in capfd.readouterr().err


@pytest.mark.parametrize("name", ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "ENVCTL_DOTENV"])
def test_job_file_as_pipe_does_not_hang(project: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(project / "pipe")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv(name, str(project / "pipe"))
    with limited(SECONDS):
        assert run(["validate"]) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
@pytest.mark.parametrize("words", [["status"], ["validate", "--json"], ["settings", "dev"]])
def test_full_disk_below_stdout_is_reported(project: Path, words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "envctl", *words]
        done = subprocess.run(
            command, cwd=project, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=SECONDS
        )
    assert (done.returncode, "a disk is full" in done.stderr) == (1, True), done.stderr
