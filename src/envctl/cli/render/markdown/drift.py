"""Drift (reality differs from the state) and pending changes (the configuration does)."""

from collections.abc import Iterator

from envctl.cli.render.markdown.deployment import render_deployment
from envctl.cli.render.markdown.page import markup as md
from envctl.cli.render.markdown.refusals import format_problem
from envctl.cli.render.text.sentences import capitalize
from envctl.cli.render.values.value_diff import shorten_sides
from envctl.cli.render.words import drift as words
from envctl.cli.render.words.attributes import drop_repeated, is_unknown
from envctl.cli.render.words.drift import remove_next_commands
from envctl.cli.render.words.plan import SUMMARY_NOTE
from envctl.domain.plan.changes import Action, ResourceChange
from envctl.domain.plan.drift import SharedDifference
from envctl.usecases.drift.fix import DriftFix, EnvironmentFix
from envctl.usecases.drift.result import Drift, EnvironmentDrift

HEADS = ("environment", "stack", "resource", "change")
MAX_VALUE_WIDTH = 80
_MARKS = {"clean": md.OK, "drifted": md.WARN, "unknown": md.FAIL, "empty": md.NEUTRAL}
_BY_SEVERITY = ("unknown", "drifted", "clean", "empty")


def render_drift(drift: Drift) -> str:
    conditions = {each.condition for each in drift.environments}
    remarkable, quiet = words.split_clean(drift)
    worst = next((condition for condition in _BY_SEVERITY if condition in conditions), "empty")
    drifted, pending = words.group_findings(drift)
    return md.render_page(
        f"## {_MARKS[worst]} {md.escape(words.format_verdict(drift))}",
        "\n".join(line for each in remarkable for line in _render_environment(each)),
        f"{md.OK} clean: {md.escape(quiet)}" if quiet else "",
        render_drift_table("### Drift", "real", drifted, drift=True),
        render_drift_table("### Pending", "configuration", pending, drift=False),
        *(md.render_next_step(command) for command in words.list_next_commands(drift)),
    )


def render_fixed_drift(fixed: DriftFix) -> str:
    blocks = [block for each in fixed.mended for block in _render_fix(each)]
    return md.render_page(
        render_drift(remove_next_commands(fixed.drift)).rstrip(), *(block.rstrip() for block in blocks)
    )


def _render_fix(fix: EnvironmentFix) -> Iterator[str]:
    if fix.deployed:
        yield render_deployment(fix.deployed)
    if fix.problems or not fix.deployed:
        extent = "fixed only partly" if fix.deployed else "not fixed"
        head = f"## {md.FAIL} {md.escape(fix.environment)} was {extent}\n"
        yield "\n".join((head, *(f"- {md.FAIL} {format_problem(each)}" for each in fix.problems)))


def _render_environment(drift: EnvironmentDrift) -> Iterator[str]:
    yield f"- {_MARKS[drift.condition]} {md.bold(drift.environment)}: {md.escape(words.format_headline(drift))}"
    problems = [*drift.problems, *(problem for stack in drift.stacks for problem in stack.problems)]
    yield from (f"  - {md.FAIL} {format_problem(each)}" for each in problems)
    warnings = [f"{stack.stack}: {warning}" for stack in drift.stacks for warning in stack.warnings]
    yield from (
        f"  - {md.escape(remark)}"
        for remark in (*words.list_stack_notes(drift), words.format_ignored(drift), *warnings)
        if remark
    )


def render_drift_table(heading: str, after: str, found: tuple[SharedDifference, ...], *, drift: bool) -> str:
    """Render a table of findings; `after` is the head of its last column."""
    if not found:
        return ""
    shown, counts = words.split_findings(found)
    rows = [
        (md.escape(", ".join(finding.environments)), md.escape(finding.stack), *cells)
        for finding in shown
        for cells in _list_finding_cells(finding, drift=drift)
    ]
    rows += [
        (
            md.escape(", ".join(environments)),
            md.escape(stack),
            f"{count} {md.code(kind)}",
            words.format_action(action, drift=drift),
            "",
            "",
        )
        for (action, stack, kind, environments), count in counts.items()
    ]
    note = f"\n\n{capitalize(SUMMARY_NOTE)}." if counts else ""
    return f"{heading}\n\n{md.render_table((*HEADS, 'state', after), rows)}{note}"


def _list_finding_cells(finding: SharedDifference, *, drift: bool) -> Iterator[tuple[str, str, str, str]]:
    happened = words.format_action(finding.action, drift=drift)
    if finding.resource and finding.resource.remarks:
        happened = f"{happened}, {md.escape('; '.join(finding.resource.remarks))}"
    if finding.resource:
        yield from ((md.code(finding.name), *cells) for cells in _list_attribute_cells(finding.resource, happened))
    if finding.output:
        yield md.code(finding.name), happened, *_format_sides(finding.output.before, finding.output.after)


def _list_attribute_cells(resource: ResourceChange, happened: str) -> Iterator[tuple[str, str, str]]:
    if resource.action in {Action.DELETE, Action.CREATE} or not resource.attributes:
        yield happened, "", ""
        return
    changes = drop_repeated(resource.attributes)
    for attribute in [each for each in changes if not is_unknown(each.after)] or changes:
        before, after = _format_sides(attribute.before, attribute.after)
        yield f"{happened}: {md.code(attribute.path)}", before, after


def _format_sides(before: object, after: object) -> tuple[str, str]:
    one, other = shorten_sides(before, after, MAX_VALUE_WIDTH)
    return md.code(one), md.code(other)
