"""The pipeline as a picture: environments in order, what runs in each, and what to type next."""

from collections.abc import Iterator
from datetime import datetime

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from envctl.cli.render.moments import ago, in_local_time, in_utc
from envctl.cli.render.text import counted, joined, padded, plain, say, visible, whole, widest
from envctl.domain.guards import short
from envctl.domain.present import Deployment
from envctl.usecases.status import EnvironmentStatus, Status

NARROWEST, WIDEST = 24, 36
ACROSS, DOWN = "──▶", "│\n▼"


def show_status(status: Status, out: Console) -> None:
    say(out, joined(("Pipeline of ", ""), (status.project, "bold")))
    boxes = [_box(each, before, status.now) for each, before in _with_before(status)]
    count = len(boxes)
    width = min(WIDEST, (out.width - len(ACROSS) * (count - 1)) // count)
    if width >= NARROWEST:
        _across(boxes, width, out)
    else:
        _down(boxes, min(out.width, 60), out)
    _attention(status, out)
    _next(status, out)


def _with_before(status: Status) -> Iterator[tuple[EnvironmentStatus, str]]:
    before = ""
    for each in status.environments:
        yield each, before
        before = each.environment


def _across(boxes: list[Panel], width: int, out: Console) -> None:
    heights = [len(out.render_lines(box, out.options.update(width=width))) for box in boxes]
    picture = Table.grid()
    cells: list[Panel | Text] = []
    for box in boxes:
        box.width, box.height = width, max(heights)
        if cells:
            picture.add_column(width=len(ACROSS))
            # At the height of the release's name.
            cells.append(Text(f"\n{ACROSS}"))
        picture.add_column(width=width)
        cells.append(box)
    picture.add_row(*cells)
    out.print(picture)


def _down(boxes: list[Panel], width: int, out: Console) -> None:
    for position, box in enumerate(boxes):
        if position:
            for line in DOWN.splitlines():
                out.print(Text(" " * 6 + line))
        box.width = width
        out.print(box)


def _box(status: EnvironmentStatus, before: str, now: datetime) -> Panel:
    last = status.present.last
    whole_one = last is None or last.outcome == "succeeded"
    border = "green" if last and whole_one else "dim" if whole_one else "bold red"
    title = joined((status.environment, "bold"))
    return Panel(Group(*_lines(status, before, now)), title=title, title_align="left", border_style=border)


def _lines(status: EnvironmentStatus, before: str, now: datetime) -> Iterator[Text]:
    current, last = status.present.current, status.present.last
    if current is None:
        yield plain("nothing runs here" if last is None else "nothing whole yet", "" if last is None else "bold")
    else:
        yield plain(short(current.release), "bold")
        since = current.ended_at or current.started_at
        yield plain(f"{ago(since, now)}, {counted(current.changed, 'change')}")
        yield plain(in_utc(since), "dim")
        if local := in_local_time(since):
            yield plain(local, "dim")
        yield plain(f"by {current.by}")
        yield from _commit(status)
    if last and last.outcome != "succeeded":
        yield plain(f"! {last.outcome.upper()} {ago(last.ended_at or last.started_at, now)}", "bold red")
    yield _lag(status, before)
    if status.gates:
        counts = " ".join(f"{gate} {given}/{wanted}" for gate, (given, wanted) in status.gates.items())
        yield joined("gates ", (counts, "yellow" if _open_gates(status) else "green"))


def _commit(status: EnvironmentStatus) -> Iterator[Text]:
    release = status.release
    if release is None:
        return
    if release.commit:
        yield plain(f"commit {release.commit[:10]}{'+' if release.uncommitted else ''}", "dim")
    elif release.uncommitted:
        yield plain("not committed", "dim")


def _lag(status: EnvironmentStatus, before: str) -> Text:
    if not before:
        return plain("code enters here", "dim")
    if status.lag is None:
        return plain(f"waits for {before}", "dim")
    if status.lag == 0:
        return plain(f"up to date with {before}", "green")
    return plain(f"{counted(status.lag, 'release')} behind {before}", "yellow")


def _attention(status: Status, out: Console) -> None:
    """What went wrong, in full: the boxes are too small for it."""
    for each in status.environments:
        last = each.present.last
        if last and last.outcome != "succeeded":
            out.print()
            say(out, joined((f"! {each.environment}: ", "bold red"), _told(last, status.now)))


def _told(last: Deployment, now: datetime) -> str:
    when = ago(last.ended_at or last.started_at, now)
    what = f"{last.action} of release {short(last.release)}"
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
    told = [command for each in status.environments for command in _commands(each)]
    out.print()
    if not told:
        say(out, "Nothing to do: every environment is up to date.")
        return
    say(out, plain("next", "dim"))
    width = widest((command for command, _ in told), out.width)
    for command, why in told:
        line = joined((padded(visible(command), width), "bold"), "  ", (why, "dim"))
        fits = line.cell_len + 2 <= out.width
        whole(out, line if fits else joined((command, "bold")), 2)
        if not fits:
            say(out, plain(why, "dim"), 4)


def _commands(status: EnvironmentStatus) -> Iterator[tuple[str, str]]:
    missing = _open_gates(status)
    if missing and not status.present.unfinished:
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
        behind = f" ({counted(status.lag, 'release')} behind)" if status.lag else ""
        return f"brings {status.environment} up to date{behind}"
    return "goes on from what is there" if last else "the first deployment"
