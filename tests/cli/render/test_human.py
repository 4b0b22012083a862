"""What people see, at the widths that they have."""

import re
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import pytest
from rich.cells import cell_len
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from envctl.cli.ci.result_views import render_markdown as in_markdown
from envctl.cli.command_table import COMMANDS
from envctl.cli.render.console.any_result import render_result
from envctl.cli.render.console.errors import show_error
from envctl.cli.render.markdown import show_error as error_in_markdown
from envctl.cli.render.terminal.text import print_hint
from envctl.cli.render.text.detail import SHOW_ALL_GUARDS, SHOW_FULL_PLANS
from envctl.cli.render.text.next_commands import IN_SANDBOX
from envctl.domain.errors import ConfigurationError, EnvctlError, OperationFailedError, Problem
from envctl.domain.guards import RefusedError
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.plan.changes import Action, AttributeChange, EnvironmentPlan, Marker, ResourceChange, StackPlan
from envctl.usecases.inspect.history import History
from tests.cli.render.conftest import console, in_zone, told
from tests.cli.render.samples import (
    CALM_STATUS,
    ERRORS,
    HANAKO,
    HISTORY,
    LARGE_PLAN,
    NEW,
    NOW,
    RESULTS,
    SECRET,
    entries,
)
from tests.cli.render.samples.outcomes import BROKEN_GLASS
from tests.cli.render.samples.refusals import LOCK

WIDE_AND_NARROW = [
    name
    for name in (*RESULTS, *ERRORS)
    if any(
        word in name
        for word in (
            "plan",
            "status",
            "history",
            "why",
            "diff",
            "drift",
            "break-glass",
            "recovery of",
            "until",
            "settings",
            "bootstrap",
            "doctor",
            "secrets",
            "a release",
            "releases",
        )
    )
]
# These are never broken, so that they can be copied.
UNBROKEN = re.compile(r"next: |^ +envctl |^  [-+~<>x/]{1,3} +[a-z]+  ")
COPIED = {"outputs", "outputs after a failure", "one output", "settings", "a verified ledger", "rendered root modules"}


@cache
def shown(name: str, width: int = 80) -> str:
    """As most tests look at a sample: on a machine whose clock shows UTC, and without an option for more."""
    return said({**RESULTS, **ERRORS}[name], width)


def said(thing: object, width: int = 80, *, terminal: bool = False) -> str:
    out: Console = console(width, terminal=terminal)
    if isinstance(thing, EnvctlError):
        show_error(thing, out, NOW)
    else:
        render_result(thing, out)
    return told(out)


@pytest.mark.parametrize("name", [*RESULTS, *ERRORS])
def test_terminal_of_80_columns_shows(name: str, snapshot: SnapshotAssertion) -> None:
    assert shown(name) == snapshot


def test_problem_of_several_stacks_is_shown_once() -> None:
    missing = Problem("E604", "kubectl is missing: it renders Kubernetes objects", "install kubectl")
    assert said(ConfigurationError(missing, missing)).count("E604") == 1


def with_details(thing: object, detail: ContextVar[bool], width: int = 80) -> str:
    """As it is shown with the option for more."""
    return copy_context().run(lambda: (detail.set(True), said(thing, width))[1])


@pytest.mark.parametrize("name", [name for name in RESULTS if "a why" in name])
def test_all_guards_are_shown(name: str, snapshot: SnapshotAssertion) -> None:
    assert with_details(RESULTS[name], SHOW_ALL_GUARDS) == snapshot


@pytest.mark.parametrize("name", ["a large plan", "drift of a large plan"])
def test_full_shows_each_change(name: str) -> None:
    whole, summary = with_details(RESULTS[name], SHOW_FULL_PLANS), said(RESULTS[name])
    for stack in LARGE_PLAN.stacks:
        assert all(f"{resource.address}\n" in whole for resource in stack.resources)
    assert "--full" in summary
    assert "--full" not in whole
    assert len(summary.splitlines()) < 25


@pytest.mark.parametrize("width", [60, 120])
@pytest.mark.parametrize("name", WIDE_AND_NARROW)
def test_other_widths_show(name: str, width: int, snapshot: SnapshotAssertion) -> None:
    assert shown(name, width) == snapshot


@pytest.mark.parametrize("name", [*RESULTS, *ERRORS])
def test_any_width_is_supported(name: str) -> None:
    for width in (1, 20, 400):
        assert said({**RESULTS, **ERRORS}[name], width), width


@pytest.mark.parametrize("name", [*RESULTS, *ERRORS])
def test_colors_carry_no_additional_information(name: str) -> None:
    thing = {**RESULTS, **ERRORS}[name]
    assert re.sub(r"\x1b\[[0-9;]*m", "", said(thing, terminal=True)) == shown(name)


@pytest.mark.parametrize("name", RESULTS)
def test_secret_is_never_shown(name: str) -> None:
    assert SECRET not in shown(name)
    assert SECRET not in shown(name, 120)


@pytest.mark.parametrize("name", ["a status with nothing to do", "a status", "a first plan"])
def test_wide_characters_keep_boxes_and_columns_straight(name: str) -> None:
    framed = [line for line in said(RESULTS[name]).splitlines() if line.startswith(("│", "╭", "╰"))]
    assert len({cell_len(line) for line in framed}) <= 1


@pytest.mark.parametrize(
    "hostile", ["\x1b[2Jmallory", "\x9b31mmallory", "\u202emallory", "mallory\x07", "\ud800mallory"]
)
def test_hostile_name_can_not_control_the_terminal(hostile: str) -> None:
    history = History(environment="", entries=entries((Actor(hostile), ReleaseCreated(release=NEW))), more=False)
    error = OperationFailedError(Problem("E305", hostile, hostile))
    for text in (said(history), said(history, 120), said(error)):
        assert hostile not in text
        assert "mallory" in text
        text.encode()


