"""A disk that is full: what it says, as Terraform 1.15 and the system put it on a disk that really was."""

import errno
from pathlib import Path

import pytest

from envctl.adapters.terraform.events import Diagnostic, Transcript
from envctl.adapters.terraform.full_disk import demand_room, room
from envctl.adapters.terraform.process import Ended
from envctl.adapters.terraform.running import Site
from envctl.domain.errors import OperationFailedError
from envctl.usecases.ports import PreparedStack

UNPACKED = (
    "Error while installing example.com/acme/tiny v1.1.0: write"
    " /cache/example.com/acme/tiny/1.1.0/linux_amd64/terraform-provider-tiny_v1.1.0: no space left on device"
)
DOWNLOADED = (
    "Error while installing example.com/acme/tiny v1.1.0: localhost:8443: write"
    " /var/tmp/terraform-provider2415084147: no space left on device"
)


def site(tmp_path: Path) -> Site:
    return Site("dev", PreparedStack("web"), tmp_path)


@pytest.mark.parametrize(
    ("said", "folder"),
    [
        (UNPACKED, "/cache/example.com/acme/tiny/1.1.0/linux_amd64"),
        (DOWNLOADED, "/var/tmp"),
        ("Failed to write: disk quota exceeded", ""),
    ],
    ids=["while it is unpacked", "while it is fetched", "nobody says where"],
)
def test_terraform_says_which_disk_it_was(said: str, folder: str, tmp_path: Path) -> None:
    transcript = Transcript([Diagnostic("error", "Failed to install provider", said)])
    with pytest.raises(OperationFailedError) as raised:
        demand_room(site(tmp_path), Ended(1, "", interrupted=False), transcript)
    (problem,) = raised.value.problems
    assert problem.code == "E346"
    assert problem.message.startswith(f"web: the disk of {folder or tmp_path} is full: ")


def test_what_went_well_or_wrong_in_another_way_is_no_full_disk(tmp_path: Path) -> None:
    demand_room(site(tmp_path), Ended(0, UNPACKED, interrupted=False), Transcript())
    demand_room(site(tmp_path), Ended(1, "no such host", interrupted=False), Transcript())


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "E346"), (errno.EDQUOT, "E346"), (errno.EACCES, "E406")])
def test_what_envctl_itself_cannot_write_is_told_with_its_place(number: int, code: str, tmp_path: Path) -> None:
    with pytest.raises(OperationFailedError) as raised, room(tmp_path):
        raise OSError(number, "it said no", str(tmp_path / "file"))
    (problem,) = raised.value.problems
    assert problem.code == code
    assert str(tmp_path) in problem.message
