"""The pipeline as a picture: environments in order, what runs in each, and what to type next."""

from collections.abc import Iterator
from datetime import datetime

from rich.cells import cell_len
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from envctl.cli.render.commands import to_type
from envctl.cli.render.deployment import NOUNS
from envctl.cli.render.line import counted
from envctl.cli.render.moments import ago, in_local_time, in_utc
from envctl.cli.render.text import called, joined, padded, plain, say, visible, whole, widest
from envctl.domain.guards import short
from envctl.domain.present import Deployment
from envctl.usecases.status import EnvironmentStatus, Status

NARROWEST, WIDEST, WIDEST_ALONE = 24, 36, 60
ACROSS, DOWN = "──▶", "│\n▼"


def show_status(status: Status, out: Console) -> None:
    say(out, joined("Pipeline of ", (status.project, "bold")))
    count = len(status.environments)
    width = min(WIDEST, (out.width - len(ACROSS) * (count - 1)) // count)
    across = width >= NARROWEST
    if not across:
        width = min(out.width, WIDEST_ALONE)
    boxes = [_box(each, before, status.now, width) for each, before in _with_before(status)]
    if across:
        _across(boxes, width, out)
    else:
        _down(boxes, out)
    _attention(status, out)
    _next(status, out)


def _with_before(status: Status) -> Iterator[tuple[EnvironmentStatus, str]]:
    before = ""
    for each in status.environments:
        yield each, before
        before = each.environment


def _across(boxes: list[Panel], width: int, out: Console) -> None:
    height = max(len(out.render_lines(box, out.options.update(width=width))) for box in boxes)
    picture = Table.grid()
    cells: list[Panel | Text] = []
    for box in boxes:
        box.height = height
        if cells:
            picture.add_column(width=len(ACROSS))
            # At the height of the release's name.
            cells.append(Text(f"\n{ACROSS}"))
        picture.add_column(width=width)
        cells.append(box)
    picture.add_row(*cells)
    out.print(picture)


def _down(boxes: list[Panel], out: Console) -> None:
    for position, box in enumerate(boxes):
        if position:
            whole(out, DOWN, 6)
        out.print(box)


def _box(status: EnvironmentStatus, before: str, now: datetime, width: int) -> Panel:
    last = status.present.last
    sound = last is None or last.outcome == "succeeded"
    border = "green" if last and sound else "dim" if sound else "bold red"
    lines = list(_lines(status, before, now, width - 4))
    for line in lines:
        # A name may be longer than the box, and is never cut.
        line.overflow = "fold"
    return Panel(
        Group(*lines), title=plain(status.environment, "bold"), title_align="left", border_style=border, width=width
    )


def _lines(status: EnvironmentStatus, before: str, now: datetime, room: int) -> Iterator[Text]:
    current, last = status.present.current, status.present.last
    if current is None:
        yield plain("nothing runs here" if last is None else "nothing whole yet", "" if last is None else "bold")
    else:
        yield plain(short(current.release), "bold")
        yield from _whence(current, now, room)
        yield from _commit(status)
    if last and last.outcome != "succeeded":
        yield plain(f"! {last.outcome.upper()} {ago(last.ended_at or last.started_at, now)}", "bold red")
    yield _lag(status, before, room)
    if status.gates:
        yield from _gates(status, room)


def _gates(status: EnvironmentStatus, room: int) -> Iterator[Text]:
    counts = {gate: f"{gate} {given}/{wanted}" for gate, (given, wanted) in status.gates.items()}
    missing = _open_gates(status)
    if len(one_line := f"gates {' '.join(counts.values())}") <= room:
        yield plain(one_line, "yellow" if missing else "green")
        return
    for gate, count in counts.items():
        yield plain(f"gate {count}", "yellow" if gate in missing else "green")


def _whence(current: Deployment, now: datetime, room: int) -> Iterator[Text]:
    since = current.ended_at or current.started_at
    yield plain(f"{ago(since, now)}, {current.changed} changed")
    yield plain(in_utc(since), "dim")
    if local := in_local_time(since):
        yield plain(local, "dim")
    name = called(current.by)
    yield plain(_fitting(room, f"by {name}", name))
    if not current.by.verified:
        yield plain("(unverified)", "dim")


def _fitting(room: int, text: str, shorter: str) -> str:
    return text if cell_len(text) <= room else shorter


def _commit(status: EnvironmentStatus) -> Iterator[Text]:
    release = status.release
    if release is None:
        return
    if release.commit:
        yield plain(f"commit {release.commit[:10]}{'+' if release.uncommitted else ''}", "dim")
    elif release.uncommitted:
        yield plain("not committed", "dim")


def _lag(status: EnvironmentStatus, before: str, room: int) -> Text:
    if not before:
        return plain("code enters here", "dim")
    if status.lag is None:
        return plain(f"waits for {before}", "dim")
    if status.lag == 0:
        return plain(_fitting(room, f"up to date with {before}", f"as {before}"), "green")
    behind = f"{counted(status.lag, 'release')} behind {before}"
    return plain(_fitting(room, behind, f"{status.lag} behind {before}"), "yellow")


def _attention(status: Status, out: Console) -> None:
    """What went wrong, in full: the boxes are too small for it."""
    for each in status.environments:
        last = each.present.last
        if last and last.outcome != "succeeded":
            out.print()
            say(out, joined((f"! {each.environment}: ", "bold red"), _told(last, status.now)))


def _told(last: Deployment, now: datetime) -> str:
    when = ago(last.ended_at or last.started_at, now)
    what = f"the {NOUNS[last.action]} of release {short(last.release)}"
    match last.outcome:
        case "unfinished":
            return f"{what} by {last.by} began {when}, and its end is not recorded (it may still run)"
        case "interrupted":
            return f"{what} was interrupted {when}"
        case _:
            return f"{what} {'was ' if last.outcome == 'abandoned' else ''}{last.outcome} {when}: {last.reason}"


def _open_gates(status: EnvironmentStatus) -> dict[str, int]:
    return {gate: wanted - given for gate, (given, wanted) in status.gates.items() if given < wanted}


def _next(status: Status, out: Console) -> None:
    told = [(to_type(command), why) for each in status.environments for command, why in _commands(each)]
    if not told:
        if not any(each.lag for each in status.environments):
            out.print()
            say(out, "Nothing to do: every environment is up to date.")
        return
    out.print()
    say(out, plain("next", "dim"))
    width = widest((command for command, _ in told), out.width)
    for command, why in told:
        line = joined((padded(visible(command), width), "bold"), "  ", why)
        fits = line.cell_len + 2 <= out.width
        whole(out, line if fits else joined((command, "bold")), 2)
        if not fits:
            say(out, why, 4)


def _commands(status: EnvironmentStatus) -> Iterator[tuple[str, str]]:
    missing = _open_gates(status)
    if missing and status.next.startswith("envctl promote "):
        for gate, number in missing.items():
            yield f"envctl approve {status.environment} --gate {gate}", f"{counted(number, 'approval')} missing"
    elif status.next:
        yield status.next, _why(status)


def _why(status: EnvironmentStatus) -> str:
    verb = status.next.split()[1]
    last = status.present.last
    if verb == "recover":
        return f"if the deployment to {status.environment} no longer runs"
    if verb == "promote":
        return f"{status.environment} is {counted(status.lag or 0, 'release')} behind"
    return "goes on from what is there" if last else "the first deployment"
