"""Drift and pending changes: each difference once, with its environments."""

from collections.abc import Sequence

from rich.console import Console

from envctl.cli.render.terminal.attributes import measure_value_room, show_attribute, show_changed_attributes
from envctl.cli.render.terminal.plan import format_head
from envctl.cli.render.terminal.text import join_text, print_hint, print_nowrap, print_text, show_problems
from envctl.cli.render.values.value_diff import format_change
from envctl.cli.render.words.plan import drift as words
from envctl.cli.render.words.plan.plan import SUMMARY_NOTE
from envctl.domain.plan.changes import Action
from envctl.domain.plan.drift import SharedDifference
from envctl.usecases.drift.result import Drift, EnvironmentDrift

_STYLES = {"clean": "green", "drifted": "bold red", "unknown": "bold yellow", "empty": "dim"}


def show_drift(drift: Drift, out: Console) -> None:
    if len(drift.environments) > 1:
        style = "bold red" if drift.found else "bold yellow" if any(e.unknown for e in drift.environments) else "green"
        print_text(out, (f"{words.format_verdict(drift)}.", style))
        out.print()
    remarkable, quiet = words.split_clean(drift)
    for each in remarkable:
        _show_environment(each, out)
    if quiet:
        print_text(out, ("clean: ", "green"), quiet)
    _show_differences(drift, out)
    for command in words.list_next_commands(drift):
        print_hint(out, command)


def _show_environment(each: EnvironmentDrift, out: Console) -> None:
    print_text(out, (f"{each.environment}: ", "bold"), (words.format_headline(each), _STYLES[each.condition]))
    show_problems(each.problems, out, "", "bold yellow", 2)
    for stack in each.stacks:
        if stack.problems:
            print_nowrap(out, (f"{stack.stack}:", "bold"), indent=2)
        show_problems(stack.problems, out, "", "bold yellow", 4)
        for warning in stack.warnings:
            print_text(out, ("warning: ", "yellow"), f"{stack.stack}: {warning}", indent=2)
    for note in (*words.list_stack_notes(each), words.format_ignored(each)):
        if note:
            print_text(out, (note, "dim"), indent=2)


def _show_differences(drift: Drift, out: Console) -> None:
    found, planned = words.group_findings(drift)
    single = len(drift.environments) == 1
    if found:
        out.print()
        print_text(out, ("Drift", "bold red"), (": state → real resources", "dim"))
        _show_findings(found, out, single=single, drift=True)
    if planned:
        out.print()
        print_text(out, ("Pending", "bold yellow"), (": state → configuration", "dim"))
        _show_findings(planned, out, single=single, drift=False)


def _show_findings(findings: Sequence[SharedDifference], out: Console, *, single: bool, drift: bool) -> None:
    shown, counts = words.split_findings(findings)
    for finding in shown:
        show_finding(finding, out, single=single, drift=drift)
    for (action, stack, kind, environments), count in counts.items():
        where = "" if single else f"   in {', '.join(environments)}"
        print_text(out, _format_head(action, drift=drift), f"{stack}: ", (f"{count} {kind}", "bold"), (where, "dim"))
    if counts:
        print_text(out, (SUMMARY_NOTE, "dim"), indent=2)


def show_finding(finding: SharedDifference, out: Console, *, single: bool, drift: bool) -> None:
    """Print a difference; with `single` the environment is clear and left out."""
    head = join_text(_format_head(finding.action, drift=drift), f"{finding.stack}: ", (finding.name, "bold"))
    where = join_text(("   in ", "dim"), ", ".join(finding.environments))
    beside = head.cell_len + where.cell_len <= out.width
    print_nowrap(out, head.append_text(where) if beside and not single else head)
    if not (beside or single):
        print_text(out, ("in ", "dim"), ", ".join(finding.environments), indent=6)
    for remark in finding.resource.remarks if finding.resource else ():
        print_text(out, (remark, "italic"), indent=6)
    if finding.resource and finding.resource.action in {Action.UPDATE, Action.REPLACE, Action.MOVE}:
        show_changed_attributes(finding.resource.attributes, out)
    if finding.output:
        change = format_change(finding.output.before, finding.output.after, measure_value_room(5, out), out.width - 8)
        show_attribute("value", 5, *change, out)


def _format_head(action: Action, *, drift: bool) -> tuple[str, str]:
    return format_head(action, f"{words.format_action(action, drift=drift):<8}")
