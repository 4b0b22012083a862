"""The comparison of two environments."""

from collections.abc import Iterable
from datetime import UTC

from envctl.cli.render.markdown.page import markup as md
from envctl.cli.render.markdown.plan import render_resource
from envctl.cli.render.markdown.refusals import format_problem
from envctl.cli.render.text.sentences import format_count
from envctl.cli.render.words import diff as words
from envctl.cli.render.words import release_changes, settings_diff
from envctl.domain.ledger.state import to_label
from envctl.domain.release.comparison.distance import Distance
from envctl.domain.settings.comparison import Pair
from envctl.domain.settings.settings import Setting
from envctl.usecases.inspect.diff import Diff, Side
from envctl.usecases.release.object_changes import ObjectChanges

MAX_OPEN_ROWS = 5


def render_diff(diff: Diff) -> str:
    mark = md.FAIL if diff.unknown else md.WARN if diff.differs else md.OK
    return md.render_page(
        f"## {mark} {md.escape(diff.first.environment)} and {md.escape(diff.second.environment)}",
        md.render_table(("environment", "state"), (_render_side(side) for side in (diff.first, diff.second))),
        "\n".join(f"- {md.FAIL} {format_problem(problem)}" for problem in diff.problems),
        md.bold(words.format_headline(diff)),
        *(_render_distance(diff.distance, (diff.first, diff.second)) if diff.distance else ()),
        *_render_artifacts(diff),
        *_render_settings(diff),
        *(_render_objects(diff.objects) if diff.objects else ()),
    )


def _render_side(side: Side) -> tuple[str, str]:
    lines = (
        md.escape(words.describe_side(side, UTC)),
        *(f"{md.WARN} {md.escape(remark)}" for remark in words.list_remarks(side)),
    )
    return md.bold(side.environment), "<br>".join(lines)


def _render_distance(distance: Distance, both: tuple[Side, Side]) -> Iterable[str]:
    made = [(release, release_changes.describe_release(release, UTC)) for release in distance.releases]
    rows = [(md.render_release(to_label(release), release.release), md.escape(text)) for release, text in made]
    if rows:
        yield _fold_if_long(
            f"{format_count(len(rows), 'release')} made since",
            md.render_table(("release", "made"), rows),
            long=len(rows) > MAX_OPEN_ROWS,
        )
    if distance.changes is None:
        yield release_changes.UNKNOWN_CHANGES
        return
    yield f"### Changes {md.escape(release_changes.format_direction(distance, both))}"
    changes = distance.changes
    if release_changes.is_unchanged(changes):
        yield release_changes.NO_CHANGES
    files = [
        (md.code(module.module), md.escape(release_changes.format_callers(module)), f"{sign} {md.code(path)}", lines)
        for module in changes.modules
        for sign, path, lines in release_changes.list_files(module)
    ]
    yield md.render_table(("module", "invoked by", "file", "lines"), files)
    patches = [
        f"{md.bold(file.path)}\n\n" + md.fence_text("\n".join(file.patch), "diff")
        for module in changes.modules
        for file in module.files
        if file.patch
    ]
    yield _fold_if_long("The code, line by line", "\n\n".join(patches), long=True) if patches else ""
    for kind, found in release_changes.list_changed_parts(changes):
        cells = [
            (sign, md.code(change.name), md.escape(text))
            for change in found
            for sign, text in [release_changes.format_part_change(change)]
        ]
        yield _fold_if_long(kind, md.render_table(("", kind, "change"), cells), long=len(cells) > MAX_OPEN_ROWS)


def _render_artifacts(diff: Diff) -> Iterable[str]:
    if not diff.artifacts:
        return
    yield f"### Artifacts: {md.escape(words.summarize_artifacts(diff))}"
    rows = [
        (md.NEUTRAL if pair.equal else md.WARN, md.code(pair.variable), md.escape(environment), md.code(value))
        for pair in diff.artifacts
        if diff.everything or not pair.equal
        for environment, value in words.list_artifact_values(pair, diff)
    ]
    yield md.render_table(("", "artifact", "environment", "value"), rows)


def _render_settings(diff: Diff) -> Iterable[str]:
    if diff.settings is None:
        yield f"### Settings: {md.escape(settings_diff.explain_no_comparison(diff))}"
        return
    yield f"### Settings: {md.escape(settings_diff.summarize_settings(diff))}"
    heads = ("", "setting", "stacks", md.escape(diff.settings.first), md.escape(diff.settings.second), "parity")
    rows = [_render_setting_pair(pair) for pair in settings_diff.select_pairs(diff)]
    yield md.render_table(heads, rows)
    yield md.escape(settings_diff.describe_later_refusals(diff.settings))


def _render_setting_pair(pair: Pair) -> tuple[str, ...]:
    marks = {"": md.WARN, "allowed": md.NEUTRAL, "refused": md.FAIL}
    mark = md.OK if pair.relation == "equal" else marks[pair.parity]
    stacks = md.escape(", ".join(pair.stacks))
    return (
        mark,
        md.code(pair.name),
        stacks,
        _render_setting(pair.first),
        _render_setting(pair.second),
        settings_diff.VERDICTS[pair.parity],
    )


def _render_setting(setting: Setting | None) -> str:
    value, place = settings_diff.format_setting(setting)
    return "<br>".join(filter(None, (md.code(value) if setting else md.escape(value), md.escape(place))))


def _render_objects(objects: ObjectChanges) -> Iterable[str]:
    yield f"### {md.escape(words.summarize_objects(objects))}"
    for stack in objects.stacks:
        texts = [render_resource(change) for change in stack.changes]
        if texts:
            summary = f"{md.escape_html(stack.stack)}: {format_count(len(texts), 'object')}"
            yield _fold_if_long(summary, "\n\n".join(texts), long=True)
        if stack.problem:
            yield f"{md.WARN} {md.escape(words.describe_object_problem(stack))}"


def _fold_if_long(summary: str, body: str, *, long: bool) -> str:
    """Fold a long body. The summary must not hold user input: HTML needs other escapes."""
    if not long:
        return body
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"
