"""What lies between two releases: those that were made since, and what became of modules, wiring and providers."""

from collections.abc import Iterator, Sequence

from rich.console import Console

from envctl.cli.render.terminal.text import (
    hanging,
    joined,
    known_as,
    padded,
    plain,
    say,
    shortened,
    visible,
    whole,
    widest,
)
from envctl.cli.render.terminal.times import Zone, moment
from envctl.cli.render.values.hcl_text import spelt
from envctl.domain.ledger.state import KnownRelease
from envctl.domain.plan.changes import Marker
from envctl.domain.release.changes import Declared, PartChange, ReleaseChanges
from envctl.domain.release.distance import Distance
from envctl.domain.release.file_changes import FileChange, ModuleChange
from envctl.domain.text.short_ids import short
from envctl.usecases.inspect.diff import Side

STYLES = {"+": "green", "-": "red", "~": "yellow"}
SIGNS = {"added": "+", "removed": "-", "changed": "~", "mode": "~"}
ROOM = 60
MANY = 10
NO_CHANGES = "None in modules, wiring or providers."
Sides = tuple[Side, Side]


def show_distance(distance: Distance, sides: Sides, out: Console) -> None:
    if distance.releases:
        say(out, plain(f"Releases made since, up to that of {distance.newer}, newest first:"))
        for release in distance.releases[:MANY]:
            hanging(out, joined("  ", (short(release.release), "bold"), f"  {made(release)}"), 4)
        if len(distance.releases) > MANY:
            say(out, plain(f"… and {len(distance.releases) - MANY} more: --json has them all", "dim"), 2)
    out.print()
    if distance.changes is None:
        say(out, "What changed between them is not known.")
        return
    say(out, joined(("Changes ", "bold"), way(distance, sides)))
    show_changes(distance.changes, out)


def made(release: KnownRelease, zone: Zone = None) -> str:
    """When a release was made, by whom, and of what."""
    return f"#{release.seq:<4} {moment(release.at, zone)}  {known_as(release.by)}  {made_of(release)}"


def made_of(release: KnownRelease) -> str:
    return f"commit {release.commit[:10]}{'+' if release.uncommitted else ''}" if release.commit else "not committed"


def way(distance: Distance, sides: Sides) -> str:
    """From which release to which, as the changes are read."""
    named = {side.environment: _named(side) for side in sides}
    return f"from {named[distance.older]} to {named[distance.newer]}"


def parts(changes: ReleaseChanges) -> Iterator[tuple[str, Sequence[PartChange]]]:
    """What is no file, by its kind, and only where there is something."""
    kinds = {
        "wiring": changes.wiring,
        "variables": changes.variables,
        "outputs": changes.outputs,
        "providers": changes.providers,
    }
    yield from ((kind, found) for kind, found in kinds.items() if found)


def became(change: PartChange) -> tuple[str, str]:
    """A sign, and what is there now or was there before."""
    if change.before is None:
        return "+", _spelt(change.after)
    if change.after is None:
        return "-", _spelt(change.before)
    if change.before == change.after:
        hidden = isinstance(change.before, Marker)
        return "~", "changed (not shown)" if hidden else f"{_spelt(change.before)}, with other checksums"
    return "~", f"{_spelt(change.before)} → {_spelt(change.after)}"


def lines_of(file: FileChange) -> str:
    """How many lines came and went."""
    if file.what == "mode":
        return "executable or not"
    if file.binary:
        return "binary"
    return " ".join(
        part for part in (f"+{file.added}" * bool(file.added), f"-{file.removed}" * bool(file.removed)) if part
    )


def within(module: ModuleChange, file: FileChange) -> str:
    return file.path.removeprefix(f"{module.module}/")


def invoked(module: ModuleChange) -> str:
    """By which stacks."""
    if not module.stacks:
        return "called by other modules"
    return f"{'stack' if len(module.stacks) == 1 else 'stacks'} {', '.join(module.stacks)}"


def empty(changes: ReleaseChanges) -> bool:
    return not changes.modules and not any(parts(changes))


def show_changes(changes: ReleaseChanges, out: Console) -> None:
    if empty(changes):
        say(out, NO_CHANGES, 2)
    for module in changes.modules:
        say(out, joined((module.module, "bold"), f" ({invoked(module)})"), 2)
        width = widest((within(module, file) for file in module.files), out.width // 2)
        for file in module.files:
            _row(SIGNS[file.what], within(module, file), width, lines_of(file), out)
            for line in file.patch:
                whole(out, plain(line, STYLES.get(line[:1], "dim")), 6)
    for kind, found in parts(changes):
        say(out, plain(kind, "bold"), 2)
        width = widest((change.name for change in found), out.width // 2)
        for change in found:
            sign, told = became(change)
            _row(sign, change.name, width, told, out)


def _row(sign: str, name: str, width: int, told: str, out: Console) -> None:
    head = joined("    ", (f"{sign} ", STYLES[sign]), padded(visible(name), width), "  ", told)
    head.rstrip()
    hanging(out, head, 8)


def _named(side: Side) -> str:
    what = "the working tree" if side.origin == "working tree" else f"release {short(side.release)}"
    return f"{what} ({side.environment})"


def _spelt(value: object) -> str:
    match value:
        case Declared():
            return ", ".join(_declared(value))
        case str():
            return str(value)
        case list() | tuple():
            return ", ".join(str(each) for each in value)
        case _:
            return spelt(value)


def _declared(variable: Declared) -> Iterator[str]:
    yield " ".join(variable.type.split())
    if not variable.required:
        yield f"default {shortened(spelt(variable.default), ROOM)}"
    else:
        yield "required"
    if variable.sensitive:
        yield "sensitive"
    if not variable.nullable:
        yield "never null"
