"""What is seen while Terraform works."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from syrupy.assertion import SnapshotAssertion

from envctl.cli.render.progress.live import Drawn, PlainObserver, TerminalObserver
from envctl.cli.render.progress.running_stacks import Board
from envctl.cli.render.progress.silent import SilentObserver
from envctl.domain.plan.changes import Action
from envctl.usecases.ports.core import Observer
from envctl.usecases.ports.terraform import Progressed
from tests.cli.render.conftest import console, told
from tests.cli.render.samples import FIRST_PLAN, LATER_PLAN

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


@dataclass
class Hands:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def work(observer: Observer, wait: Callable[[float], None] = lambda _: None) -> None:
    observer.said("starting")
    observer.progressed(Progressed("network", "init"))
    observer.progressed(Progressed("network", "plan"))
    observer.progressed(Progressed("network", "refresh", "aws_vpc.this"))
    observer.planned(FIRST_PLAN)
    observer.progressed(Progressed("network", "started", "aws_vpc.this", Action.CREATE))
    for elapsed in (10.0, 20.0, 30.0, 40.0, 50.0, 60.0):
        wait(10)
        observer.progressed(Progressed("network", "still", "aws_vpc.this", Action.CREATE, elapsed))
    observer.progressed(Progressed("network", "done", "aws_vpc.this", Action.CREATE, 61))
    observer.progressed(Progressed("network", "started", "aws_subnet.private[0]", Action.CREATE))
    observer.progressed(Progressed("network", "failed", "aws_subnet.private[0]", Action.CREATE, 2))


def test_a_log_gets_plain_lines_and_is_not_flooded(snapshot: SnapshotAssertion) -> None:
    out = console()
    observer = PlainObserver(out)
    work(observer)
    observer.close()
    assert told(out) == snapshot


def test_a_log_line_is_never_broken() -> None:
    out = console(40)
    PlainObserver(out).progressed(Progressed("network", "done", "module.a." * 20, Action.CREATE))
    assert told(out).count("\n") == 1


def test_silence_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    observer = SilentObserver()
    work(observer)
    observer.close()
    assert capsys.readouterr() == ("", "")


def test_what_has_ended_stays_on_the_terminal() -> None:
    out = console(terminal=True)
    with TerminalObserver(out) as observer:
        work(observer)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", told(out))
    assert "✓ network  aws_vpc.this created after 1 min 1 s" in text
    assert "✗ network  aws_subnet.private[0] FAILED after 2 s" in text
    assert "3 to create" in text


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_the_cursor_comes_back_whatever_happens(error: type[BaseException]) -> None:
    out = console(terminal=True)
    with pytest.raises(error), TerminalObserver(out) as observer:
        observer.progressed(Progressed("network", "plan"))
        raise error
    assert told(out).count(HIDE) == told(out).count(SHOW) == 1


def test_after_the_end_nothing_is_drawn_again() -> None:
    out = console(terminal=True)
    observer = TerminalObserver(out)
    observer.close()
    observer.progressed(Progressed("network", "plan"))
    observer.close()
    assert HIDE not in told(out)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_board_shows_what_runs(width: int, snapshot: SnapshotAssertion) -> None:
    hands = Hands()
    board = Board(hands)
    board.expect(LATER_PLAN)
    long = 'module.database.aws_db_instance.this["データベース"]' + ".sub" * 12
    board.note(Progressed("web", "started", "aws_instance.this", Action.CREATE))
    hands.now = 4
    board.note(Progressed("web", "started", long, Action.REPLACE))
    board.note(Progressed("web", "done", "aws_eip.old", Action.DELETE))
    board.note(Progressed("dns", "plan"))
    board.note(Progressed("dns", "refresh", "aws_route53_zone.this"))
    hands.now = 75
    out = console(width, clock=hands)
    out.print(Drawn(board))
    assert told(out) == snapshot


def test_the_board_stays_within_a_low_window() -> None:
    board = Board(Hands())
    for number in range(50):
        board.note(Progressed("web", "started", f"aws_instance.this[{number}]", Action.CREATE))
    out = console(height=10, clock=Hands())
    out.print(Drawn(board))
    lines = told(out).splitlines()
    assert len(lines) == 9
    assert lines[-1].strip() == "… and 43 more"


def test_a_replacement_is_done_when_both_its_halves_are() -> None:
    board = Board(Hands())
    board.expect(LATER_PLAN)
    address = 'module.database.aws_db_instance.this["primary"]'
    board.note(Progressed("web", "done", address, Action.DELETE))
    assert board.shown()[0].done == 0
    board.note(Progressed("web", "done", address, Action.CREATE))
    assert board.shown()[0].done == 1
    assert board.shown()[0].total == 6
