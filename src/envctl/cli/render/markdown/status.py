"""The pipeline as a table, problems and next commands."""

from collections.abc import Iterator
from datetime import UTC, datetime

from envctl.cli.render.console.inspect.attention import list_attention_items
from envctl.cli.render.console.inspect.boxes import format_lag, format_no_drift, is_destroyed
from envctl.cli.render.console.inspect.status import is_up_to_date, list_next_commands, pair_with_previous
from envctl.cli.render.markdown.page.markup import (
    FAIL,
    NEUTRAL,
    OK,
    WARN,
    bold,
    code,
    escape,
    fence_text,
    render_page,
    render_table,
)
from envctl.cli.render.terminal.text import format_actor, measure_width, pad_text, to_one_line
from envctl.cli.render.terminal.times import format_age, format_past
from envctl.domain.text.short_ids import shorten_id
from envctl.usecases.inspect.status import EnvironmentStatus, Status

HEADS = ("", "environment", "runs", "deployed", "proof", "drift", "in the pipeline", "gates of the next promotion")
MAX_COMMAND_WIDTH = 1000


def render_status(status: Status) -> str:
    rows = (_render_row(each, before, status.now) for each, before in pair_with_previous(status))
    standalone = [_render_row(each, "", status.now) for each in status.beside]
    section = ("### Beside the pipeline", render_table(HEADS, standalone)) if standalone else ()
    head = f"## Pipeline of {escape(status.project)}"
    return render_page(
        head, render_table(HEADS, rows), *section, _render_attention(status), _render_next_commands(status)
    )


def _render_row(status: EnvironmentStatus, before: str, now: datetime) -> tuple[str, ...]:
    gates = ", ".join(f"{escape(gate)} {given} of {wanted}" for gate, (given, wanted) in status.gates.items())
    state = status.present
    last = state.last
    if state.current is None:
        runs, deployed, proof = "nothing", "", ""
        if last and is_destroyed(state):
            deployed = f"destroyed {format_past(last.ended_at or last.started_at, now, UTC)}"
    else:
        at = state.current.ended_at or state.current.started_at
        runs = f"{code(shorten_id(state.current.release))}{_format_commit(status)}"
        deployed = f"{format_past(at, now, UTC)} by {escape(format_actor(state.current.by))}"
        proof = _format_proof(status, now)
    return (
        _choose_mark(status),
        bold(status.environment),
        runs,
        deployed,
        proof,
        _format_drift(status, now),
        escape(format_lag(status, before)),
        gates,
    )


def _choose_mark(status: EnvironmentStatus) -> str:
    state = status.present
    if (state.last and state.last.outcome != "succeeded") or state.debts:
        return FAIL
    if state.current is None:
        return NEUTRAL
    unproven = state.current_evidence is None or not state.current_evidence.verified
    return WARN if unproven or state.lock or state.drifted else OK


def _format_commit(status: EnvironmentStatus) -> str:
    if status.release is None:
        return ""
    if not status.release.commit:
        return " (not committed)" if status.release.uncommitted else ""
    also = " and uncommitted changes" if status.release.uncommitted else ""
    return f" of commit {code(status.release.commit[:10])}{also}"


def _format_proof(status: EnvironmentStatus, now: datetime) -> str:
    proof = status.present.current_evidence
    at = proof.verified_at if proof else None
    return f"verified {format_age(at, now)}" if at else "**not verified**"


def _format_drift(status: EnvironmentStatus, now: datetime) -> str:
    check = status.present.drift
    if check is None or not check.drifted:
        return format_no_drift(status.present, now)
    return f"**drifted** ({check.drifted}), seen {format_age(check.at, now)}"


def _render_attention(status: Status) -> str:
    found = list_attention_items(status, UTC)
    lines = (
        f"- {FAIL if each.is_serious else WARN} {bold(each.environment)}: {escape(each.sentence)}" for each in found
    )
    return "\n\n".join(filter(None, ("### Needs attention" if found else "", "\n".join(lines))))


def _render_next_commands(status: Status) -> str:
    commands = list(_format_commented_commands(list_next_commands(status)))
    if commands:
        block = fence_text("\n".join(commands), "sh")
        return f"### Next\n\n{block}"
    return "Nothing to do: every environment is up to date." if is_up_to_date(status) else ""


def _format_commented_commands(commands: list[tuple[str, str]]) -> Iterator[str]:
    width = measure_width((command for command, _ in commands), MAX_COMMAND_WIDTH)
    for command, reason in commands:
        yield f"{pad_text(to_one_line(command), width)}  # {to_one_line(reason)}"
