"""What people see, at the widths that they have."""

import re
from contextvars import copy_context
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from envctl.cli.render.commands import IN_SANDBOX
from envctl.cli.render.human import show, show_error
from envctl.domain.changes import Action, AttributeChange, EnvironmentPlan, Marker, ResourceChange, StackPlan
from envctl.domain.errors import EnvctlError, OperationFailedError, Problem
from envctl.domain.ledger import Actor, ReleaseCreated
from envctl.usecases.history import History
from tests.cli.render.conftest import console, told
from tests.cli.render.samples import CALM_STATUS, ERRORS, HANAKO, NEW, RESULTS, SECRET, entries

WIDE_AND_NARROW = [name for name in RESULTS if "plan" in name or "status" in name or "history" in name]
# These are never broken, so that they can be copied.
UNBROKEN = re.compile(r"next: |^  envctl |^  [-+~<>x/]{1,3} +[a-z]+  ")
COPIED = {"settings", "a verified ledger", "rendered root modules"}


def said(thing: object, width: int = 80, *, terminal: bool = False) -> str:
    out: Console = console(width, terminal=terminal)
    if isinstance(thing, EnvctlError):
        show_error(thing, out)
    else:
        show(thing, out)
    return told(out)


@pytest.mark.parametrize("name", [*RESULTS, *ERRORS])
def test_a_terminal_of_80_columns_shows(name: str, snapshot: SnapshotAssertion) -> None:
    assert said({**RESULTS, **ERRORS}[name]) == snapshot


@pytest.mark.parametrize("width", [60, 120])
@pytest.mark.parametrize("name", WIDE_AND_NARROW)
def test_other_widths_show(name: str, width: int, snapshot: SnapshotAssertion) -> None:
    assert said(RESULTS[name], width) == snapshot


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", [name for name in (*RESULTS, *ERRORS) if name not in COPIED])
def test_no_line_is_wider_than_the_terminal_but_for_what_is_to_be_copied(name: str, width: int) -> None:
    lines = said({**RESULTS, **ERRORS}[name], width).splitlines()
    assert [line for line in lines if cell_len(line) > width and not UNBROKEN.search(line)] == []


@pytest.mark.parametrize("width", [1, 20, 400])
@pytest.mark.parametrize("name", [*RESULTS, *ERRORS])
def test_no_width_is_too_strange(name: str, width: int) -> None:
    assert said({**RESULTS, **ERRORS}[name], width)


@pytest.mark.parametrize("name", [*RESULTS, *ERRORS])
def test_colour_says_nothing_that_the_text_does_not(name: str) -> None:
    thing = {**RESULTS, **ERRORS}[name]
    assert re.sub(r"\x1b\[[0-9;]*m", "", said(thing, terminal=True)) == said(thing)


@pytest.mark.parametrize("name", RESULTS)
def test_a_secret_is_seen_nowhere(name: str) -> None:
    assert SECRET not in said(RESULTS[name])
    assert SECRET not in said(RESULTS[name], 120)


@pytest.mark.parametrize("name", ["a status with nothing to do", "a status", "a first plan"])
def test_wide_characters_keep_boxes_and_columns_straight(name: str) -> None:
    framed = [line for line in said(RESULTS[name]).splitlines() if line.startswith(("│", "╭", "╰"))]
    assert len({cell_len(line) for line in framed}) <= 1


@pytest.mark.parametrize(
    "hostile", ["\x1b[2Jmallory", "\x9b31mmallory", "\u202emallory", "mallory\x07", "\ud800mallory"]
)
def test_a_name_can_not_steer_the_terminal(hostile: str) -> None:
    history = History("", entries((Actor(hostile), ReleaseCreated(NEW))), more=False)
    error = OperationFailedError(Problem("E305", hostile, hostile))
    for text in (said(history), said(history, 120), said(error)):
        assert hostile not in text
        assert "mallory" in text
        text.encode()


def test_the_local_time_stands_beside_utc_where_they_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    text = said(CALM_STATUS)
    assert "2026-11-24 22:41 UTC" in text
    assert "2026-11-25 07:41 JST" in text


def test_many_environments_stand_one_below_the_other() -> None:
    many = tuple(replace(CALM_STATUS.environments[0], environment=f"env{number}") for number in range(7))
    text = said(replace(CALM_STATUS, environments=many), 120)
    assert text.count("▼") == 6


def test_advice_that_several_problems_share_is_given_once() -> None:
    problems = [Problem("E305", f"{number}", "correct the cause") for number in range(3)]
    assert said(OperationFailedError(*problems)).count("correct the cause") == 1


@pytest.mark.parametrize("name", ["a status", "a why that refuses", "a deployment", "a first plan", "a refusal"])
def test_what_is_to_be_typed_in_the_sandbox_stays_in_the_sandbox(name: str) -> None:
    inside = copy_context()
    inside.run(IN_SANDBOX.set, True)
    text = inside.run(said, {**RESULTS, **ERRORS}[name])
    assert "envctl --sandbox " in text
    assert re.findall(r"envctl (?:apply|promote|approve)", text) == []
    assert "--sandbox" not in said({**RESULTS, **ERRORS}[name])


def test_who_is_not_vouched_for_is_marked() -> None:
    assert f"{HANAKO.name} ?" in said(RESULTS["a history"])
    assert "(unverified)" in said(RESULTS["a status"])


@pytest.mark.parametrize("width", [60, 80])
def test_of_many_new_resources_each_gets_a_line(snapshot: SnapshotAssertion, width: int) -> None:
    attributes = (AttributeChange("arn", None, Marker.UNKNOWN), AttributeChange("tags.Name", None, "shop-dev-private"))
    new = tuple(
        ResourceChange(f"aws_subnet.private[{number}]", "aws_subnet", Action.CREATE, attributes) for number in range(13)
    )
    changed = ResourceChange("aws_vpc.this", "aws_vpc", Action.UPDATE, (AttributeChange("tags.Team", "a", "b"),))
    out = console(width)
    show(EnvironmentPlan("dev", "", (StackPlan("network", (*new, changed)),)), out)
    assert told(out) == snapshot
