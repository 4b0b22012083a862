"""The pipeline as a table, problems and next commands."""

from collections.abc import Iterator
from datetime import UTC, datetime

from envctl.cli.render.markdown.page import markup as md
from envctl.cli.render.markdown.why import render_gate_table
from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.text.sentences import format_actor
from envctl.cli.render.text.times import format_age, format_past
from envctl.cli.render.text.widths import measure_width, pad_text
from envctl.cli.render.words import status as words
from envctl.cli.render.words.attention import list_attention_items
from envctl.cli.render.words.release_changes import describe_commit
from envctl.cli.render.words.signing import describe_unsigned_status
from envctl.domain.ledger.state import to_label
from envctl.usecases.inspect.status import EnvironmentStatus, Status

HEADS = ("", "environment", "runs", "deployed", "proof", "drift", "in the pipeline", "gates of the next promotion")
MAX_COMMAND_WIDTH = 1000


def render_status(status: Status) -> str:
    rows = (_render_row(each, before, status.now) for each, before in words.pair_with_previous(status))
    standalone = [_render_row(each, "", status.now) for each in status.beside]
    section = ("### Outside the pipeline" if standalone else "", md.render_table(HEADS, standalone))
    return md.render_page(
        f"## {md.escape(words.format_status_verdict(status))}",
        f"Pipeline of {md.bold(status.project)}",
        md.render_table(HEADS, rows),
        *section,
        _render_attention(status),
        *_render_approvals(status),
        _render_next_commands(status),
        md.escape(describe_unsigned_status(status)),
    )


def _render_approvals(status: Status) -> Iterator[str]:
    for each in status.all_environments:
        if each.approvals:
            yield f"### Approvals for {md.escape(each.environment)}"
            yield render_gate_table(each.approvals, status.now)


def _render_row(status: EnvironmentStatus, before: str, now: datetime) -> tuple[str, ...]:
    gates = ", ".join(f"{md.escape(gate)} {given} of {wanted}" for gate, (given, wanted) in status.gates.items())
    state = status.present
    last = state.last
    if state.current is None:
        runs, deployed, proof = "nothing", "", ""
        if last and words.is_destroyed(state):
            deployed = f"destroyed {format_past(last.ended_at or last.started_at, now, UTC)}"
    else:
        at = state.current.ended_at or state.current.started_at
        commit = describe_commit(status.release) if status.release else ""
        label = to_label(status.release) if status.release else None
        runs = f"{md.render_release(label, state.current.release)}{f' ({md.escape(commit)})' if commit else ''}"
        deployed = f"{format_past(at, now, UTC)} by {md.escape(format_actor(state.current.by))}"
        verified_at = state.current_evidence.verified_at if state.current_evidence else None
        proof = f"verified {format_age(verified_at, now)}" if verified_at else "**not verified**"
    return (
        md.MARKS[words.judge_state(state)] or md.NEUTRAL,
        md.bold(status.environment),
        runs,
        deployed,
        proof,
        _format_drift(status, now),
        md.escape(words.format_lag(status, before)),
        gates,
    )


def _format_drift(status: EnvironmentStatus, now: datetime) -> str:
    check = status.present.drift
    if check is None or not check.drifted:
        return words.format_no_drift(status.present, now)
    return f"**drifted** ({check.drifted}), seen {format_age(check.at, now)}"


def _render_attention(status: Status) -> str:
    found = list_attention_items(status, UTC)
    lines = (
        f"- {md.FAIL if each.is_serious else md.WARN} {md.bold(each.environment)}: {md.escape(each.sentence)}"
        for each in found
    )
    return "\n\n".join(filter(None, ("### Needs attention" if found else "", "\n".join(lines))))


def _render_next_commands(status: Status) -> str:
    commands = words.list_next_commands(status)
    advice = "\n".join(f"- {md.escape(hint)} ({md.escape(why)})" for hint, why in words.list_advice(status))
    if commands:
        width = measure_width((command for command, _ in commands), MAX_COMMAND_WIDTH)
        lines = (f"{pad_text(to_one_line(command), width)}  # {to_one_line(reason)}" for command, reason in commands)
        return "\n\n".join(filter(None, ("### Next", md.fence_text("\n".join(lines), "sh"), advice)))
    if advice:
        return f"### Next\n\n{advice}"
    return words.UP_TO_DATE if words.is_up_to_date(status) else ""
