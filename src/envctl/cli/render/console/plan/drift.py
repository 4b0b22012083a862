"""Where reality differs from the state, and where the configuration does: each difference once, with where it is."""

from collections.abc import Iterable, Sequence

from rich.console import Console

from envctl.cli.render.console.plan.attributes import changed, line, room_beside
from envctl.cli.render.console.plan.plan import STYLES, SYMBOLS
from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.next_commands import to_type
from envctl.cli.render.terminal.problems import show_problems
from envctl.cli.render.terminal.text import hinted, joined, plain, say, whole
from envctl.cli.render.values.value_diff import from_to
from envctl.domain.plan.changes import Action
from envctl.domain.plan.drift import Finding, findings
from envctl.domain.text.lists import first_of
from envctl.domain.text.short_ids import short
from envctl.usecases.drift.result import Drift, EnvironmentDrift

_WORDS = {Action.CREATE: "appeared", Action.DELETE: "gone"}
_STYLES = {"clean": "green", "drifted": "bold red", "unknown": "bold yellow", "empty": "dim"}
# So many are named of what is ignored.
IGNORED = 5
# Of more environments than that, those of which there is nothing to tell are counted.
MANY = 20


def show_drift(drift: Drift, out: Console) -> None:
    remarkable, quiet = told_apart(drift)
    for each in remarkable:
        _environment(each, out)
    if quiet:
        say(out, joined(("clean: ", "green"), quiet))
    _differences(drift, out)
    if len(drift.environments) > 1:
        out.print()
        say(out, joined(("Total: ", "bold"), total(drift)))
    for command in ways_on(drift):
        hinted(out, command)


def ways_on(drift: Drift) -> tuple[str, ...]:
    """All that has drifted can be set right with one command."""
    mend = [each.environment for each in drift.environments if each.drifted and each.next]
    others = [each.next for each in drift.environments if each.next and not each.drifted]
    return (*([f"envctl drift {' '.join(mend)} --fix"] if mend else []), *others)


def drifted(drift: Drift) -> tuple[Finding, ...]:
    return findings((each.environment, stack.drift) for each in drift.environments for stack in each.stacks)


def pending(drift: Drift) -> tuple[Finding, ...]:
    return findings(
        (each.environment, stack.pending) for each in drift.environments for stack in each.stacks if stack.pending
    )


def headline(each: EnvironmentDrift) -> str:
    """What stands behind the name of the environment."""
    release = f" (release {short(each.release)})" if each.release else ""
    return f"{', '.join(_said(each))}{release}"


def total(drift: Drift) -> str:
    """The environments by their condition, the worst first."""
    names = {
        "drift in": [each.environment for each in drift.environments if each.drifted],
        "UNKNOWN in": [each.environment for each in drift.environments if each.unknown],
        "no drift in": [each.environment for each in drift.environments if each.condition == "clean"],
    }
    parts = [f"{words} {first_of(named, MANY)}" for words, named in names.items() if named]
    return "; ".join(parts) or "nothing runs anywhere"


def told_apart(drift: Drift) -> tuple[tuple[EnvironmentDrift, ...], str]:
    """Of many environments, those of which there is something to tell, and the others in words: nobody reads a line of
    each that is clean, and nothing else.
    """
    if len(drift.environments) <= MANY:
        return drift.environments, ""
    remarkable = tuple(each for each in drift.environments if _is_remarkable(each))
    quiet = [each.environment for each in drift.environments if not _is_remarkable(each)]
    return remarkable, in_short(quiet) if quiet else ""


def in_short(environments: Sequence[str]) -> str:
    return f"{counted(len(environments), 'environment')} ({first_of(environments, MANY)})"


def _is_remarkable(each: EnvironmentDrift) -> bool:
    warned = any(stack.warnings or stack.problems for stack in each.stacks)
    return each.condition != "clean" or each.pending or bool(each.problems or ignored(each)) or warned


def what_happened(action: Action) -> str:
    return _WORDS.get(action, "changed")


def ignored(each: EnvironmentDrift) -> str:
    names = [f"{stack.stack}: {name}" for stack in each.stacks for name in stack.ignored]
    return f"{counted(len(names), 'difference')} ignored by its rules: {first_of(names, IGNORED)}" if names else ""


def waiting(each: EnvironmentDrift) -> Iterable[str]:
    for stack in each.stacks:
        if stack.pending and stack.pending.waits_for:
            yield f"{stack.stack} was never applied: it waits for {', '.join(stack.pending.waits_for)}"
        if stack.pending and stack.pending.leaves:
            shows = to_type(f"envctl plan {each.environment} shows what becomes of it")
            yield f"{stack.stack} is not part of the release that runs: {shows}"


def _said(each: EnvironmentDrift) -> Iterable[str]:
    match each.condition:
        case "drifted":
            yield f"DRIFTED: {counted(each.drifted, 'difference')} from the state"
        case "unknown":
            yield "UNKNOWN: it could not be looked at"
        case "empty":
            yield "nothing runs there"
        case _:
            yield "clean"
    some = [stack.stack for stack in each.stacks if stack.condition == "unknown"]
    if some and each.condition == "drifted":
        yield f"and UNKNOWN in {', '.join(some)}"
    if each.pending:
        yield "with changes pending"
    if each.problems and each.condition != "unknown":
        # The guards go by what is recorded.
        yield "which could not be recorded"


def _environment(each: EnvironmentDrift, out: Console) -> None:
    say(out, joined((f"{each.environment}: ", "bold"), (headline(each), _STYLES[each.condition])))
    show_problems(each.problems, out, "", "bold yellow", 2)
    for stack in each.stacks:
        if stack.problems:
            whole(out, plain(f"{stack.stack}:", "bold"), 2)
        show_problems(stack.problems, out, "", "bold yellow", 4)
        for warning in stack.warnings:
            say(out, joined(("warning: ", "yellow"), f"{stack.stack}: {warning}"), 2)
    for told in (*waiting(each), ignored(each)):
        if told:
            say(out, plain(told, "dim"), 2)


def _differences(drift: Drift, out: Console) -> None:
    found, planned = drifted(drift), pending(drift)
    one = len(drift.environments) == 1
    if found:
        out.print()
        say(out, joined(("Drift", "bold red"), (": what the state says → what is there", "dim")))
        for finding in found:
            show_finding(finding, out, one=one, drift=True)
    if planned:
        out.print()
        told = ": what the state says → what the configuration says"
        say(out, joined(("Pending", "bold yellow"), (told, "dim")))
        for finding in planned:
            show_finding(finding, out, one=one, drift=False)


def show_finding(finding: Finding, out: Console, *, one: bool, drift: bool) -> None:
    """With `one` it is clear in which environment."""
    word = what_happened(finding.action) if drift else str(finding.action)
    symbol = f"  {SYMBOLS[finding.action]:<3} {word:<8}  "
    head = joined((symbol, STYLES.get(finding.action, "")), f"{finding.stack}: ", (finding.name, "bold"))
    where = joined(("   in ", "dim"), ", ".join(finding.environments))
    beside = head.cell_len + where.cell_len <= out.width
    whole(out, head.append_text(where) if beside and not one else head)
    if not (beside or one):
        say(out, joined(("in ", "dim"), ", ".join(finding.environments)), 6)
    _values(finding, out)


def _values(finding: Finding, out: Console) -> None:
    if finding.resource and finding.resource.action in {Action.UPDATE, Action.REPLACE, Action.MOVE}:
        changed(finding.resource.attributes, out)
    if finding.output:
        told = from_to(finding.output.before, finding.output.after, room_beside(5, out), out.width - 8)
        line("value", 5, *told, out)
