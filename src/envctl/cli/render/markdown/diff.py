"""The comparison of two environments."""

from collections.abc import Iterable
from datetime import UTC

from envctl.cli.render.console.inspect import artifacts, settings_diff
from envctl.cli.render.console.inspect.diff import describe_side, format_headline, list_remarks, list_sides
from envctl.cli.render.console.inspect.release_distance import (
    NO_CHANGES,
    SIGNS,
    describe_release,
    format_callers,
    format_changed_lines,
    format_direction,
    format_part_change,
    is_unchanged,
    list_changed_parts,
    strip_module_path,
)
from envctl.cli.render.markdown.page.markup import (
    FAIL,
    NEUTRAL,
    OK,
    WARN,
    bold,
    code,
    escape,
    fence_text,
    render_page,
    render_table,
)
from envctl.cli.render.markdown.refusals import format_problem
from envctl.cli.render.terminal.counting import format_count
from envctl.domain.release.distance import Distance
from envctl.domain.release.file_changes import FileChange
from envctl.domain.settings.comparison import Pair
from envctl.domain.settings.values import Setting
from envctl.domain.text.short_ids import shorten_id
from envctl.usecases.inspect.diff import Diff, Side

MAX_OPEN_ROWS = 5


def render_diff(diff: Diff) -> str:
    mark = FAIL if diff.unknown else WARN if diff.differs else OK
    return render_page(
        f"## {mark} {escape(diff.first.environment)} and {escape(diff.second.environment)}",
        render_table(("environment", "state"), (_render_side(side) for side in list_sides(diff))),
        "\n".join(f"- {FAIL} {format_problem(problem)}" for problem in diff.problems),
        bold(format_headline(diff)),
        *(_render_distance(diff.distance, list_sides(diff)) if diff.distance else ()),
        *_render_artifacts(diff),
        *_render_settings(diff),
    )


def _render_side(side: Side) -> tuple[str, str]:
    lines = (escape(describe_side(side, UTC)), *(f"{WARN} {escape(remark)}" for remark in list_remarks(side)))
    return bold(side.environment), "<br>".join(lines)


def _render_distance(distance: Distance, both: tuple[Side, Side]) -> Iterable[str]:
    rows = [
        (code(shorten_id(release.release)), escape(describe_release(release, UTC))) for release in distance.releases
    ]
    if rows:
        yield _fold_if_long(
            f"{format_count(len(rows), 'release')} made since",
            render_table(("release", "made"), rows),
            long=len(rows) > MAX_OPEN_ROWS,
        )
    if distance.changes is None:
        yield "What changed between them is not known."
        return
    yield f"### Changes {escape(format_direction(distance, both))}"
    changes = distance.changes
    if is_unchanged(changes):
        yield NO_CHANGES
    files = [
        (
            code(module.module),
            escape(format_callers(module)),
            f"{SIGNS[file.what]} {code(strip_module_path(module, file))}",
            format_changed_lines(file),
        )
        for module in changes.modules
        for file in module.files
    ]
    yield render_table(("module", "invoked by", "file", "lines"), files) if files else ""
    patched = [file for module in changes.modules for file in module.files if file.patch]
    yield (
        _fold_if_long("The code, line by line", "\n\n".join(map(_render_patch, patched)), long=True) if patched else ""
    )
    for kind, found in list_changed_parts(changes):
        cells = [
            (format_part_change(change)[0], code(change.name), escape(format_part_change(change)[1]))
            for change in found
        ]
        yield _fold_if_long(kind, render_table(("", kind, "change"), cells), long=len(cells) > MAX_OPEN_ROWS)


def _render_patch(file: FileChange) -> str:
    lines = "\n".join(file.patch)
    return f"{bold(file.path)}\n\n{fence_text(lines, 'diff')}"


def _render_artifacts(diff: Diff) -> Iterable[str]:
    if not diff.artifacts:
        return
    yield f"### Artifacts: {escape(artifacts.summarize_artifacts(diff))}"
    rows = [
        (NEUTRAL if pair.equal else WARN, code(pair.variable), escape(environment), code(value))
        for pair in artifacts.select_artifacts(diff)
        for environment, value in artifacts.list_artifact_values(pair, diff)
    ]
    yield render_table(("", "artifact", "environment", "value"), rows) if rows else ""


def _render_settings(diff: Diff) -> Iterable[str]:
    if diff.settings is None:
        yield f"### Settings: {escape(settings_diff.explain_no_comparison(diff))}"
        return
    yield f"### Settings: {escape(settings_diff.summarize_settings(diff))}"
    heads = ("", "setting", "stacks", escape(diff.settings.first), escape(diff.settings.second), "parity")
    rows = [_render_setting_pair(pair) for pair in settings_diff.select_pairs(diff)]
    yield render_table(heads, rows) if rows else ""
    yield escape(settings_diff.describe_later_refusals(diff.settings))


def _render_setting_pair(pair: Pair) -> tuple[str, ...]:
    marks = {"": WARN, "allowed": NEUTRAL, "refused": FAIL}
    mark = OK if pair.relation == "equal" else marks[pair.parity]
    stacks = escape(", ".join(pair.stacks))
    return (
        mark,
        code(pair.name),
        stacks,
        _render_setting(pair.first),
        _render_setting(pair.second),
        settings_diff.VERDICTS[pair.parity],
    )


def _render_setting(setting: Setting | None) -> str:
    value, place = settings_diff.format_setting(setting)
    return "<br>".join(filter(None, (code(value) if setting else escape(value), escape(place))))


def _fold_if_long(summary: str, body: str, *, long: bool) -> str:
    """Fold a long body. The summary must not hold user input: HTML needs other escapes."""
    if not long:
        return body
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"
