"""What a disk says when it refuses: each errno that the system has for that, in each place that writes."""

import errno
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.disk.faults import to_disk_error, to_printable
from envctl.adapters.terraform.process import stack_lock
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.adapters.terraform.state import local_state
from envctl.adapters.workspace import atomic
from envctl.adapters.workspace.tree import ProjectTree
from envctl.adapters.workspace.workspace import DirectoryWorkspace
from envctl.cli.boundary import run_guarded
from envctl.domain.errors import EnvctlError
from envctl.domain.release.bundle import File
from envctl.domain.terraform.workdir_names import ROOT_MODULE_FILE
from envctl.usecases.ports.terraform import PreparedStack

# From the pages open(2), write(2), mkdir(2) and rename(2) of Linux: all that a disk, its owner or its limits can say.
ERRNOS = {
    errno.ENOSPC: "E346",
    errno.EDQUOT: "E346",
    errno.EFBIG: "E346",
    errno.EROFS: "E406",
    errno.EACCES: "E406",
    errno.EPERM: "E406",
    errno.ENAMETOOLONG: "E406",
    errno.ELOOP: "E406",
    errno.EIO: "E406",
    errno.ESTALE: "E406",
    errno.EISDIR: "E406",
    errno.ENOTDIR: "E406",
    errno.EMFILE: "E365",
    errno.ENFILE: "E365",
}


def taking_the_lock(root: Path) -> None:
    with DirectoryWorkspace(root, root / "work", "test").lock_environment("dev", "me"):
        pass


def laying_code(root: Path) -> None:
    DirectoryWorkspace(root, root / "work", "test").write_code("dev", {"modules/a/main.tf": File(b"")})


def laying_a_stack(root: Path) -> None:
    DirectoryWorkspace(root, root / "work", "test").write_stack("dev", "web", b"{}")


def naming_code(root: Path) -> None:
    DirectoryWorkspace(root, root / "work", "test").save_code_release("dev", "abc")


def writing_a_file_of_the_project(root: Path) -> None:
    ProjectTree(root).write_contents("environments/dev/terraform.tfvars", b"")


def writing_whole(root: Path) -> None:
    atomic.write_atomically(root / "folder" / "report.html", b"x")


def opening_the_lock_of_a_stack(root: Path) -> None:
    with stack_lock.lock_stack(site(root)):
        pass


def making_room_for_a_state(root: Path) -> None:
    local_state.create_state_file(site(root))


def site(root: Path) -> Site:
    """With a state in a file; laid out by the system itself, whatever it refuses by now."""
    main = '{"terraform": {"backend": {"local": {"path": "state/web.tfstate"}}}}'
    subprocess.run(["sh", "-c", f"printf '%s' '{main}' > {root}/{ROOT_MODULE_FILE}"], check=True)
    return Site("dev", PreparedStack("web"), root)


WRITERS: dict[str, Callable[[Path], None]] = {
    writer.__name__.replace("_", " "): writer
    for writer in (
        taking_the_lock,
        laying_code,
        laying_a_stack,
        naming_code,
        writing_a_file_of_the_project,
        writing_whole,
        opening_the_lock_of_a_stack,
        making_room_for_a_state,
    )
}


@pytest.mark.parametrize("number", ERRNOS, ids=lambda number: errno.errorcode[number])
@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS.keys())
@pytest.mark.parametrize("call", ["open", "write", "mkdir", "replace"])
def test_refused_write_is_reported_with_path_and_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writer: Callable[[Path], None], number: int, call: str
) -> None:
    refused = refuse(monkeypatch, call, number)
    try:
        writer(tmp_path)
    except EnvctlError as error:
        (problem,) = error.problems
        assert refused
        assert problem.code == ERRNOS[number]
        assert str(tmp_path) in problem.message
        assert problem.hint
    else:
        # It does not do that in this place: nothing can refuse it.
        assert not refused


def refuse(monkeypatch: pytest.MonkeyPatch, call: str, number: int) -> list[object]:
    """From now on the system says no to that; gives what it has said no to."""
    refused: list[object] = []

    opened = os.open

    def fails(path: Any = None, *words: Any, **named: Any) -> object:
        if call == "open" and not words[0] & (os.O_WRONLY | os.O_RDWR):
            return opened(path, *words, **named)
        refused.append(path)
        raise OSError(number, os.strerror(number), path if isinstance(path, str | os.PathLike) else None)

    for name in {"open": ["open"], "write": ["pwrite"], "mkdir": ["mkdir"], "replace": ["replace"]}[call]:
        monkeypatch.setattr(os, name, fails)
    return refused


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS.keys())
def test_each_writer_writes_to_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writer: Callable[[Path], None]
) -> None:
    refused = refuse(monkeypatch, "open", errno.EACCES)
    with pytest.raises(EnvctlError):
        writer(tmp_path)
    assert refused


@pytest.mark.parametrize("number", ERRNOS, ids=lambda number: errno.errorcode[number])
@pytest.mark.parametrize("named", [True, False], ids=["with its path", "without"])
def test_unexpected_disk_error_is_no_internal_error(
    number: int, named: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = (number, os.strerror(number), str(tmp_path / "file")) if named else (number, os.strerror(number))

    def command() -> None:
        raise OSError(*words)

    expected = to_disk_error(OSError(*words))
    code = run_guarded(command, ["status"])
    said = capfd.readouterr().err
    if expected is None:
        # No file was named, and no disk speaks so: what else it may be has to be looked at.
        assert code == 70
        return
    assert code == 1
    assert "hint:" in said
    assert not named or "file" in said


def test_path_is_shown_printable() -> None:
    assert to_printable(os.fsdecode(b"caf\xe9/new\nline/\x1b[31mred")) == "caf\\udce9/new\\nline/\\x1b[31mred"
    assert to_printable("ünï/日本") == "ünï/日本"
