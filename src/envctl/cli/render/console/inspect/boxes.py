"""One environment of the pipeline as a box: release, verification and short warnings."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from rich.cells import cell_len
from rich.console import Group
from rich.panel import Panel
from rich.text import Text

from envctl.cli.render.terminal.text import STYLES, to_text
from envctl.cli.render.terminal.wrapping import wrap_text
from envctl.cli.render.text.escapes import escape_text
from envctl.cli.render.text.sentences import format_count, shorten_actor
from envctl.cli.render.text.times import format_age, format_time
from envctl.cli.render.text.widths import cut_end
from envctl.cli.render.words.status import (
    count_missing_approvals,
    format_lag,
    format_no_drift,
    is_destroyed,
    judge_state,
)
from envctl.domain.ledger.known_releases import format_differences
from envctl.domain.ledger.state import Deployment, EnvironmentState, Evidence
from envctl.domain.text.durations import format_rough_duration
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.inspect.status import EnvironmentStatus

MAX_HOLDS = 2
# Boxes this wide are stacked: their lines need not align with those of a neighbor.
WIDE_BOX = 40
YEAR_LENGTH = len("2026-")


def render_box(status: EnvironmentStatus, before: str, now: datetime, width: int) -> Panel:
    # A name longer than the box is wrapped, never cut.
    lines = [part for line in _render_lines(status, before, now, width - 4) for part in wrap_text(line, width - 4)]
    return Panel(
        Group(*lines),
        title=to_text(status.environment, "bold"),
        title_align="left",
        border_style="bold cyan" if status.running else STYLES[judge_state(status.present)] or "dim",
        width=width,
    )


def _render_lines(status: EnvironmentStatus, before: str, now: datetime, room: int) -> Iterator[Text]:
    state = status.present
    if state.current is None:
        yield from _render_empty(state, now)
    else:
        name = to_text(shorten_id(state.current.release), "bold")
        yield from _merge_lines(room, [name, *_render_subject(status, room), *_render_commit(status, room)])
        yield from _render_deployment(state.current, now, room)
    if (last := state.last) and status.running:
        yield to_text(f"RUNS NOW, started {format_age(last.started_at, now)}", "bold cyan")
    elif last and last.outcome != "succeeded":
        yield to_text(f"! {last.outcome.upper()} {format_age(last.ended_at or last.started_at, now)}", "bold red")
    if state.current_evidence:
        yield _render_verification(state.current_evidence, now, room)
    if looked := format_no_drift(state, now):
        yield to_text(_choose_fitting(room, looked, looked.replace(", checked", ",")), "green")
    yield from _render_warnings(state, room)
    yield _render_lag(status, before, room)
    if status.gates:
        yield from _render_gates(status, room)


def _render_empty(state: EnvironmentState, now: datetime) -> Iterator[Text]:
    if state.last is None:
        yield to_text("no deployments")
    elif is_destroyed(state):
        yield to_text("no deployments")
        yield to_text(f"destroyed {format_age(state.last.ended_at or state.last.started_at, now)}", "dim")
    else:
        yield to_text("deployment incomplete", "bold")


def _render_deployment(current: Deployment, now: datetime, room: int) -> Iterator[Text]:
    at = current.ended_at or current.started_at
    when = to_text(_choose_fitting(room, format_time(at), format_time(at)[YEAR_LENGTH:]), "dim")
    yield from _merge_lines(room, [to_text(f"{format_age(at, now)}, {current.changed} changed"), when])
    name = shorten_actor(current.by)
    doubt = [] if current.by.verified else [to_text("(unverified)", "dim")]
    yield from _merge_lines(room, [to_text(_choose_fitting(room, f"by {name}", name)), *doubt], " ")


def _merge_lines(room: int, lines: list[Text], between: str = " · ") -> list[Text]:
    """Merge lines into one if the box is wide enough."""
    line = Text(between).join(lines)
    return [line] if room >= WIDE_BOX and line.cell_len <= room else lines


def _render_subject(status: EnvironmentStatus, room: int) -> Iterator[Text]:
    if status.release and status.release.subject:
        yield to_text(f'"{cut_end(escape_text(status.release.subject), room - 2)}"')


def _render_commit(status: EnvironmentStatus, room: int) -> Iterator[Text]:
    release = status.release
    request = f"#{release.request}" if release and release.request else ""
    if release and release.commit:
        commit = f"{release.commit[:10]}{'+' if release.uncommitted else ''}"
        with_request = " · ".join(filter(None, (request, f"commit {commit}")))
        yield to_text(_choose_fitting(room, with_request, f"{request} · {commit}"), "dim")
        if release.differences:
            yield to_text(cut_end(escape_text(f"+ {format_differences(release)}"), room), "dim")
    elif release and release.uncommitted:
        yield to_text("not committed", "dim")


def _render_verification(proof: Evidence, now: datetime, room: int) -> Text:
    if proof.verified_at is None:
        return to_text("! NOT VERIFIED", "bold yellow")
    text = f"verified {format_age(proof.verified_at, now)}"
    soak = proof.measure_soak(now)
    if soak - (now - proof.verified_at) < timedelta(minutes=1):
        return to_text(text, "green")
    return to_text(_choose_fitting(room, f"{text}, for {format_rough_duration(soak)}", text), "green")


def _render_warnings(state: EnvironmentState, room: int) -> Iterator[Text]:
    if state.debts:
        yield to_text("! DEBT (break-glass)", "bold red")
    if state.drift and state.drift.drifted:
        yield to_text(f"! DRIFTED ({state.drift.drifted})", "bold yellow")
    if state.lock:
        name = shorten_actor(state.lock.by)
        yield to_text(_choose_fitting(room, f"! LOCKED by {name}", f"! LOCKED by\n{name}"), "bold yellow")
    if len(state.holds) > MAX_HOLDS:
        yield to_text(f"{format_count(len(state.holds), 'release')} on hold", "yellow")
    else:
        yield from (to_text(f"on hold {shorten_id(release)}", "yellow") for release in state.holds)


def _render_lag(status: EnvironmentStatus, before: str, room: int) -> Text:
    text = format_lag(status, before)
    if not before or status.lag is None:
        return to_text(text, "dim")
    if status.lag == 0:
        return to_text(_choose_fitting(room, text, f"as {before}"), "green")
    return to_text(_choose_fitting(room, text, f"{status.lag} behind {before}"), "yellow")


def _render_gates(status: EnvironmentStatus, room: int) -> Iterator[Text]:
    counts = {gate: f"{gate} {given}/{wanted}" for gate, (given, wanted) in status.gates.items()}
    missing = count_missing_approvals(status)
    if len(one_line := f"gates {' '.join(counts.values())}") <= room:
        yield to_text(one_line, "yellow" if missing else "green")
        return
    for gate, count in counts.items():
        yield to_text(f"gate {count}", "yellow" if gate in missing else "green")


def _choose_fitting(room: int, text: str, shorter: str) -> str:
    return text if cell_len(text) <= room else shorter
