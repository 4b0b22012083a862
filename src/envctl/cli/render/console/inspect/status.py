"""A verdict, the pipeline as boxes in order, warnings, approvals and next commands."""

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from envctl.cli.render.console.approval.guards import show_gates
from envctl.cli.render.console.inspect.boxes import render_box
from envctl.cli.render.terminal.text import join_text, print_item, print_nowrap, print_text
from envctl.cli.render.text.widths import measure_width, pad_text
from envctl.cli.render.words import status as words
from envctl.cli.render.words.attention import list_attention_items
from envctl.cli.render.words.signing import describe_unsigned_status
from envctl.usecases.inspect.status import Status

MIN_BOX_WIDTH, MAX_BOX_WIDTH, MAX_STACKED_WIDTH = 24, 36, 60
ARROW, GAP, DOWN_ARROW = "──▶", "   ", "│\n▼"


def show_status(status: Status, out: Console) -> None:
    print_text(out, (words.format_status_verdict(status), "bold"))
    out.print()
    print_text(out, "Pipeline of ", (status.project, "bold"))
    count = max(1, len(status.environments))
    width = min(MAX_BOX_WIDTH, (out.width - len(ARROW) * (count - 1)) // count)
    across = width >= MIN_BOX_WIDTH
    if not across:
        width = min(out.width, MAX_STACKED_WIDTH)
    boxes = [render_box(each, before, status.now, width) for each, before in words.pair_with_previous(status)]
    if across and boxes:
        _show_in_row(boxes, width, out)
    else:
        for position, box in enumerate(boxes):
            if position:
                print_nowrap(out, DOWN_ARROW, indent=6)
            out.print(box)
    if status.beside:
        out.print()
        print_text(out, "Outside the pipeline")
        in_a_row = max(1, (out.width + len(GAP)) // (width + len(GAP)))
        for start in range(0, len(status.beside), in_a_row):
            row = status.beside[start : start + in_a_row]
            _show_in_row([render_box(each, "", status.now, width) for each in row], width, out, GAP)
    items = list_attention_items(status)
    if items:
        out.print()
    for item in items:
        print_item(out, (f"! {item.environment}: ", "bold red" if item.is_serious else "bold yellow"), item.sentence)
    _show_approvals(status, out)
    _show_next_commands(status, out)
    if unsigned := describe_unsigned_status(status):
        out.print()
        print_text(out, (unsigned, "dim"))


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


def _show_approvals(status: Status, out: Console) -> None:
    for each in status.all_environments:
        if each.approvals:
            out.print()
            print_text(out, f"approvals for {each.environment}")
            show_gates(each.approvals, out, status.now)


def _show_next_commands(status: Status, out: Console) -> None:
    commands, advice, waits = words.list_next_commands(status), words.list_advice(status), words.list_waits(status)
    if not commands and not advice and not waits:
        if words.is_up_to_date(status):
            out.print()
            print_text(out, words.UP_TO_DATE)
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
    for hint, why in advice:
        print_text(out, (hint, "bold"), indent=2)
        print_text(out, why, indent=4)
    for opening, why in waits:
        print_text(out, (opening, "bold"), f": {why}", indent=2)
