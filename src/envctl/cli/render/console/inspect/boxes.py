"""One environment of the pipeline as a box: what runs there, what it proves, and in short what is wrong with it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from rich.cells import cell_len
from rich.console import Group
from rich.panel import Panel
from rich.text import Text

from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.text import called, plain
from envctl.cli.render.terminal.times import ago, moment, roughly
from envctl.cli.render.terminal.wrapping import wrapped
from envctl.domain.ledger.state import Deployment, EnvironmentPresent, Evidence
from envctl.domain.text.short_ids import short
from envctl.usecases.inspect.status import EnvironmentStatus

HOLDS = 2
# A box with so much room stands alone: there is none beside it whose lines should be those of its own.
ALONE = 40
YEAR = len("2026-")


def boxed(status: EnvironmentStatus, before: str, now: datetime, width: int) -> Panel:
    # A name may be longer than the box, and is never cut.
    lines = [part for line in _lines(status, before, now, width - 4) for part in wrapped(line, width - 4)]
    return Panel(
        Group(*lines),
        title=plain(status.environment, "bold"),
        title_align="left",
        border_style=_border(status.present),
        width=width,
    )


def open_gates(status: EnvironmentStatus) -> dict[str, int]:
    """The gates of the next promotion, and how many approvals each of them lacks."""
    return {gate: wanted - given for gate, (given, wanted) in status.gates.items() if given < wanted}


def behind(status: EnvironmentStatus, before: str) -> str:
    """How far it lags, in words."""
    if not before:
        return "code enters here"
    if status.lag is None:
        return f"waits for {before}"
    if status.lag:
        return f"{counted(status.lag, 'release')} behind {before}"
    current = status.pending is None or status.pending.nothing
    return f"up to date with {before}" if current else f"runs the release of {before}"


def destroyed(here: EnvironmentPresent) -> bool:
    return here.last is not None and here.last.action == "destroy" and here.last.outcome == "succeeded"


def undrifted(here: EnvironmentPresent, now: datetime) -> str:
    """When it was last looked whether reality is as the state says, and was; empty where nobody did or it was not."""
    return f"no drift, looked {ago(here.drift.at, now)}" if here.drift and not here.drifted else ""


def _border(here: EnvironmentPresent) -> str:
    last = here.last
    if last and last.outcome != "succeeded":
        return "bold red"
    unproven = here.current is not None and (here.proof is None or not here.proof.verified)
    if unproven or here.lock or here.drifted or here.debts:
        return "yellow"
    return "dim" if here.current is None else "green"


def _lines(status: EnvironmentStatus, before: str, now: datetime, room: int) -> Iterator[Text]:
    here = status.present
    if here.current is None:
        yield from _nothing(here, now)
    else:
        yield from _merged(room, [plain(short(here.current.release), "bold"), *_commit(status)])
        yield from _whence(here.current, now, room)
    if here.last and here.last.outcome != "succeeded":
        yield plain(f"! {here.last.outcome.upper()} {ago(here.last.ended_at or here.last.started_at, now)}", "bold red")
    if here.proof:
        yield _proven(here.proof, now, room)
    if looked := undrifted(here, now):
        yield plain(_fitting(room, looked, looked.replace(", looked", ",")), "green")
    yield from _signs(here, room)
    yield _lag(status, before, room)
    if status.gates:
        yield from _gates(status, room)


def _nothing(here: EnvironmentPresent, now: datetime) -> Iterator[Text]:
    if here.last is None:
        yield plain("nothing runs here")
    elif destroyed(here):
        yield plain("nothing runs here")
        yield plain(f"destroyed {ago(here.last.ended_at or here.last.started_at, now)}", "dim")
    else:
        yield plain("nothing whole yet", "bold")


def _whence(current: Deployment, now: datetime, room: int) -> Iterator[Text]:
    at = current.ended_at or current.started_at
    when = plain(_fitting(room, moment(at), moment(at)[YEAR:]), "dim")
    yield from _merged(room, [plain(f"{ago(at, now)}, {current.changed} changed"), when])
    name = called(current.by)
    doubt = [] if current.by.verified else [plain("(unverified)", "dim")]
    yield from _merged(room, [plain(_fitting(room, f"by {name}", name)), *doubt], " ")


def _merged(room: int, lines: list[Text], between: str = " · ") -> list[Text]:
    """In one line where a box is wide enough for that, and otherwise each in its own."""
    line = Text(between).join(lines)
    return [line] if room >= ALONE and line.cell_len <= room else lines


def _commit(status: EnvironmentStatus) -> Iterator[Text]:
    release = status.release
    if release is None:
        return
    if release.commit:
        yield plain(f"commit {release.commit[:10]}{'+' if release.uncommitted else ''}", "dim")
    elif release.uncommitted:
        yield plain("not committed", "dim")


def _proven(proof: Evidence, now: datetime, room: int) -> Text:
    if proof.verified_at is None:
        return plain("! NOT VERIFIED", "bold yellow")
    told = f"verified {ago(proof.verified_at, now)}"
    stays = proof.soaked(now)
    if stays - (now - proof.verified_at) < timedelta(minutes=1):
        return plain(told, "green")
    return plain(_fitting(room, f"{told}, for {roughly(stays)}", told), "green")


def _signs(here: EnvironmentPresent, room: int) -> Iterator[Text]:
    if here.debts:
        yield plain("! DEBT (break-glass)", "bold red")
    if here.drift and here.drift.drifted:
        yield plain(f"! DRIFTED ({here.drift.drifted})", "bold yellow")
    if here.lock:
        name = called(here.lock.by)
        yield plain(_fitting(room, f"! LOCKED by {name}", f"! LOCKED by\n{name}"), "bold yellow")
    if len(here.holds) > HOLDS:
        yield plain(f"{counted(len(here.holds), 'release')} on hold", "yellow")
        return
    for release in here.holds:
        yield plain(f"on hold {short(release)}", "yellow")


def _lag(status: EnvironmentStatus, before: str, room: int) -> Text:
    told = behind(status, before)
    if not before or status.lag is None:
        return plain(told, "dim")
    if status.lag == 0:
        return plain(_fitting(room, told, f"as {before}"), "green")
    return plain(_fitting(room, told, f"{status.lag} behind {before}"), "yellow")


def _gates(status: EnvironmentStatus, room: int) -> Iterator[Text]:
    counts = {gate: f"{gate} {given}/{wanted}" for gate, (given, wanted) in status.gates.items()}
    missing = open_gates(status)
    if len(one_line := f"gates {' '.join(counts.values())}") <= room:
        yield plain(one_line, "yellow" if missing else "green")
        return
    for gate, count in counts.items():
        yield plain(f"gate {count}", "yellow" if gate in missing else "green")


def _fitting(room: int, text: str, shorter: str) -> str:
    return text if cell_len(text) <= room else shorter
