"""Differences between two releases: modules, wiring and providers."""

from collections.abc import Iterator, Sequence

from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.text.sentences import format_actor
from envctl.cli.render.text.times import Zone, format_time
from envctl.cli.render.text.widths import shorten_middle
from envctl.cli.render.values.hcl_text import format_hcl
from envctl.cli.render.words.plan.plan import describe_code
from envctl.domain.ledger.known_releases import KnownRelease, format_differences
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.plan.changes import Marker
from envctl.domain.release.comparison.changes import PartChange, ReleaseChanges, VariableDeclaration
from envctl.domain.release.comparison.distance import Distance
from envctl.domain.release.comparison.file_changes import FileChange, ModuleChange
from envctl.usecases.inspect.diff import Side

SIGNS = {"added": "+", "removed": "-", "changed": "~", "mode": "~"}
MAX_DEFAULT_WIDTH = 60
UNKNOWN_CHANGES = "The changes between them are unknown."
NO_CHANGES = "No changes in modules, wiring or providers."
Sides = tuple[Side, Side]


def describe_release(release: KnownRelease, zone: Zone = None) -> str:
    return f"{format_time(release.at, zone)}  {format_actor(release.by)}  {format_commit(release)}"


def format_commit(release: KnownRelease) -> str:
    return f"commit {release.commit[:10]}{'+' if release.uncommitted else ''}" if release.commit else "not committed"


def describe_commit(release: KnownRelease) -> str:
    """Return the commit for a reader who does not know the sign of uncommitted changes; empty if nothing is known."""
    if not release.commit:
        return "not committed" if release.uncommitted else ""
    return f"commit {release.commit[:10]}{describe_uncommitted(release)}"


def describe_uncommitted(release: KnownRelease | ReleaseCreated) -> str:
    """Return the end of a text about the commit of a release; empty if it holds nothing else."""
    named = to_one_line(format_differences(release))
    return f" and uncommitted changes{f': {named}' if named else ''}" if release.uncommitted else ""


def format_direction(distance: Distance, sides: Sides) -> str:
    """Return the older and the newer release, in the direction of the changes."""
    named = {}
    for side in sides:
        what = describe_code(None, "" if side.origin == "working tree" else side.release)
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


def list_files(module: ModuleChange) -> list[tuple[str, str, str]]:
    """Return a sign, the path in the module and the changed lines of each file."""
    return [
        (SIGNS[file.what], file.path.removeprefix(f"{module.module}/"), format_changed_lines(file))
        for file in module.files
    ]


def format_callers(module: ModuleChange) -> str:
    if not module.stacks:
        return "called by other modules"
    return f"{'stack' if len(module.stacks) == 1 else 'stacks'} {', '.join(module.stacks)}"


def is_unchanged(changes: ReleaseChanges) -> bool:
    return not changes.modules and not any(list_changed_parts(changes))


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
