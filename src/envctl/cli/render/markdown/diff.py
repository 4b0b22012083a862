"""Two environments side by side."""

from collections.abc import Iterable
from datetime import UTC

from envctl.cli.render.console.inspect import artifacts, settings_diff
from envctl.cli.render.console.inspect.diff import headline, remarks, runs, sides
from envctl.cli.render.console.inspect.release_distance import (
    NO_CHANGES,
    SIGNS,
    became,
    empty,
    invoked,
    lines_of,
    made,
    parts,
    way,
    within,
)
from envctl.cli.render.markdown.page.pieces import (
    NEITHER,
    PASSES,
    REFUSES,
    WARNS,
    code,
    escaped,
    fenced,
    page,
    strong,
    table,
)
from envctl.cli.render.markdown.refused import problem_line
from envctl.cli.render.terminal.counting import counted
from envctl.domain.release.distance import Distance
from envctl.domain.release.file_changes import FileChange
from envctl.domain.settings.comparison import Pair
from envctl.domain.settings.values import Setting
from envctl.domain.text.short_ids import short
from envctl.usecases.inspect.diff import Diff, Side

FEW = 5


def diff(told: Diff) -> str:
    mark = REFUSES if told.unknown else WARNS if told.differs else PASSES
    return page(
        f"## {mark} {escaped(told.first.environment)} and {escaped(told.second.environment)}",
        table(("environment", "state"), (_side(side) for side in sides(told))),
        "\n".join(f"- {REFUSES} {problem_line(problem)}" for problem in told.problems),
        strong(headline(told)),
        *(_distance(told.distance, sides(told)) if told.distance else ()),
        *_artifacts(told),
        *_settings(told),
    )


def _side(side: Side) -> tuple[str, str]:
    lines = (escaped(runs(side, UTC)), *(f"{WARNS} {escaped(remark)}" for remark in remarks(side)))
    return strong(side.environment), "<br>".join(lines)


def _distance(distance: Distance, both: tuple[Side, Side]) -> Iterable[str]:
    rows = [(code(short(release.release)), escaped(made(release, UTC))) for release in distance.releases]
    if rows:
        yield _folded(
            f"{counted(len(rows), 'release')} made since", table(("release", "made"), rows), long=len(rows) > FEW
        )
    if distance.changes is None:
        yield "What changed between them is not known."
        return
    yield f"### Changes {escaped(way(distance, both))}"
    changes = distance.changes
    if empty(changes):
        yield NO_CHANGES
    files = [
        (
            code(module.module),
            escaped(invoked(module)),
            f"{SIGNS[file.what]} {code(within(module, file))}",
            lines_of(file),
        )
        for module in changes.modules
        for file in module.files
    ]
    yield table(("module", "invoked by", "file", "lines"), files) if files else ""
    patched = [file for module in changes.modules for file in module.files if file.patch]
    yield _folded("The code, line by line", "\n\n".join(map(_patch, patched)), long=True) if patched else ""
    for kind, found in parts(changes):
        cells = [(became(change)[0], code(change.name), escaped(became(change)[1])) for change in found]
        yield _folded(kind, table(("", kind, "change"), cells), long=len(cells) > FEW)


def _patch(file: FileChange) -> str:
    lines = "\n".join(file.patch)
    return f"{strong(file.path)}\n\n{fenced(lines, 'diff')}"


def _artifacts(told: Diff) -> Iterable[str]:
    if not told.artifacts:
        return
    yield f"### Artifacts: {escaped(artifacts.summary(told))}"
    rows = [
        (NEITHER if pair.equal else WARNS, code(pair.variable), escaped(environment), code(value))
        for pair in artifacts.listed(told)
        for environment, value in artifacts.values(pair, told)
    ]
    yield table(("", "artifact", "environment", "value"), rows) if rows else ""


def _settings(told: Diff) -> Iterable[str]:
    if told.settings is None:
        yield f"### Settings: {escaped(settings_diff.not_compared(told))}"
        return
    yield f"### Settings: {escaped(settings_diff.summary(told))}"
    heads = ("", "setting", "stacks", escaped(told.settings.first), escaped(told.settings.second), "parity")
    rows = [_pair(pair) for pair in settings_diff.listed(told)]
    yield table(heads, rows) if rows else ""
    yield escaped(settings_diff.refused_later(told.settings))


def _pair(pair: Pair) -> tuple[str, ...]:
    marks = {"": WARNS, "allowed": NEITHER, "refused": REFUSES}
    shown = PASSES if pair.relation == "equal" else marks[pair.parity]
    stacks = escaped(", ".join(pair.stacks))
    return shown, code(pair.name), stacks, _cell(pair.first), _cell(pair.second), settings_diff.VERDICTS[pair.parity]


def _cell(setting: Setting | None) -> str:
    value, place = settings_diff.told(setting)
    return "<br>".join(filter(None, (code(value) if setting else escaped(value), escaped(place))))


def _folded(summary: str, body: str, *, long: bool) -> str:
    """The summary is ours: within a block of HTML what people wrote would need other escapes."""
    if not long:
        return body
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"
