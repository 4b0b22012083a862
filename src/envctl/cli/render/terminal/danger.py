"""What a plan deletes, replaces and runs, to be read before an answer."""

from collections.abc import Iterator, Sequence

from rich.console import Console

from envctl.cli.render.terminal.text import print_nowrap, print_text
from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.words.actions import SYMBOLS, format_instances, format_run_verb
from envctl.domain.plan.changes import Action, EnvironmentPlan, ResourceChange
from envctl.domain.plan.summary import FoldedChange, fold_changes

MAX_NAMED = 8


_DESTRUCTIVE = (Action.REPLACE, Action.DELETE)


def has_danger(plan: EnvironmentPlan) -> bool:
    """Check if the plan deletes, replaces or runs something."""
    resources = [resource for stack in plan.stacks for resource in stack.resources]
    return any(r.action in (*_DESTRUCTIVE, Action.INVOKE) or r.programs for r in resources)


def show_danger(plan: EnvironmentPlan, out: Console) -> None:
    """Repeat deletions and programs below a plan, which may have scrolled away."""
    resources = [resource for stack in plan.stacks for resource in stack.resources]
    destroyed = fold_changes(resource for resource in resources if resource.action in _DESTRUCTIVE)
    _show_named(
        "Careful, this is destroyed:",
        [(_format_change(each), "") for each in destroyed],
        out,
    )
    _show_named("Careful, this runs:", [each for resource in resources for each in _list_programs(resource)], out)


def _show_named(heading: str, named: Sequence[tuple[str, str]], out: Console) -> None:
    if not named:
        return
    print_nowrap(out, (heading, "bold red"))
    for address, effect in named[:MAX_NAMED]:
        print_nowrap(out, address, indent=2)
        if effect:
            print_text(out, effect, indent=4)
    if len(named) > MAX_NAMED:
        print_text(out, f"… and {len(named) - MAX_NAMED} more", indent=2)


def _list_programs(resource: ResourceChange) -> Iterator[tuple[str, str]]:
    """Yield provider actions and programs with a description: their effects are unknown to Terraform."""
    if resource.action is Action.INVOKE:
        yield resource.address, "an action, which can change or delete anything"
    yield from (
        (resource.address, f"{format_run_verb(resource)} {to_one_line(program)}") for program in resource.programs
    )


def _format_change(change: FoldedChange) -> str:
    action = change.resource.action
    return f"{SYMBOLS[action]:<3} {action:<7}  {change.address}{format_instances(change)}"
