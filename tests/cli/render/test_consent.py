"""The questions to the person at the terminal, and what counts as a yes."""

import io
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from envctl.cli.render.progress.prompts import TerminalPrompter
from envctl.domain.errors import InterruptedByUserError, StateLock, UsageError
from envctl.domain.plan.changes import EnvironmentPlan, StackPlan
from envctl.domain.reading.reading import Reading
from envctl.usecases.ports.core import PlanAnswer
from tests.cli.render.conftest import console, told
from tests.cli.render.samples import FIRST_PLAN, LARGE_PLAN, LATER_PLAN, NOW, RUNNING_PLAN
from tests.cli.render.samples.refusals import LOCK as LOCK_REFUSAL
from tests.cli.render.samples.refusals import SOAK
from tests.cli.render.samples.releases import LABEL

Question = Callable[[TerminalPrompter], bool | PlanAnswer]
LOCK = StateLock("network", "4711", "ci@runner-7-of-the-platform-team", "apply", NOW - timedelta(hours=3))
NOTES = (
    "G303 rehearsed: release 3f2a91c0b7d4 never did this in staging: create aws_eip, delete aws_instance",
    "G301 protection: the plan would replace web: aws_db_instance.this,\nwhich hold \x1b[2Jdata",
)
WAITING_PLAN = EnvironmentPlan(
    environment="dev",
    release="",
    stacks=(
        *LATER_PLAN.stacks,
        *(StackPlan(name, waits_for=("network",)) for name in ("edge", "service", "observability", "cost", "recovery")),
        StackPlan("data", waits_for=("network",), behind=True),
    ),
)
READING = Reading(environment="prod", release="3f2a91c0b7d4")
QUESTIONS: dict[str, Question] = {
    "to apply": lambda consent: consent.confirm_plan(LATER_PLAN, None, again=False),
    "to apply much": lambda consent: consent.confirm_plan(LARGE_PLAN, None, again=False),
    "to apply a named release": lambda consent: consent.confirm_plan(
        replace(LATER_PLAN, label=LABEL), None, again=False
    ),
    "to approve a named release": lambda consent: consent.confirm_approval(
        replace(LATER_PLAN, label=LABEL), READING, "peer", ()
    ),
    "to apply what could only be planned now": lambda consent: consent.confirm_plan(LATER_PLAN, None, again=True),
    "to apply a first part": lambda consent: consent.confirm_plan(FIRST_PLAN, None, again=False),
    "to apply a first part of many stacks": lambda consent: consent.confirm_plan(WAITING_PLAN, None, again=False),
    "to approve": lambda consent: consent.confirm_approval(LATER_PLAN, READING, "peer", NOTES),
    "to approve what runs something": lambda consent: consent.confirm_approval(RUNNING_PLAN, READING, "peer", ()),
    "to approve what waits": lambda consent: consent.confirm_approval(FIRST_PLAN, READING, "business", ()),
    "to approve nothing": lambda consent: consent.confirm_approval(
        EnvironmentPlan(environment="prod", release="", stacks=(StackPlan("web"),)), READING, "peer", ()
    ),
    "to waive": lambda consent: consent.confirm_waiver("prod", ("G104", "G108"), (LOCK_REFUSAL,), (SOAK,)),
    "to waive what does not refuse": lambda consent: consent.confirm_waiver("prod", ("G104",), (), ()),
    "to break a lock": lambda consent: consent.confirm_unlock(LOCK),
    "to break a lock of which little is known": lambda consent: consent.confirm_unlock(
        StateLock("web", "1", "somebody")
    ),
}


