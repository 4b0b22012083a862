"""A disk that is full: what it says, as Terraform 1.15 and the system put it on a disk that really was."""

import errno
import json
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from envctl.adapters.terraform.diagnostics.failures import to_terraform_error
from envctl.adapters.terraform.diagnostics.full_disk import check_disk_error, reserve_space
from envctl.adapters.terraform.process import json_events
from envctl.adapters.terraform.process.disk_errors import translate_disk_errors
from envctl.adapters.terraform.process.json_events import Diagnostic, Transcript
from envctl.adapters.terraform.process.process import ProcessResult
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.adapters.terraform.state import unsaved_state
from envctl.domain.errors import OperationFailedError
from envctl.domain.terraform import workdir_names
from envctl.domain.terraform.workdir_names import RESERVE_FILE
from envctl.usecases.ports.terraform import PreparedStack

UNPACKED = (
    "Error while installing example.com/acme/tiny v1.1.0: write"
    " {0}/example.com/acme/tiny/1.1.0/linux_amd64/terraform-provider-tiny_v1.1.0: no space left on device"
)
DOWNLOADED = (
    "Error while installing example.com/acme/tiny v1.1.0: localhost:8443: write"
    " {0}/terraform-provider2415084147: no space left on device"
)


def site(tmp_path: Path) -> Site:
    return Site("dev", PreparedStack("web"), tmp_path)


@pytest.mark.parametrize(
    ("said", "folder"),
    [
        (UNPACKED, "cache/example.com"),
        (DOWNLOADED, "cache"),
        ("Failed to write: disk quota exceeded", ""),
    ],
    ids=["while it is unpacked, into what is gone by now", "while it is fetched", "nobody says where"],
)
def test_full_disk_is_named(said: str, folder: str, tmp_path: Path) -> None:
    (tmp_path / "cache" / "example.com").mkdir(parents=True)
    said = said.format(tmp_path / "cache")
    transcript = Transcript(
        diagnostics=[Diagnostic(severity="error", summary="Failed to install provider", detail=said)]
    )
    with pytest.raises(OperationFailedError) as raised:
        check_disk_error(site(tmp_path), ProcessResult(code=1, errors="", interrupted=False), transcript)
    (problem,) = raised.value.problems
    assert problem.code == "E346"
    assert problem.message.startswith(f"web: the disk of {tmp_path / folder} is full: ")


def test_success_and_other_failures_are_no_full_disk(tmp_path: Path) -> None:
    check_disk_error(site(tmp_path), ProcessResult(code=0, errors=UNPACKED, interrupted=False), Transcript())
    check_disk_error(site(tmp_path), ProcessResult(code=1, errors="no such host", interrupted=False), Transcript())


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "E346"), (errno.EDQUOT, "E346"), (errno.EACCES, "E406")])
def test_write_error_is_reported_with_its_path(number: int, code: str, tmp_path: Path) -> None:
    with pytest.raises(OperationFailedError) as raised, translate_disk_errors(tmp_path):
        raise OSError(number, "it said no", str(tmp_path / "file"))
    (problem,) = raised.value.problems
    assert problem.code == code
    assert str(tmp_path) in problem.message


UNSAVED = "Error saving state: Failed to write state: An error occured while writing the serialized state: write"
SAID = (
    Diagnostic(
        severity="error",
        summary="Failed to write state",
        detail="write ../../../state/dev/web.tfstate: no space left on device.",
    ),
    Diagnostic(
        severity="error",
        summary="Failed to save state",
        detail=f"{UNSAVED} ../../../state/dev/web.tfstate: no space left on device.",
    ),
    Diagnostic(
        severity="error",
        summary="Failed to create local state file",
        detail=f"{UNSAVED} errored.tfstate: no space left on device.",
    ),
    Diagnostic(
        severity="error",
        summary="Failed to persist state to backend",
        detail="The errors shown above prevented Terraform from writing",
    ),
)
STATE = {"version": 4, "serial": 3, "resources": [{"type": "terraform_data", "name": "one"}]}
DUMP = {"@level": "info", "@message": "Emergency state dump", "type": "log", "state": STATE}


def test_state_dumped_by_terraform_is_saved(tmp_path: Path) -> None:
    where, transcript = site(tmp_path), Transcript(diagnostics=list(SAID))
    json_events.record_line(json.dumps(DUMP), PreparedStack("web"), transcript)
    (tmp_path / workdir_names.UNSAVED_STATE).touch()
    assert transcript.dumped_state == STATE
    unsaved_state.save_state(where, STATE)
    assert json.loads((tmp_path / workdir_names.UNSAVED_STATE).read_text()) == STATE
    unsaved, full = to_terraform_error(
        ProcessResult(code=1, errors="", interrupted=False), transcript, where, "apply"
    ).problems
    assert (unsaved.code, unsaved.hint) == ("E313", "save it: envctl recover dev")
    disk = (tmp_path / "../../../state/dev").resolve()
    assert (full.code, full.hint) == ("E346", f"free space on the disk of {disk}, and run the command again")


def test_state_is_saved_elsewhere_on_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    (tmp_path / workdir_names.UNSAVED_STATE).mkdir()
    with pytest.raises(OperationFailedError) as raised:
        unsaved_state.save_state(site(tmp_path), STATE)
    (problem,), (kept,) = raised.value.problems, elsewhere.iterdir()
    assert json.loads(kept.read_text()) == STATE
    assert kept.stat().st_mode & 0o077 == 0
    assert (problem.code, str(kept) in problem.message) == ("E313", True)
    assert problem.hint.endswith("envctl recover dev")

    monkeypatch.setattr(tempfile, "tempdir", "/gone")
    with pytest.raises(OperationFailedError, match="these resources are now in no state: terraform_data"):
        unsaved_state.save_state(site(tmp_path), STATE)


def test_apply_reserves_disk_space_and_releases_it(tmp_path: Path) -> None:
    with full(1 << 20), pytest.raises(OperationFailedError) as raised, reserve_space(site(tmp_path)):
        pytest.fail("it has begun")
    (problem,) = raised.value.problems
    assert problem.code == "E346"
    assert "might not be able to save its state; it was not started" in problem.message
    with reserve_space(site(tmp_path)):
        assert (tmp_path / RESERVE_FILE).stat().st_size == 4 << 20
    assert list(tmp_path.iterdir()) == []


@contextmanager
def full(most: int) -> Iterator[None]:
    """Files may grow no larger: as good as a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