@pytest.mark.parametrize("name", ["a status", "a history", "a why that refuses", "a refusal that opens by itself"])
def test_times_use_the_local_time_zone(name: str) -> None:
    thing = {**RESULTS, **ERRORS}[name]
    with in_zone("Asia/Tokyo"):
        assert "JST" in said(thing)
        assert "UTC" not in said(thing)
    assert "UTC" in said(thing)


def test_time_without_room_omits_its_year() -> None:
    with in_zone("Europe/Berlin"):
        assert "│ 2026-11-24 23:41 CET " in said(CALM_STATUS)
    with in_zone("Australia/Sydney"):
        # One letter too long for a box of 80 columns.
        assert "│ 11-25 09:41 AEDT " in said(RESULTS["a status"])


def test_history_shows_its_time_zone_in_the_header() -> None:
    with in_zone("Asia/Tokyo"):
        head, first, *_ = said(HISTORY, 120).splitlines()
    assert "time (JST)" in head
    assert "2026-11-24 15:40  hanako" in first


def test_history_across_clock_change_shows_zone_per_line() -> None:
    summer, winter = (replace(HISTORY.entries[0], at=datetime(2026, month, 25, 2, tzinfo=UTC)) for month in (7, 11))
    with in_zone("Europe/Berlin"):
        head, *lines = said(replace(HISTORY, entries=(winter, summer)), 120).splitlines()
    assert "time (" not in head
    assert "2026-11-25 03:00 CET" in lines[0]
    assert "2026-07-25 04:00 CEST" in lines[1]


def test_many_environments_are_listed_vertically() -> None:
    many = tuple(replace(CALM_STATUS.environments[0], environment=f"env{number}") for number in range(7))
    text = said(replace(CALM_STATUS, environments=many), 120)
    assert text.count("▼") == 6


HINTS = {
    "a command is never broken": ("envctl approve prod --gate business", "next: envctl approve prod --gate business"),
    "advice is": ("correct the cause of it all", "hint: correct the cause of\nit all"),
    "a command at the end of advice stands alone": (
        "correct it, and look with: envctl settings prod",
        "hint: correct it, and look\nwith:\n  envctl settings prod",
    ),
    "a sentence about a command is advice": ("envctl status shows more of it", "hint: envctl status shows\nmore of it"),
    "what envctl needs is no command": ("envctl needs a disk that works", "hint: envctl needs a disk\nthat works"),
}


@pytest.mark.parametrize(("hint", "shown"), HINTS.values(), ids=HINTS)
def test_hinted_command_can_be_copied(hint: str, shown: str) -> None:
    out = console(26)
    print_hint(out, hint)
    assert told(out) == f"{shown}\n"


def test_multi_line_reason_can_not_imitate_output() -> None:
    forged = replace(LOCK, message="prod is locked by mallory: x\n  ✓ passes    G104 soak")
    assert "  ✓ passes    G104 soak" not in said(RefusedError((forged,))).splitlines()


def test_shared_hint_is_shown_once() -> None:
    problems = [Problem("E305", f"{number}", "correct the cause") for number in range(3)]
    assert said(OperationFailedError(*problems)).count("correct the cause") == 1


@pytest.mark.parametrize("name", [*RESULTS, *ERRORS])
def test_suggested_commands_in_sandbox_keep_the_option(name: str) -> None:
    thing = {**RESULTS, **ERRORS}[name]

    def show_in_markdown() -> str:
        if isinstance(thing, RefusedError):
            return error_in_markdown(thing, NOW)
        return "" if isinstance(thing, EnvctlError) else in_markdown(thing)

    inside = copy_context()
    inside.run(IN_SANDBOX.set, True)
    bare = re.compile(rf"envctl (?!--sandbox|sandbox)(?:{'|'.join(COMMANDS)})\b")
    in_sandbox = inside.run(lambda: said(thing) + show_in_markdown())
    assert bare.findall(in_sandbox) == []
    outside = shown(name) + show_in_markdown()
    if bare.search(outside):
        # A new project is first tried where it needs no account.
        assert "--sandbox" not in outside or name.startswith("a new project")
        assert in_sandbox.count("--sandbox ") > outside.count("--sandbox ")


def test_unverified_actor_is_marked() -> None:
    assert f"{HANAKO.name} ?" in said(RESULTS["a history"])
    assert "(unverified)" in said(RESULTS["a status"])


@pytest.mark.parametrize("width", [60, 80])
def test_each_new_resource_gets_one_line(snapshot: SnapshotAssertion, width: int) -> None:
    attributes = (AttributeChange("arn", None, Marker.UNKNOWN), AttributeChange("tags.Name", None, "shop-dev-private"))
    new = tuple(
        ResourceChange(
            address=f"aws_subnet.private[{number}]", type="aws_subnet", action=Action.CREATE, attributes=attributes
        )
        for number in range(13)
    )
    changed = ResourceChange(
        address="aws_vpc.this",
        type="aws_vpc",
        action=Action.UPDATE,
        attributes=(AttributeChange("tags.Team", "a", "b"),),
    )
    out = console(width)
    render_result(
        EnvironmentPlan(environment="dev", release="", stacks=(StackPlan("network", resources=(*new, changed)),)), out
    )
    assert told(out) == snapshot


@pytest.mark.parametrize("show", [said, in_markdown])
def test_corrected_drift_is_not_repeated(show: Callable[[object], str]) -> None:
    whole, part = show(BROKEN_GLASS), show(replace(BROKEN_GLASS, only=("web",)))
    assert "Guards warned before the deployment" in whole
    assert ("G110" in whole, "G303" in whole) == (False, True)
    assert ("G110" in part, "G303" in part) == (True, True)
