"""Differences between two releases: releases in between, and changes of modules, wiring and providers."""

from collections.abc import Iterator, Sequence

from rich.console import Console

from envctl.cli.render.terminal.release_labels import fit_label
from envctl.cli.render.terminal.text import (
    format_actor,
    join_text,
    measure_width,
    pad_text,
    print_item,
    print_nowrap,
    print_rest,
    print_text,
    shorten_middle,
)
from envctl.cli.render.terminal.times import Zone, format_time
from envctl.cli.render.values.hcl_text import format_hcl
from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.ledger.state import to_label
from envctl.domain.plan.changes import Marker
from envctl.domain.release.comparison.changes import PartChange, ReleaseChanges, VariableDeclaration
from envctl.domain.release.comparison.distance import Distance
from envctl.domain.release.comparison.file_changes import FileChange, ModuleChange
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.inspect.diff import Side

STYLES = {"+": "green", "-": "red", "~": "yellow"}
SIGNS = {"added": "+", "removed": "-", "changed": "~", "mode": "~"}
MAX_DEFAULT_WIDTH = 60
MAX_RELEASES = 10
NO_CHANGES = "No changes in modules, wiring or providers."
Sides = tuple[Side, Side]


def show_distance(distance: Distance, sides: Sides, out: Console) -> None:
    if distance.releases:
        print_text(out, f"Releases made since, up to that of {distance.newer}, newest first:")
        for release in distance.releases[:MAX_RELEASES]:
            label = (fit_label(to_label(release), out.width - 2), "bold")
            line = join_text("  ", label, "  ", describe_release(release))
            if line.cell_len <= out.width:
                print_nowrap(out, line)
            else:
                print_nowrap(out, "  ", label)
                print_text(out, describe_release(release), indent=6)
        print_rest(out, len(distance.releases) - MAX_RELEASES, indent=2)
    out.print()
    if distance.changes is None:
        print_text(out, "The changes between them are unknown.")
        return
    print_text(out, ("Changes ", "bold"), format_direction(distance, sides))
    show_release_changes(distance.changes, out)


def describe_release(release: KnownRelease, zone: Zone = None) -> str:
    """Return time, creator and commit of a release."""
    return f"{format_time(release.at, zone)}  {format_actor(release.by)}  {format_commit(release)}"


def format_commit(release: KnownRelease) -> str:
    return f"commit {release.commit[:10]}{'+' if release.uncommitted else ''}" if release.commit else "not committed"


def format_direction(distance: Distance, sides: Sides) -> str:
    """Return the older and the newer release, in the direction of the changes."""
    named = {}
    for side in sides:
        what = "the working tree" if side.origin == "working tree" else f"release {shorten_id(side.release)}"
        named[side.environment] = f"{what} ({side.environment})"
    return f"from {named[distance.older]} to {named[distance.newer]}"


def list_changed_parts(changes: ReleaseChanges) -> Iterator[tuple[str, Sequence[PartChange]]]:
    """Yield the changes outside of files by kind, without empty kinds."""
    kinds = {
        "wiring": changes.wiring,
        "variables": changes.variables,
        "outputs": changes.outputs,
        "providers": changes.providers,
    }
    yield from ((kind, found) for kind, found in kinds.items() if found)


def format_part_change(change: PartChange) -> tuple[str, str]:
    """Return a sign and the new or the removed value."""
    if change.before is None:
        return "+", _format_part(change.after)
    if change.after is None:
        return "-", _format_part(change.before)
    if change.before == change.after:
        hidden = isinstance(change.before, Marker)
        return "~", "changed (not shown)" if hidden else f"{_format_part(change.before)}, with other checksums"
    return "~", f"{_format_part(change.before)} → {_format_part(change.after)}"


def format_changed_lines(file: FileChange) -> str:
    """Return the numbers of added and removed lines."""
    if file.what == "mode":
        return "executable or not"
    if file.binary:
        return "binary"
    return " ".join(f"{sign}{count}" for sign, count in (("+", file.added), ("-", file.removed)) if count)


def strip_module_path(module: ModuleChange, file: FileChange) -> str:
    return file.path.removeprefix(f"{module.module}/")


def format_callers(module: ModuleChange) -> str:
    """Return the stacks calling the module."""
    if not module.stacks:
        return "called by other modules"
    return f"{'stack' if len(module.stacks) == 1 else 'stacks'} {', '.join(module.stacks)}"


def is_unchanged(changes: ReleaseChanges) -> bool:
    return not changes.modules and not any(list_changed_parts(changes))


def show_release_changes(changes: ReleaseChanges, out: Console) -> None:
    if is_unchanged(changes):
        print_text(out, NO_CHANGES, indent=2)
    for module in changes.modules:
        print_text(out, (module.module, "bold"), f" ({format_callers(module)})", indent=2)
        width = measure_width((strip_module_path(module, file) for file in module.files), out.width // 2)
        for file in module.files:
            _show_row(SIGNS[file.what], strip_module_path(module, file), width, format_changed_lines(file), out)
            for line in file.patch:
                print_nowrap(out, (line, STYLES.get(line[:1], "dim")), indent=6)
    for kind, found in list_changed_parts(changes):
        print_text(out, (kind, "bold"), indent=2)
        width = measure_width((change.name for change in found), out.width // 2)
        for change in found:
            sign, text = format_part_change(change)
            _show_row(sign, change.name, width, text, out)


def _show_row(sign: str, name: str, width: int, text: str, out: Console) -> None:
    head = join_text("    ", (f"{sign} ", STYLES[sign]), pad_text(name, width), "  ", text)
    head.rstrip()
    print_item(out, head, indent=8)


def _format_part(value: object) -> str:
    match value:
        case VariableDeclaration():
            return ", ".join(_describe_variable(value))
        case str():
            return str(value)
        case list() | tuple():
            return ", ".join(str(each) for each in value)
        case _:
            return format_hcl(value)


def _describe_variable(variable: VariableDeclaration) -> Iterator[str]:
    yield " ".join(variable.type.split())
    default = shorten_middle(format_hcl(variable.default), MAX_DEFAULT_WIDTH)
    yield "required" if variable.required else f"default {default}"
    if variable.sensitive:
        yield "sensitive"
    if not variable.nullable:
        yield "never null"
