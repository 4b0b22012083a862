"""The questions to the person at the terminal: before anything is applied, approved or broken."""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from envctl.cli.render.console.plan.plan import SYMBOLS, runs, total
from envctl.cli.render.terminal.text import hanging, joined, one_line, say, whole
from envctl.cli.render.terminal.times import moment
from envctl.domain.aws.secret_status import SERVICES, SecretChange
from envctl.domain.errors import InterruptedByUserError, Problem, StateLock, UsageError
from envctl.domain.plan.changes import Action, EnvironmentPlan, ResourceChange
from envctl.domain.text.short_ids import short

if TYPE_CHECKING:
    from envctl.usecases.ports.bucket_report import BucketReport

_HARMFUL = (Action.REPLACE, Action.DELETE)
NAMED = 8


class TerminalConsent:
    """Asks on the console, and reads the answer from standard input."""

    def __init__(self, console: Console, *, yes: bool, interactive: bool) -> None:
        self._console = console
        self._yes = yes
        self._interactive = interactive

    def given(self, plan: EnvironmentPlan, *, again: bool) -> bool:
        if self._settled("there are changes to apply", "add --yes to apply without a question"):
            return True
        self._console.print()
        if again:
            stacks = ", ".join(stack.stack for stack in plan.stacks)
            say(self._console, f"What is before {stacks} is applied. Only now could {stacks} be planned.")
        self._warn(plan)
        return self._answered(joined("Apply these changes to ", (plan.environment, "bold"), "?"))

    def approves(self, plan: EnvironmentPlan, gate: str, notes: Sequence[str]) -> bool:
        if self._settled("there is a plan to approve", "look at it, then add --yes to approve it without a question"):
            return True
        out = self._console
        out.print()
        self._warn(plan)
        for note in notes:
            hanging(out, joined(("! ", "bold yellow"), one_line(note)))
        may = (f"release {short(plan.release)} may do this, or less of it, in ", (plan.environment, "bold"))
        say(out, joined("Your approval: ", *may, f" (gate {gate})"))
        say(out, total(plan), 2)
        return self._answered(joined("Approve it?"))

    def approves_rules(self, environment: str, gate: str, changes: Sequence[str]) -> bool:
        if self._settled(
            "there are rules to approve", "look at them, then add --yes to approve them without a question"
        ):
            return True
        out = self._console
        out.print()
        say(out, joined("The rules of ", (environment, "bold"), " change:"))
        for change in changes:
            hanging(out, joined(("! ", "bold yellow"), one_line(change)))
        at = f" (gate {gate})" if gate else ""
        return self._answered(joined(f"Approve the new rules{at}?"))

    def breaks(self, lock: StateLock) -> bool:
        matter = f"Terraform's lock of {lock.stack}, held by {lock.who}, has to be broken"
        if self._settled(matter, "if that run is dead for sure, add --yes"):
            return True
        out = self._console
        what = f" for {lock.operation}" if lock.operation else ""
        since = f" since {moment(lock.created)}" if lock.created else ""
        out.print()
        say(out, joined("The Terraform state of ", (lock.stack, "bold"), f" is locked by {lock.who}{what}{since}."))
        say(out, "Two at once overwrite each other's state: break the lock only if that run is dead for sure.")
        return self._answered(joined("Break the lock of ", (lock.stack, "bold"), "?"))

    def puts(self, change: SecretChange) -> bool:
        if self._settled("there is a secret to be written", "add --yes to write it without a question"):
            return True
        out, secret = self._console, change.secret
        account = f" (account {change.account_id})" if change.account_id else ""
        where = f"{SERVICES[secret.kind]} of {change.environment}{account}"
        out.print()
        say(
            out, joined((secret.name, "bold"), f" {'is created' if change.creates else 'gets a new value'} in {where}.")
        )
        for asking in secret.asked_by:
            say(out, f"asked by {asking}", 2)
        return self._answered(joined("Write it?"))

    def makes(self, buckets: "Sequence[BucketReport]") -> bool:
        if self._settled("there are buckets to make or to change", "add --yes to do it without a question"):
            return True
        self._console.print()
        accounts = sorted({bucket.account_id for bucket in buckets})
        return self._answered(joined("Do this in ", (", ".join(accounts), "bold"), "?"))

    def chooses(self, question: str, otherwise: str, wrong: Callable[[str], str]) -> str:
        if self._yes or not self._interactive:
            return otherwise
        *before, asked = question.split("\n")
        for line in before:
            say(self._console, line)
        while True:
            self._console.print(joined(asked, (f" [{otherwise}]" if otherwise else "", "bold"), ": "), end="")
            line = sys.stdin.readline()
            if not line:
                self._console.print()
                raise InterruptedByUserError(Problem("E310", "stopped at a question: nothing was made", ""))
            answer = line.strip() or otherwise
            if not (amiss := wrong(answer)):
                return answer
            hanging(self._console, joined(("! ", "bold yellow"), amiss))

    def _settled(self, matter: str, hint: str) -> bool:
        """Whether yes was said beforehand. Raises UsageError where nobody can be asked."""
        if not self._yes and not self._interactive:
            raise UsageError(Problem("E001", f"{matter}, and nobody to ask", hint))
        return self._yes

    def _answered(self, question: Text) -> bool:
        self._console.print(question.append(" Only yes is taken as yes: "), end="")
        # Not input(): with readline it draws its own idea of the line, and a prompt of stderr is lost.
        answer = sys.stdin.readline()
        if not answer.endswith("\n"):
            self._console.print()
        return answer.strip() == "yes"

    def _warn(self, plan: EnvironmentPlan) -> None:
        """What goes away, and what runs, is named again next to the question: the plan may have left the screen."""
        resources = [resource for stack in plan.stacks for resource in stack.resources]
        going = [
            (f"{SYMBOLS[resource.action]:<3} {resource.action:<7}  {resource.address}", "")
            for resource in resources
            if resource.action in _HARMFUL
        ]
        self._name("Careful, this goes away:", going)
        self._name("Careful, this runs:", [each for resource in resources for each in _running(resource)])

    def _name(self, heading: str, named: Sequence[tuple[str, str]]) -> None:
        if not named:
            return
        self._console.print(joined((heading, "bold red")))
        for which, what in named[:NAMED]:
            whole(self._console, f"  {which}")
            if what:
                say(self._console, what, 4)
        if len(named) > NAMED:
            self._console.print(joined(f"  … and {len(named) - NAMED} more"))


def _running(resource: ResourceChange) -> Iterator[tuple[str, str]]:
    """The actions of providers, and the programs: of both only who wrote them knows what they do."""
    if resource.action is Action.INVOKE:
        yield resource.address, "an action, which can change or delete anything"
    yield from ((resource.address, f"{runs(resource)} {one_line(program)}") for program in resource.programs)
