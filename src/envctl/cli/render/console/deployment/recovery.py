"""What an interrupted deployment left, what was done about it, and what is still to be done."""

from rich.console import Console

from envctl.cli.render.console.plan.plan import show_stack
from envctl.cli.render.terminal.operation_nouns import deed
from envctl.cli.render.terminal.problems import show_problems
from envctl.cli.render.terminal.text import hanging, hinted, joined, known_as, say
from envctl.cli.render.terminal.times import moment
from envctl.domain.errors import StateLock
from envctl.usecases.deployment.recovery.recover import Recovered


def show_recovered(recovered: Recovered, out: Console) -> None:
    deployment = recovered.deployment
    if deployment is None:
        say(out, f"Nothing to recover: no deployment to {recovered.environment} is unfinished.")
    else:
        say(
            out,
            f"The {deed(deployment)} in {recovered.environment}, begun by {known_as(deployment.by)}"
            f" on {moment(deployment.started_at)}, is recorded as {deployment.outcome}."
            " What Terraform had recorded of it is in its state: the next command goes on from there.",
        )
    for lock in recovered.broken:
        _done(f"Terraform's lock of {lock.stack} was broken. It was held by {_held(lock)}", out)
    for stack in recovered.rescued:
        _done(f"the state of {stack}, which could not be saved then, is saved now", out)
    for address in recovered.abandoned_imports:
        _done(f"the import of {address}, whose end was never recorded, is recorded as abandoned", out)
    for address in recovered.taken_in:
        _done(f"{address} is in the state now", out)
    for went in recovered.back:
        _done(f"all requests of {went.stack} go to {went.color} again", out)
    if deployment is not None:
        _left(recovered, out)
    hinted(out, recovered.next)


def _left(recovered: Recovered, out: Console) -> None:
    open_stacks = [stack for stack in recovered.left if stack.changes or stack.waits_for]
    complete = [stack.stack for stack in recovered.left if stack not in open_stacks]
    if open_stacks:
        say(out, "Left to do:")
    for stack in open_stacks:
        show_stack(stack, out)
    if complete:
        say(out, f"Nothing is left to do in {', '.join(complete)}.")
    if recovered.unseen:
        say(out, joined(("Could not be looked at:", "bold yellow")))
        show_problems(recovered.unseen, out, "", "bold", 2)


def _done(what: str, out: Console) -> None:
    hanging(out, joined(("✓ ", "green"), what))


def _held(lock: StateLock) -> str:
    since = f" since {moment(lock.created)}" if lock.created else ""
    what = f" ({lock.operation})" if lock.operation else ""
    return f"{lock.who}{what}{since}"
