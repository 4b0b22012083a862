"""The pipeline as a table, what needs attention, and what to type next."""

from collections.abc import Iterator
from datetime import UTC, datetime

from envctl.cli.render.console.inspect.attention import matters
from envctl.cli.render.console.inspect.boxes import behind, destroyed, undrifted
from envctl.cli.render.console.inspect.status import next_commands, up_to_date, with_before
from envctl.cli.render.markdown.page.pieces import (
    NEITHER,
    PASSES,
    REFUSES,
    WARNS,
    code,
    escaped,
    fenced,
    page,
    strong,
    table,
)
from envctl.cli.render.terminal.text import known_as, one_line, padded, widest
from envctl.cli.render.terminal.times import ago, since
from envctl.domain.text.short_ids import short
from envctl.usecases.inspect.status import EnvironmentStatus, Status

HEADS = ("", "environment", "runs", "deployed", "proof", "drift", "in the pipeline", "gates of the next promotion")
WIDE = 1000


def status(told: Status) -> str:
    rows = (_row(each, before, told.now) for each, before in with_before(told))
    beside = [_row(each, "", told.now) for each in told.beside]
    apart = ("### Beside the pipeline", table(HEADS, beside)) if beside else ()
    return page(f"## Pipeline of {escaped(told.project)}", table(HEADS, rows), *apart, _attention(told), _next(told))


def _row(each: EnvironmentStatus, before: str, now: datetime) -> tuple[str, ...]:
    gates = ", ".join(f"{escaped(gate)} {given} of {wanted}" for gate, (given, wanted) in each.gates.items())
    here = each.present
    last = here.last
    if here.current is None:
        runs, deployed, proof = "nothing", "", ""
        if last and destroyed(here):
            deployed = f"destroyed {since(last.ended_at or last.started_at, now, UTC)}"
    else:
        at = here.current.ended_at or here.current.started_at
        runs = f"{code(short(here.current.release))}{_commit(each)}"
        deployed = f"{since(at, now, UTC)} by {escaped(known_as(here.current.by))}"
        proof = _proof(each, now)
    return (
        _mark(each),
        strong(each.environment),
        runs,
        deployed,
        proof,
        _drift(each, now),
        escaped(behind(each, before)),
        gates,
    )


def _mark(each: EnvironmentStatus) -> str:
    here = each.present
    if (here.last and here.last.outcome != "succeeded") or here.debts:
        return REFUSES
    if here.current is None:
        return NEITHER
    unproven = here.proof is None or not here.proof.verified
    return WARNS if unproven or here.lock or here.drifted else PASSES


def _commit(each: EnvironmentStatus) -> str:
    if each.release is None:
        return ""
    if not each.release.commit:
        return " (not committed)" if each.release.uncommitted else ""
    also = " and uncommitted changes" if each.release.uncommitted else ""
    return f" of commit {code(each.release.commit[:10])}{also}"


def _proof(each: EnvironmentStatus, now: datetime) -> str:
    proof = each.present.proof
    at = proof.verified_at if proof else None
    return f"verified {ago(at, now)}" if at else "**not verified**"


def _drift(each: EnvironmentStatus, now: datetime) -> str:
    seen = each.present.drift
    if seen is None or not seen.drifted:
        return undrifted(each.present, now)
    return f"**drifted** ({seen.drifted}), seen {ago(seen.at, now)}"


def _attention(told: Status) -> str:
    found = matters(told, UTC)
    lines = (f"- {REFUSES if each.grave else WARNS} {strong(each.environment)}: {escaped(each.told)}" for each in found)
    return "\n\n".join(filter(None, ("### Needs attention" if found else "", "\n".join(lines))))


def _next(told: Status) -> str:
    commands = list(_commented(next_commands(told)))
    if commands:
        block = fenced("\n".join(commands), "sh")
        return f"### Next\n\n{block}"
    return "Nothing to do: every environment is up to date." if up_to_date(told) else ""


def _commented(commands: list[tuple[str, str]]) -> Iterator[str]:
    width = widest((command for command, _ in commands), WIDE)
    for command, reason in commands:
        yield f"{padded(one_line(command), width)}  # {one_line(reason)}"
