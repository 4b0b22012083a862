"""What is seen while Terraform works."""

import re
from collections.abc import Callable
from contextlib import closing
from contextvars import copy_context
from dataclasses import dataclass

import pytest
from syrupy.assertion import SnapshotAssertion

from envctl.cli.render.progress.board import ProgressBoard
from envctl.cli.render.progress.observers import BoardView, PlainObserver, TerminalObserver
from envctl.cli.render.progress.silent import SilentObserver
from envctl.cli.render.text.detail import SHOW_FULL_PLANS
from envctl.domain.plan.changes import Action
from envctl.usecases.ports.terraform import ProgressEvent
from tests.cli.render.conftest import console, told
from tests.cli.render.samples import FIRST_PLAN, LARGE_PLAN, LATER_PLAN

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


@dataclass
class Hands:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def work(
    observer: TerminalObserver | PlainObserver | SilentObserver, wait: Callable[[float], None] = lambda _: None
) -> None:
    observer.on_message("starting")
    observer.on_progress(ProgressEvent("network", "init"))
    observer.on_progress(ProgressEvent("network", "plan"))
    observer.on_progress(ProgressEvent("network", "refresh", "aws_vpc.this"))
    observer.on_plan(FIRST_PLAN)
    observer.on_progress(ProgressEvent("network", "started", "aws_vpc.this", Action.CREATE))
    for elapsed in (10.0, 20.0, 30.0, 40.0, 50.0, 60.0):
        wait(10)
        observer.on_progress(ProgressEvent("network", "still", "aws_vpc.this", Action.CREATE, elapsed))
    observer.on_progress(ProgressEvent("network", "done", "aws_vpc.this", Action.CREATE, 61))
    observer.on_progress(ProgressEvent("network", "started", "aws_subnet.private[0]", Action.CREATE))
    observer.on_progress(ProgressEvent("network", "failed", "aws_subnet.private[0]", Action.CREATE, 2))


def test_log_has_plain_lines_without_flooding(snapshot: SnapshotAssertion) -> None:
    out = console()
    observer = PlainObserver(out)
    work(observer)
    observer.close()
    assert told(out) == snapshot


def apply_much(observer: TerminalObserver | PlainObserver) -> None:
    observer.on_plan(LARGE_PLAN)
    for number in range(250):
        observer.on_progress(ProgressEvent("items", "done", f"aws_ssm_parameter.item[{number}]", Action.UPDATE))
    observer.on_progress(ProgressEvent("items", "failed", "aws_db_instance.this", Action.UPDATE, 2))


def test_log_of_a_large_apply_counts() -> None:
    out = console()
    observer = PlainObserver(out)
    apply_much(observer)
    ends = [line for line in told(out).splitlines() if line.startswith("[items]")]
    assert ends == [
        "[items] 100 changes done",
        "[items] 200 changes done",
        "[items] aws_db_instance.this FAILED after 2 s",
    ]


def test_terminal_shows_failures_of_a_large_apply() -> None:
    out = console(terminal=True)
    with closing(TerminalObserver(out)) as observer:
        apply_much(observer)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", told(out))
    assert "✗ items  aws_db_instance.this FAILED after 2 s" in text
    assert "✓ items" not in text


@pytest.mark.parametrize("observe", [PlainObserver, TerminalObserver])
def test_full_names_each_change_of_a_large_apply(observe: type[PlainObserver | TerminalObserver]) -> None:
    out = console()

    def apply_in_full() -> None:
        SHOW_FULL_PLANS.set(True)
        with closing(observe(out)) as observer:
            apply_much(observer)

    copy_context().run(apply_in_full)
    assert "aws_ssm_parameter.item[249] updated" in told(out)


def test_a_log_line_is_never_broken() -> None:
    out = console(40)
    PlainObserver(out).on_progress(ProgressEvent("network", "done", "module.a." * 20, Action.CREATE))
    assert told(out).count("\n") == 1


def test_silent_observer_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    observer = SilentObserver()
    work(observer)
    observer.close()
    assert capsys.readouterr() == ("", "")


def test_completed_resources_stay_on_the_terminal() -> None:
    out = console(terminal=True)
    with closing(TerminalObserver(out)) as observer:
        work(observer)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", told(out))
    assert "✓ network  aws_vpc.this created after 1 min 1 s" in text
    assert "✗ network  aws_subnet.private[0] FAILED after 2 s" in text
    assert "3 to create" in text


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_cursor_is_restored_after_an_error(error: type[BaseException]) -> None:
    out = console(terminal=True)
    with pytest.raises(error), closing(TerminalObserver(out)) as observer:
        observer.on_progress(ProgressEvent("network", "plan"))
        raise error
    assert told(out).count(HIDE) == told(out).count(SHOW) == 1


def test_closed_observer_draws_nothing() -> None:
    out = console(terminal=True)
    observer = TerminalObserver(out)
    observer.close()
    observer.on_progress(ProgressEvent("network", "plan"))
    observer.close()
    assert HIDE not in told(out)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_board_shows_running_resources(width: int, snapshot: SnapshotAssertion) -> None:
    hands = Hands()
    board = ProgressBoard(hands)
    board.expect_plan(LATER_PLAN)
    long = 'module.database.aws_db_instance.this["データベース"]' + ".sub" * 12
    board.record_event(ProgressEvent("web", "started", "aws_instance.this", Action.CREATE))
    hands.now = 4
    board.record_event(ProgressEvent("web", "started", long, Action.REPLACE))
    board.record_event(ProgressEvent("web", "done", "aws_eip.old", Action.DELETE))
    board.record_event(ProgressEvent("dns", "plan"))
    board.record_event(ProgressEvent("dns", "refresh", "aws_route53_zone.this"))
    hands.now = 75
    out = console(width, clock=hands)
    out.print(BoardView(board))
    assert told(out) == snapshot


def test_board_fits_into_a_low_window() -> None:
    board = ProgressBoard(Hands())
    for number in range(50):
        board.record_event(ProgressEvent("web", "started", f"aws_instance.this[{number}]", Action.CREATE))
    out = console(height=10, clock=Hands())
    out.print(BoardView(board))
    lines = told(out).splitlines()
    assert len(lines) == 9
    assert lines[-1].strip() == "… and 43 more"


def test_replacement_is_done_after_delete_and_create() -> None:
    board = ProgressBoard(Hands())
    board.expect_plan(LATER_PLAN)
    address = 'module.database.aws_db_instance.this["primary"]'
    board.record_event(ProgressEvent("web", "done", address, Action.DELETE))
    assert board.list_unfinished()[0].done_count == 0
    board.record_event(ProgressEvent("web", "done", address, Action.CREATE))
    assert board.list_unfinished()[0].done_count == 1
    assert len(board.list_unfinished()[0].expected) == 6
