"""The holder of a state lock, as the backends of Terraform tell it."""

import os
import pwd
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.terraform.process.json_events import Diagnostic
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.adapters.terraform.state.state_lock import _find_stack, is_plan_of, parse_lock_error
from envctl.domain.errors import StateLock
from envctl.usecases.ports.terraform import PreparedStack

INFO = """
Lock Info:
  ID:        {id}
  Path:      {path}
  Operation: OperationTypeApply
  Who:       ann@ci
  Version:   1.15.5
  Created:   2026-11-28 03:44:17.123456789 +0000 UTC
  Info:


Terraform acquires a state lock to protect the state from being written
by multiple users at the same time.
"""
# As in the source of each backend.
TOLD = {
    "gcs": (
        'Error message: writing "gs://b/dev/web/default.tflock" failed: googleapi: Error 412: x',
        "1764301457123456",
    ),
    "azurerm": ("Error message: state blob is already locked", "5b1f7a52-0000-4000-8000-000000000001"),
    "consul": ("Error message: Lock Info", "5b1f7a52-0000-4000-8000-000000000002"),
    "kubernetes": ("Error message: the state is already locked by another terraform client", "5b1f7a52"),
    "http": ("Error message: HTTP remote state already locked: ID=5b1f", "5b1f"),
    "remote": ("Error message: workspace already locked", "acme/shop-dev-web"),
}


def parse(detail: str, folder: Path) -> tuple[str, str, str, datetime | None]:
    site = Site("dev", PreparedStack("web"), folder)
    found = parse_lock_error(
        Diagnostic(severity="error", summary="Error acquiring the state lock", detail=detail), site
    )
    assert found is not None
    return found.lock.id, found.lock.who, found.lock.operation, found.lock.created


@pytest.mark.parametrize(("said", "number"), TOLD.values(), ids=TOLD)
def test_holder_of_each_backend_is_read(said: str, number: str, tmp_path: Path) -> None:
    at = datetime(2026, 11, 28, 3, 44, 17, 123456, UTC)
    assert parse(f"{said}\n{INFO.format(id=number, path='x')}", tmp_path) == (number, "ann@ci", "apply", at)


@pytest.mark.parametrize("said", ["Workspace is already locked: default", "Already locked for workspace creation: w"])
def test_holder_of_postgresql_is_unknown(said: str, tmp_path: Path) -> None:
    # The lock that it prints is that of the attempt itself.
    assert parse(f"Error message: {said}\n{INFO.format(id='5b1f', path='')}", tmp_path) == ("", "somebody", "", None)


BEGAN, ENDED = datetime(2026, 11, 28, 3, 44, 10, tzinfo=UTC), datetime(2026, 11, 28, 3, 44, 20, tzinfo=UTC)


def build_lock(folder: Path, **other: Any) -> StateLock:
    """Return the lock of a plan that this user began on this machine, in that time."""
    own = f"{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"
    lock = StateLock("web", "5b1f", own, "plan", datetime(2026, 11, 28, 3, 44, 17, tzinfo=UTC), os.fspath(folder))
    return replace(lock, **other)


def test_lock_of_own_killed_plan_is_known(tmp_path: Path) -> None:
    assert is_plan_of(build_lock(tmp_path), BEGAN, ENDED)


@pytest.mark.parametrize(
    "other",
    [
        {"who": "ann@elsewhere"},
        {"operation": "apply"},
        {"operation": ""},
        {"created": BEGAN - timedelta(seconds=1)},
        {"created": ENDED + timedelta(seconds=1)},
        {"created": None},
        {"id": ""},
    ],
    ids=str,
)
def test_lock_that_may_be_of_another_is_not_own(other: dict[str, Any], tmp_path: Path) -> None:
    assert not is_plan_of(build_lock(tmp_path, **other), BEGAN, ENDED)


FOLDERS = {
    "in the cache folder": "/home/ann/.cache/envctl/shop-0123456789ab/work/dev/web",
    "of a root there": "/home/ann/.cache/envctl/shop-0123456789ab/work/dev/web/stacks/site",
    "in the folder of temporary files": "/tmp/envctl-1000/my-shop-0123456789ab/work/dev/web/live",
    "of an earlier envctl": "/srv/shop/.envctl/work/dev/web/stacks/site",
    "of an earlier sandbox": "/srv/shop/.envctl/sandbox/work/dev/web",
    "of a bare copy": "/srv/dev/web",
}


@pytest.mark.parametrize("folder", FOLDERS.values(), ids=FOLDERS)
def test_stack_of_a_work_folder_is_known(folder: str) -> None:
    assert tuple(_find_stack(Path(folder))) == ("dev", "web")
