"""Results of `envctl recover`: repairs made and changes remaining."""

from rich.console import Console

from envctl.cli.render.console.deployment.deployment import show_stages
from envctl.cli.render.terminal.plan import show_stack
from envctl.cli.render.terminal.text import print_hint, print_item, print_text, show_problems
from envctl.cli.render.text.sentences import format_actor
from envctl.cli.render.text.times import format_time
from envctl.cli.render.words.deployment import describe_operation
from envctl.usecases.deployment.recovery.recover import RecoveryResult


def show_recovery(recovered: RecoveryResult, out: Console) -> None:
    deployment = recovered.deployment
    if recovered.stages:
        print_text(out, f"Dry run, no changes. To recover {recovered.environment}, envctl would:")
        show_stages(recovered.stages, out)
        return
    if deployment is None:
        print_text(out, f"Nothing to recover: {recovered.environment} has no unfinished deployment.")
    else:
        print_text(
            out,
            f"The {describe_operation(deployment)} in {recovered.environment}, started by {format_actor(deployment.by)}"
            f" on {format_time(deployment.started_at)}, is recorded as {deployment.outcome}."
            " Its finished changes are in the Terraform state: the next command continues from there.",
        )
    done = []
    for lock in recovered.broken:
        holder = f"{lock.who} ({lock.operation})" if lock.operation else lock.who
        since = f" since {format_time(lock.created)}" if lock.created else ""
        done.append(f"Terraform's lock of {lock.stack} was broken. It was held by {holder}{since}")
    done += [f"the unsaved state of {stack} is now saved" for stack in recovered.rescued]
    ended = "left unfinished, is recorded as abandoned"
    done += [f"the import of {address}, {ended}" for address in recovered.abandoned_imports]
    done += [f"{address} is now in the state" for address in recovered.taken_in]
    done += [f"all requests of {went.stack} go to {went.color} again" for went in recovered.back]
    for sentence in done:
        print_item(out, ("✓ ", "green"), sentence)
    if deployment is not None:
        _show_remaining(recovered, out)
    print_hint(out, recovered.next)


def _show_remaining(recovered: RecoveryResult, out: Console) -> None:
    open_stacks = [stack for stack in recovered.left if stack.changes or stack.waits_for]
    complete = [stack.stack for stack in recovered.left if stack not in open_stacks]
    if open_stacks:
        print_text(out, "Remaining changes:")
    for stack in open_stacks:
        show_stack(stack, out)
    if complete:
        print_text(out, f"No remaining changes in {', '.join(complete)}.")
    if recovered.unseen:
        print_text(out, ("Could not be checked:", "bold yellow"))
        show_problems(recovered.unseen, out, "", "bold", 2)
