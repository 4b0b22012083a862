"""The pipeline as a picture: environments in order, what runs in each, and what to type next."""

from collections.abc import Iterator

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from envctl.cli.render.console.inspect.attention import Matter, matters
from envctl.cli.render.console.inspect.boxes import boxed, destroyed, open_gates
from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.next_commands import to_type
from envctl.cli.render.terminal.text import hanging, joined, padded, plain, say, visible, whole, widest
from envctl.domain.text.lists import listed
from envctl.usecases.inspect.status import EnvironmentStatus, Status

NARROWEST, WIDEST, WIDEST_ALONE = 24, 36, 60
ACROSS, APART, DOWN = "──▶", "   ", "│\n▼"


def show_status(status: Status, out: Console) -> None:
    say(out, joined("Pipeline of ", (status.project, "bold")))
    count = len(status.environments)
    width = min(WIDEST, (out.width - len(ACROSS) * (count - 1)) // count)
    across = width >= NARROWEST
    if not across:
        width = min(out.width, WIDEST_ALONE)
    boxes = [boxed(each, before, status.now, width) for each, before in with_before(status)]
    if across:
        _across(boxes, width, out)
    else:
        _down(boxes, out)
    if status.beside:
        out.print()
        say(out, "Beside the pipeline")
        in_a_row = max(1, (out.width + len(APART)) // (width + len(APART)))
        for start in range(0, len(status.beside), in_a_row):
            row = status.beside[start : start + in_a_row]
            _across([boxed(each, "", status.now, width) for each in row], width, out, APART)
    _attention(matters(status), out)
    _next(status, out)


def with_before(status: Status) -> Iterator[tuple[EnvironmentStatus, str]]:
    """Each environment with the name of the one right before it."""
    before = ""
    for each in status.environments:
        yield each, before
        before = each.environment


def next_commands(status: Status) -> list[tuple[str, str]]:
    """What may be typed next, each with why."""
    return [(to_type(command), why) for each in status.everywhere for command, why in _commands(each)]


def up_to_date(status: Status) -> bool:
    """Whether there is nothing to type and nothing to see to."""
    lagging = any(each.lag for each in status.environments)
    other = any(each.pending and not each.pending.nothing for each in status.everywhere)
    return not next_commands(status) and not matters(status) and not lagging and not other


def _across(boxes: list[Panel], width: int, out: Console, between: str = ACROSS) -> None:
    height = max(len(out.render_lines(box, out.options.update(width=width))) for box in boxes)
    picture = Table.grid()
    cells: list[Panel | Text] = []
    for box in boxes:
        box.height = height
        if cells:
            picture.add_column(width=len(between))
            # At the height of the release's name.
            cells.append(Text(f"\n{between}"))
        picture.add_column(width=width)
        cells.append(box)
    picture.add_row(*cells)
    out.print(picture)


def _down(boxes: list[Panel], out: Console) -> None:
    for position, box in enumerate(boxes):
        if position:
            whole(out, DOWN, 6)
        out.print(box)


def _attention(found: tuple[Matter, ...], out: Console) -> None:
    """What the boxes are too small for."""
    if found:
        out.print()
    for matter in found:
        style = "bold red" if matter.grave else "bold yellow"
        hanging(out, joined((f"! {matter.environment}: ", style), matter.told))


def _next(status: Status, out: Console) -> None:
    told = next_commands(status)
    if not told:
        if up_to_date(status):
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
    missing = open_gates(status)
    if missing and status.next.startswith("envctl promote "):
        for gate, number in missing.items():
            yield f"envctl approve {status.environment} --gate {gate}", f"{counted(number, 'approval')} missing"
    elif status.leaving and status.next == f"envctl apply {status.environment}":
        yield status.next, f"it still holds {listed(status.leaving)}, which its release no longer has"
    elif status.next:
        yield status.next, _why(status)


def _why(status: EnvironmentStatus) -> str:
    verb = status.next.split()[1]
    environment, here = status.environment, status.present
    locked = "; it is locked" if here.lock else ""
    match verb:
        case "recover" if not here.unfinished:
            return f"the requests of {' and '.join(here.shifts)} are still shared between two colours"
        case "recover":
            return f"if the deployment to {environment} no longer runs"
        case "approve":
            return f"the last deployment stopped: its plan held more than was approved{locked}"
        case "verify":
            return f"what {environment} runs is not verified"
        case "why":
            held = f"the release that would be next in {environment} is on hold there"
            return held if here.holds else f"{environment} runs a newer release than the one that would be next"
        case "promote":
            return f"{environment} is {counted(status.lag or 0, 'release')} behind{locked}"
        case "plan":
            return f"its settings changed since it was deployed{locked}"
        case "apply" if here.whole and here.proof and here.proof.verified:
            return f"the working tree changed since it was deployed{locked}"
        case _ if destroyed(here):
            return f"nothing runs there{locked}"
        case _:
            return f"goes on from what is there{locked}" if here.last else f"the first deployment{locked}"
