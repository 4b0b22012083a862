"""The question before anything is applied."""

import sys

from rich.console import Console

from envctl.cli.render.plan import SYMBOLS
from envctl.cli.render.text import joined, whole
from envctl.domain.changes import Action, EnvironmentPlan
from envctl.domain.errors import Problem, UsageError

_HARMFUL = (Action.REPLACE, Action.DELETE)
NAMED = 8


class TerminalConsent:
    """Asks on the console, and reads the answer from standard input."""

    def __init__(self, console: Console, *, yes: bool, interactive: bool) -> None:
        self._console = console
        self._yes = yes
        self._interactive = interactive

    def given(self, plan: EnvironmentPlan, *, again: bool) -> bool:
        if self._yes:
            return True
        if not self._interactive:
            raise UsageError(
                Problem(
                    "E001", "there are changes to apply, and nobody to ask", "add --yes to apply without a question"
                )
            )
        self._console.print()
        if again:
            stacks = ", ".join(stack.stack for stack in plan.stacks)
            self._console.print(joined(f"What is before {stacks} is applied. Only now could {stacks} be planned."))
        self._warn(plan)
        self._console.print(
            joined("Apply these changes to ", (plan.environment, "bold"), "? Only yes is taken as yes: "), end=""
        )
        # Not input(): with readline it draws its own idea of the line, and a prompt of stderr is lost.
        answer = sys.stdin.readline()
        if not answer.endswith("\n"):
            self._console.print()
        return answer.strip() == "yes"

    def _warn(self, plan: EnvironmentPlan) -> None:
        """What goes away is named again, next to the question: the plan may have left the screen."""
        going = [resource for stack in plan.stacks for resource in stack.resources if resource.action in _HARMFUL]
        if not going:
            return
        self._console.print(joined(("Careful, this goes away:", "bold red")))
        for resource in going[:NAMED]:
            whole(self._console, f"  {SYMBOLS[resource.action]:<3} {resource.action:<7}  {resource.address}")
        if len(going) > NAMED:
            self._console.print(joined(f"  … and {len(going) - NAMED} more"))
