"""A status that is watched, as it is drawn and as it is kept."""

import re
from contextvars import copy_context
from dataclasses import replace
from datetime import timedelta

import pytest
from syrupy.assertion import SnapshotAssertion

from envctl.cli.render.console.inspect.watch import JsonLines, StatusLog, StatusObservation, StatusScreen, has_changed
from envctl.cli.render.text.next_commands import IN_SANDBOX
from envctl.cli.results import Observation
from envctl.domain.errors import EnvctlError, OperationFailedError, Problem
from envctl.usecases.inspect.status import Status
from tests.cli.render.conftest import console, told
from tests.cli.render.samples import CALM_STATUS, NOW, STATUS

ERROR = OperationFailedError(
    Problem("E404", "the store s3://shop can't be read: no route to host", "nothing was recorded; mend it and retry")
)
LATER = NOW + timedelta(seconds=5)
CALM: StatusObservation = Observation(CALM_STATUS, NOW)
FAILED: StatusObservation = Observation(CALM_STATUS, NOW, ERROR, LATER)
BUSY: StatusObservation = Observation(STATUS, LATER)


def drawn(seen: StatusObservation, width: int, height: int = 40) -> str:
    out = console(width, height=height)
    StatusScreen(out, 5).show_observation(seen)
    return re.sub(r"\x1b\[[?\d]*[A-Za-z]", "", told(out))


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("seen", [CALM, FAILED], ids=["calm", "after a look that failed"])
def test_status_screen_shows(seen: StatusObservation, width: int, snapshot: SnapshotAssertion) -> None:
    assert drawn(seen, width) == snapshot


@pytest.mark.parametrize("height", [1, 5, 14])
def test_low_terminal_shows_how_many_lines_are_hidden(height: int) -> None:
    lines = drawn(CALM, 80, height).split("\n")
    assert len(lines) == height
    assert lines[-1].endswith("lines: use a taller terminal")


def test_the_sandbox_is_named_on_every_screen() -> None:
    inside = copy_context()
    inside.run(IN_SANDBOX.set, True)
    assert inside.run(drawn, CALM, 80).startswith("SANDBOX · ")
    assert "SANDBOX" not in drawn(CALM, 80)


def test_closing_an_unused_screen_prints_nothing() -> None:
    out = console(80)
    StatusScreen(out, 5).close()
    assert told(out) == ""


def test_log_has_one_block_per_change() -> None:
    out, err = console(80), console(80)
    log = StatusLog(out, err)
    for seen in (CALM, FAILED, BUSY):
        log.show_observation(seen)
    heads = [line for line in told(out).splitlines() if line.startswith("---")]
    assert heads == ["--- 2026-11-25 01:40:00 UTC", "--- 2026-11-25 01:40:05 UTC"]
    assert told(err).splitlines() == [
        "--- 2026-11-25 01:40:05 UTC: this refresh failed",
        "error E404: the store s3://shop can't be read: no route to host",
        "  hint: nothing was recorded; mend it and retry",
    ]


def test_each_json_line_has_result_or_error() -> None:
    written: list[tuple[Status | None, EnvctlError | None]] = []
    lines = JsonLines(lambda what, error: written.append((what, error)))
    lines.show_observation(CALM)
    lines.show_observation(FAILED)
    assert written == [(CALM_STATUS, None), (None, ERROR)]


CHANGES = {
    "time passes": (CALM, Observation(replace(CALM_STATUS, now=LATER), LATER), False),
    "something happens": (CALM, BUSY, True),
    "a look fails": (CALM, FAILED, True),
    "the next one fails too": (FAILED, replace(FAILED, failed_at=LATER + timedelta(seconds=5)), False),
    "the next one does not": (FAILED, CALM, True),
}


@pytest.mark.parametrize(("before", "seen", "expected"), CHANGES.values(), ids=CHANGES)
def test_status_has_changed_when(before: StatusObservation, seen: StatusObservation, expected: bool) -> None:
    assert has_changed(before, seen) is expected