def prompter(out: Console, *, yes: bool, interactive: bool) -> TerminalPrompter:
    return TerminalPrompter(out, nullcontext, lambda plan: plan, console(), yes=yes, interactive=interactive)


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", QUESTIONS)
def test_question_is_shown(name: str, width: int, monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))
    out = console(width)
    assert not QUESTIONS[name](prompter(out, yes=False, interactive=True))
    assert max(len(line) for line in told(out).splitlines() if ".this[" not in line) <= width
    assert "\x1b" not in told(out)
    assert told(out) == snapshot


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param("yes\n", True, id="yes is yes"),
        pytest.param(" yes \n", True, id="spaces do not matter"),
        pytest.param("y\n", False, id="y is no"),
        pytest.param("YES\n", False, id="YES is no"),
        pytest.param("\n", False, id="return alone is no"),
        pytest.param("", False, id="the end of the input is no"),
        pytest.param("no\nyes\n", False, id="only the first line counts"),
    ],
)
def test_only_yes_confirms(question: Question, answer: str, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    assert question(prompter(console(), yes=False, interactive=True)) in ((True, "yes") if expected else (False, ""))


ANSWERS: dict[str, PlanAnswer] = {
    "all\n": "all",
    " all \n": "all",
    "each\n": "yes",
    "yes\n": "yes",
    " ALL \n": "",
    "al\n": "",
    "all each\n": "",
    "no\n": "",
    "": "",
}


@pytest.mark.parametrize(("typed", "answer"), ANSWERS.items(), ids=map(repr, ANSWERS))
def test_first_part_is_confirmed_by_typed_word(typed: str, answer: PlanAnswer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    assert prompter(console(), yes=False, interactive=True).confirm_plan(FIRST_PLAN, None, again=False) == answer


@pytest.mark.parametrize("again", [True, False])
def test_all_is_no_answer_without_stacks_to_create(again: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = (
        WAITING_PLAN
        if again
        else EnvironmentPlan(environment="dev", release="", stacks=(*LATER_PLAN.stacks, WAITING_PLAN.stacks[-1]))
    )
    monkeypatch.setattr("sys.stdin", io.StringIO("all\n"))
    out = console()
    assert prompter(out, yes=False, interactive=True).confirm_plan(plan, None, again=again) == ""
    assert 'Type "yes" to confirm' in told(out)


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_yes_option_asks_nothing(question: Question) -> None:
    out = console()
    assert question(prompter(out, yes=True, interactive=False))
    assert told(out) == ""


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_question_without_terminal_is_an_error(question: Question) -> None:
    with pytest.raises(UsageError, match="E001"):
        question(prompter(console(), yes=False, interactive=False))


def test_missing_terminal_is_told_before_any_plan() -> None:
    with pytest.raises(UsageError, match="E001 no terminal to confirm the changes to prod on"):
        prompter(console(), yes=False, interactive=False).require_answer("prod")
    prompter(console(), yes=True, interactive=False).require_answer("prod")
    prompter(console(), yes=False, interactive=True).require_answer("prod")


def test_lock_holder_is_named_without_a_terminal() -> None:
    with pytest.raises(UsageError, match="ci@runner-7"):
        prompter(console(), yes=False, interactive=False).confirm_unlock(LOCK)


class InterruptedInput:
    """An input at which somebody types Ctrl-C."""

    def readline(self) -> str:
        raise KeyboardInterrupt


def test_interrupted_question_ends_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", InterruptedInput())
    out = console()
    questions: list[Callable[[TerminalPrompter], object]] = [
        lambda consent: consent.confirm_plan(LATER_PLAN, None, again=False),
        lambda consent: consent.prompt_text("Colour", "green", no_colour),
    ]
    for question in questions:
        with pytest.raises(KeyboardInterrupt):
            question(prompter(out, yes=False, interactive=True))
        assert told(out).endswith(": \n")


def no_colour(answer: str) -> str:
    return "" if answer in {"red", "green"} else f"{answer!r} is no colour"


CHOICES = {
    "an answer": ("red\n", "red", ""),
    "spaces around it": (" red \n", "red", ""),
    "return alone, which is the usual": ("\n", "green", ""),
    "something wrong, and then an answer": ("rde\nred\n", "red", "! 'rde' is no colour\n"),
}


@pytest.mark.parametrize(("typed", "chosen", "said"), CHOICES.values(), ids=CHOICES)
def test_choice_is_read_after(typed: str, chosen: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    out = console()
    consent = prompter(out, yes=False, interactive=True)
    assert consent.prompt_text("Colours:\n  red\n  green\nColour", "green", no_colour) == chosen
    asked = "Colour [green]: "
    # What is typed, and its return, is echoed by the terminal and not told here.
    assert told(out) == f"Colours:\n  red\n  green\n{asked}" + (f"{said}{asked}" if said else "")


def test_end_of_input_is_no_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(InterruptedByUserError, match="E310"):
        prompter(console(), yes=False, interactive=True).prompt_text("Colour", "green", no_colour)


@pytest.mark.parametrize(("yes", "interactive"), [(True, True), (False, False), (True, False)])
def test_default_is_chosen_without_a_question(yes: bool, interactive: bool) -> None:
    out = console()
    assert prompter(out, yes=yes, interactive=interactive).prompt_text("Colour", "green", no_colour) == "green"
    assert told(out) == ""
