"""Where reality differs from the state, and where the configuration does."""

from collections.abc import Iterator

from envctl.cli.render.console.deployment.fixed_drift import without_next
from envctl.cli.render.console.plan.attributes import known_later, own
from envctl.cli.render.console.plan.drift import (
    drifted,
    headline,
    ignored,
    pending,
    told_apart,
    total,
    waiting,
    ways_on,
    what_happened,
)
from envctl.cli.render.markdown.deployment import deployment
from envctl.cli.render.markdown.page.pieces import (
    NEITHER,
    PASSES,
    REFUSES,
    WARNS,
    code,
    escaped,
    next_step,
    page,
    sentence,
    strong,
    table,
)
from envctl.cli.render.markdown.refused import problem_line
from envctl.cli.render.terminal.text import shortened
from envctl.cli.render.values.value_diff import side
from envctl.domain.errors import Problem
from envctl.domain.plan.changes import Action, ResourceChange
from envctl.domain.plan.drift import Finding
from envctl.usecases.drift.fix import Fixed, Mended
from envctl.usecases.drift.result import Drift, EnvironmentDrift

HEADS = ("environment", "stack", "resource", "what")
ROOM = 80
_MARKS = {"clean": PASSES, "drifted": WARNS, "unknown": REFUSES, "empty": NEITHER}
_WORST = ("unknown", "drifted", "clean", "empty")


def drift(told: Drift) -> str:
    conditions = {each.condition for each in told.environments}
    remarkable, quiet = told_apart(told)
    worst = next((condition for condition in _WORST if condition in conditions), "empty")
    return page(
        f"## {_MARKS[worst]} {sentence(escaped(total(told)))}",
        "\n".join(line for each in remarkable for line in _environment(each)),
        f"{PASSES} clean: {escaped(quiet)}" if quiet else "",
        drift_table("### Drift", "is there", drifted(told), drift=True),
        drift_table("### Pending", "the configuration says", pending(told), drift=False),
        *(next_step(command) for command in ways_on(told)),
    )


def fixed(told: Fixed) -> str:
    blocks = [block for each in told.mended for block in _mended(each)]
    return page(drift(without_next(told.drift)).rstrip(), *(block.rstrip() for block in blocks))


def _mended(each: Mended) -> Iterator[str]:
    if each.deployed:
        yield deployment(each.deployed)
    if each.problems or not each.deployed:
        whole = " as a whole" if each.deployed else ""
        head = f"## {REFUSES} {escaped(each.environment)} was not set right{whole}\n"
        yield "\n".join((head, *_problems(each.problems)))


def _environment(each: EnvironmentDrift) -> Iterator[str]:
    yield f"- {_MARKS[each.condition]} {strong(each.environment)}: {escaped(headline(each))}"
    problems = [*each.problems, *(problem for stack in each.stacks for problem in stack.problems)]
    yield from (f"  {line}" for line in _problems(problems))
    warnings = [f"{stack.stack}: {warning}" for stack in each.stacks for warning in stack.warnings]
    yield from (f"  - {escaped(told)}" for told in (*waiting(each), ignored(each), *warnings) if told)


def _problems(problems: list[Problem] | tuple[Problem, ...]) -> Iterator[str]:
    yield from (f"- {REFUSES} {problem_line(each)}" for each in problems)


def drift_table(heading: str, after: str, found: tuple[Finding, ...], *, drift: bool) -> str:
    """`after` is the head of the column with what is otherwise than the state says."""
    if not found:
        return ""
    rows = [
        (escaped(", ".join(finding.environments)), escaped(finding.stack), *cells)
        for finding in found
        for cells in _cells(finding, drift=drift)
    ]
    return f"{heading}\n\n{table((*HEADS, 'the state says', after), rows)}"


def _cells(finding: Finding, *, drift: bool) -> Iterator[tuple[str, str, str, str]]:
    happened = what_happened(finding.action) if drift else str(finding.action)
    if finding.resource:
        yield from ((code(finding.name), *cells) for cells in _attributes(finding.resource, happened))
    if finding.output:
        yield code(finding.name), happened, _value(finding.output.before), _value(finding.output.after)


def _attributes(resource: ResourceChange, happened: str) -> Iterator[tuple[str, str, str]]:
    if resource.action in {Action.DELETE, Action.CREATE} or not resource.attributes:
        yield happened, "", ""
        return
    told = own(resource.attributes)
    for attribute in [each for each in told if not known_later(each.after)] or told:
        yield f"{happened}: {code(attribute.path)}", _value(attribute.before), _value(attribute.after)


def _value(value: object) -> str:
    return code(shortened(side(value), ROOM))
