"""The log of a job: folds never lie in each other, and no line gets lost, however stacks take turns."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from envctl.cli.ci.gitlab import GitlabJob
from envctl.cli.options.global_options import Options
from envctl.cli.render.progress.folding_observer import FoldingObserver
from envctl.domain.plan.changes import Action
from envctl.usecases.ports.terraform import ProgressEvent
from tests.cli.render.conftest import console, told


class Marks:
    def __init__(self, out: Console) -> None:
        self._out = out

    def write_command(self, line: str) -> None:
        self._out.file.write(f"{line}\n")

    def format_fold_start(self, name: str, title: str) -> str:
        return f"< {title}"

    def format_fold_end(self, name: str) -> str:
        return f"> {name}"


def made(stack: str, address: str) -> ProgressEvent:
    return ProgressEvent(stack, "done", address, Action.CREATE, 1)


def log(*events: ProgressEvent | str) -> list[str]:
    out = console(120)
    observer = FoldingObserver(out, Marks(out))
    for event in events:
        if isinstance(event, str):
            observer.on_message(event)
        else:
            observer.on_progress(event)
    observer.close()
    return told(out).splitlines()


def test_stack_events_are_folded_under_its_name() -> None:
    assert log(made("web", "a"), ProgressEvent("web", "over")) == ["< web", "[web] a created after 1 s", "> web"]


def test_planning_is_not_folded() -> None:
    assert log(ProgressEvent("web", "plan"), ProgressEvent("web", "over")) == ["[web] plan …"]
    planned = log(made("network", "a"), ProgressEvent("web", "plan"), ProgressEvent("network", "over"))
    assert planned == ["< network", "[network] a created after 1 s", "> network", "[web] plan …"]


def test_one_stack_streams_while_others_are_buffered() -> None:
    assert log(
        made("network", "a"), made("web", "b"), made("network", "c"), ProgressEvent("web", "over"), made("data", "d"),
        ProgressEvent("network", "over"), made("data", "e"), ProgressEvent("data", "over"),
    ) == [
        "< network", "[network] a created after 1 s", "[network] c created after 1 s", "> network",
        "< web", "[web] b created after 1 s", "> web",
        "< data", "[data] d created after 1 s", "[data] e created after 1 s", "> data",
    ]  # fmt: skip


def test_general_message_is_outside_of_folds() -> None:
    assert log(made("web", "a"), "somebody else was faster", made("web", "b")) == [
        "< web",
        "[web] a created after 1 s",
        "> web",
        "somebody else was faster",
        "< web",
        "[web] b created after 1 s",
        "> web",
    ]


def test_silent_stack_has_no_fold() -> None:
    assert log(ProgressEvent("web", "refresh", "a"), ProgressEvent("web", "over")) == []


NAMES = ("a", "b", "c")
EVENTS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(["line", "line", "over", "said"])), max_size=30)


@given(EVENTS)
def test_folds_are_complete_and_lines_keep_order(happened: Sequence[tuple[str, str]]) -> None:
    events = [
        f"told {number}"
        if kind == "said"
        else ProgressEvent(name, "over")
        if kind == "over"
        else made(name, f"{name}{number}")
        for number, (name, kind) in enumerate(happened)
    ]
    inside = ""
    seen: list[str] = []
    for line in log(*events):
        if line.startswith("< "):
            assert not inside
            inside = line.removeprefix("< ")
        elif line.startswith("> "):
            assert line == f"> {inside}"
            inside = ""
        else:
            assert line.startswith(f"[{inside}] " if inside else "told ")
            seen.append(line)
    assert not inside
    for name in NAMES:
        expected = [e.address for e in events if isinstance(e, ProgressEvent) and e.stack == name and e.address]
        assert [line.split()[1] for line in seen if line.startswith(f"[{name}] ")] == expected
    assert [line for line in seen if line.startswith("told")] == [event for event in events if isinstance(event, str)]


def test_gitlab_fold_has_a_name() -> None:
    job = GitlabJob(Options(), {})
    opened, closed = job.format_fold_start("prod/web", "prod/web"), job.format_fold_end("prod/web")
    assert opened.startswith("\x1b[0Ksection_start:")
    assert opened.endswith(":envctl_prod_web[collapsed=true]\r\x1b[0Kprod/web")
    assert closed.startswith("\x1b[0Ksection_end:")
    assert closed.endswith(":envctl_prod_web\r\x1b[0K")
