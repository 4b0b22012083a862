"""Where reality differs from the state, as a plan would show it: what the state says, and what is there."""

from rich.console import Console

from envctl.cli.render.attributes import changed
from envctl.cli.render.line import counted
from envctl.cli.render.plan import STYLES, SYMBOLS
from envctl.cli.render.text import hinted, joined, plain, say, whole
from envctl.domain.changes import Action, ResourceChange, StackPlan
from envctl.domain.naming import short
from envctl.usecases.drift import Drift, EnvironmentDrift

_WORDS = {Action.CREATE: "appeared", Action.DELETE: "gone"}


def show_drift(drift: Drift, out: Console) -> None:
    for each in drift.environments:
        _environment(each, out)
    if len(drift.environments) > 1:
        say(out, joined(("Total: ", "bold"), total(drift)))


def headline(each: EnvironmentDrift) -> str:
    """What stands behind the name of the environment."""
    if each.skipped:
        return f"not looked at: {each.skipped}"
    if not each.drifted:
        return f"no drift (release {short(each.release)})"
    differ = "resource differs" if each.drifted == 1 else "resources differ"
    return f"{each.drifted} {differ} from the state (release {short(each.release)})"


def total(drift: Drift) -> str:
    drifted = [each.environment for each in drift.environments if each.drifted]
    if drifted:
        return f"drift in {', '.join(drifted)}"
    looked_at = sum(not each.skipped for each in drift.environments)
    return f"no drift in {counted(looked_at, 'environment')}" if looked_at else "nothing was looked at"


def what_happened(resource: ResourceChange) -> str:
    return _WORDS.get(resource.action, "changed")


def _environment(each: EnvironmentDrift, out: Console) -> None:
    style = "dim" if each.skipped else "bold red" if each.drifted else "green"
    say(out, joined((f"{each.environment}: ", "bold"), (headline(each), style)))
    if each.drifted:
        say(out, plain("what the state says → what is there", "dim"), 2)
    for stack in each.stacks:
        _stack(stack, out)
    hinted(out, each.next, 2)


def _stack(stack: StackPlan, out: Console) -> None:
    for resource in stack.resources:
        symbol = f"  {SYMBOLS[resource.action]:<3} {what_happened(resource):<8}  "
        style = STYLES.get(resource.action, "")
        whole(out, joined((symbol, style), f"{stack.stack}: ", (resource.address, "bold")))
        if resource.action is not Action.DELETE:
            changed(resource.attributes, out)
    for warning in stack.warnings:
        say(out, joined(("warning: ", "yellow"), warning), 2)
