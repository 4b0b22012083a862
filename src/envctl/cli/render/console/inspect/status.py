"""The pipeline as boxes in order, with warnings and next commands."""

from collections.abc import Iterator

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from envctl.cli.render.console.inspect.attention import list_attention_items
from envctl.cli.render.console.inspect.boxes import count_missing_approvals, is_destroyed, render_box
from envctl.cli.render.terminal.counting import format_count
from envctl.cli.render.terminal.next_commands import add_sandbox_flag
from envctl.cli.render.terminal.text import join_text, measure_width, pad_text, print_item, print_nowrap, print_text
from envctl.domain.text.lists import join_names
from envctl.usecases.inspect.status import EnvironmentStatus, Status

MIN_BOX_WIDTH, MAX_BOX_WIDTH, MAX_STACKED_WIDTH = 24, 36, 60
ARROW, GAP, DOWN_ARROW = "──▶", "   ", "│\n▼"


def show_status(status: Status, out: Console) -> None:
    print_text(out, "Pipeline of ", (status.project, "bold"))
    count = max(1, len(status.environments))
    width = min(MAX_BOX_WIDTH, (out.width - len(ARROW) * (count - 1)) // count)
    across = width >= MIN_BOX_WIDTH
    if not across:
        width = min(out.width, MAX_STACKED_WIDTH)
    boxes = [render_box(each, before, status.now, width) for each, before in pair_with_previous(status)]
    if across and boxes:
        _show_in_row(boxes, width, out)
    else:
        for position, box in enumerate(boxes):
            if position:
                print_nowrap(out, DOWN_ARROW, indent=6)
            out.print(box)
    if status.beside:
        out.print()
        print_text(out, "Beside the pipeline")
        in_a_row = max(1, (out.width + len(GAP)) // (width + len(GAP)))
        for start in range(0, len(status.beside), in_a_row):
            row = status.beside[start : start + in_a_row]
            _show_in_row([render_box(each, "", status.now, width) for each in row], width, out, GAP)
    items = list_attention_items(status)
    if items:
        out.print()
    for item in items:
        print_item(out, (f"! {item.environment}: ", "bold red" if item.is_serious else "bold yellow"), item.sentence)
    _show_next_commands(status, out)


def pair_with_previous(status: Status) -> Iterator[tuple[EnvironmentStatus, str]]:
    """Yield each environment with the name of the previous one."""
    before = ""
    for each in status.environments:
        yield each, each.previous or before
        before = each.environment


def list_next_commands(status: Status) -> list[tuple[str, str]]:
    """Return suggested commands, each with its reason."""
    return [
        (add_sandbox_flag(command), why) for each in status.all_environments for command, why in _list_commands(each)
    ]


def is_up_to_date(status: Status) -> bool:
    """Check that no command, warning, lag or pending change is left."""
    lagging = any(each.lag for each in status.environments)
    other = any(each.pending and not each.pending.is_empty for each in status.all_environments)
    return not list_next_commands(status) and not list_attention_items(status) and not lagging and not other


def _show_in_row(boxes: list[Panel], width: int, out: Console, between: str = ARROW) -> None:
    height = max(len(out.render_lines(box, out.options.update(width=width))) for box in boxes)
    picture = Table.grid()
    cells: list[Panel | Text] = []
    for box in boxes:
        box.height = height
        if cells:
            picture.add_column(width=len(between))
            # Beside the release, on the second line of a box.
            cells.append(Text(f"\n{between}"))
        picture.add_column(width=width)
        cells.append(box)
    picture.add_row(*cells)
    out.print(picture)


def _show_next_commands(status: Status, out: Console) -> None:
    commands = list_next_commands(status)
    if not commands:
        if is_up_to_date(status):
            out.print()
            print_text(out, "Nothing to do: every environment is up to date.")
        return
    out.print()
    print_text(out, ("next", "dim"))
    width = measure_width((command for command, _ in commands), out.width)
    for command, why in commands:
        line = join_text((pad_text(command, width), "bold"), "  ", why)
        if line.cell_len + 2 <= out.width:
            print_nowrap(out, line, indent=2)
        else:
            print_nowrap(out, (command, "bold"), indent=2)
            print_text(out, why, indent=4)


def _list_commands(status: EnvironmentStatus) -> Iterator[tuple[str, str]]:
    missing = count_missing_approvals(status)
    if missing and status.next.startswith("envctl promote "):
        for gate, number in missing.items():
            yield f"envctl approve {status.environment} --gate {gate}", f"{format_count(number, 'approval')} missing"
    elif status.leaving and status.next == f"envctl apply {status.environment}":
        yield status.next, f"it still holds {join_names(status.leaving)}, which its release no longer has"
    elif status.next:
        yield status.next, _explain_command(status)


def _explain_command(status: EnvironmentStatus) -> str:
    environment, state = status.environment, status.present
    locked = "; it is locked" if state.lock else ""
    match status.next.split()[1]:
        case "recover" if not state.unfinished_deployment:
            return f"the requests of {' and '.join(state.open_shifts)} are still shared between two colours"
        case "recover":
            return f"if the deployment to {environment} no longer runs"
        case "approve":
            return f"the last deployment stopped: its plan held more than was approved{locked}"
        case "verify":
            return f"what {environment} runs is not verified"
        case "why":
            held = f"the release that would be next in {environment} is on hold there"
            return held if state.holds else f"{environment} runs a newer release than the one that would be next"
        case "promote":
            return f"{environment} is {format_count(status.lag or 0, 'release')} behind{locked}"
        case "plan":
            return f"its settings changed since it was deployed{locked}"
        case "apply" if state.whole and state.current_evidence and state.current_evidence.verified:
            return f"the working tree changed since it was deployed{locked}"
        case _ if is_destroyed(state):
            return f"nothing runs there{locked}"
        case _:
            return f"goes on from what is there{locked}" if state.last else f"the first deployment{locked}"
