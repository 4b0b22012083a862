"""Differences between two releases: releases in between, and changes of modules, wiring and providers."""

from rich.console import Console

from envctl.cli.render.terminal.release_labels import fit_label
from envctl.cli.render.terminal.text import join_text, print_item, print_nowrap, print_rest, print_text
from envctl.cli.render.text.widths import measure_width, pad_text
from envctl.cli.render.words import release_changes as words
from envctl.domain.ledger.state import to_label
from envctl.domain.release.comparison.changes import ReleaseChanges
from envctl.domain.release.comparison.distance import Distance

STYLES = {"+": "green", "-": "red", "~": "yellow"}
MAX_RELEASES = 10


def show_distance(distance: Distance, sides: words.Sides, out: Console) -> None:
    if distance.releases:
        print_text(out, f"Releases made since, up to that of {distance.newer}, newest first:")
        for release in distance.releases[:MAX_RELEASES]:
            label = (fit_label(to_label(release), out.width - 2), "bold")
            line = join_text("  ", label, "  ", words.describe_release(release))
            if line.cell_len <= out.width:
                print_nowrap(out, line)
            else:
                print_nowrap(out, "  ", label)
                print_text(out, words.describe_release(release), indent=6)
        print_rest(out, len(distance.releases) - MAX_RELEASES, indent=2)
    out.print()
    if distance.changes is None:
        print_text(out, words.UNKNOWN_CHANGES)
        return
    print_text(out, ("Changes ", "bold"), words.format_direction(distance, sides))
    show_release_changes(distance.changes, out)


def show_release_changes(changes: ReleaseChanges, out: Console) -> None:
    if words.is_unchanged(changes):
        print_text(out, words.NO_CHANGES, indent=2)
    for module in changes.modules:
        print_text(out, (module.module, "bold"), f" ({words.format_callers(module)})", indent=2)
        rows = words.list_files(module)
        width = measure_width((path for _, path, _ in rows), out.width // 2)
        for (sign, path, lines), file in zip(rows, module.files, strict=True):
            _show_row(sign, path, width, lines, out)
            for line in file.patch:
                print_nowrap(out, (line, STYLES.get(line[:1], "dim")), indent=6)
    for kind, found in words.list_changed_parts(changes):
        print_text(out, (kind, "bold"), indent=2)
        width = measure_width((change.name for change in found), out.width // 2)
        for change in found:
            sign, text = words.format_part_change(change)
            _show_row(sign, change.name, width, text, out)


def _show_row(sign: str, name: str, width: int, text: str, out: Console) -> None:
    head = join_text("    ", (f"{sign} ", STYLES[sign]), pad_text(name, width), "  ", text)
    head.rstrip()
    print_item(out, head, indent=8)
