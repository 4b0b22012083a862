"""Questions on the terminal, before an apply, an approval or a forced unlock."""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import KW_ONLY, dataclass
from itertools import islice
from typing import TYPE_CHECKING

from rich.console import Console

from envctl.cli.render.terminal.pager import can_page, page_lines
from envctl.cli.render.terminal.plan import show_danger
from envctl.cli.render.terminal.reading import style_lines, wrap_lines, write_lines
from envctl.cli.render.terminal.text import Part, join_text, print_item, print_text, print_warnings
from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.text.times import format_time
from envctl.cli.render.words.approval.guards import format_guards
from envctl.cli.render.words.plan.plan import format_total, format_verdict
from envctl.cli.render.words.reading import list_lines
from envctl.domain.aws.secret_status import SERVICE_NAMES, SecretChange
from envctl.domain.errors import InterruptedByUserError, Problem, StateLock, UsageError
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.domain.plan.unseen_stacks import list_acceptable
from envctl.domain.release_label import format_label, format_label_or_id
from envctl.domain.text.lists import join_names

if TYPE_CHECKING:
    from envctl.domain.guards import Refusal
    from envctl.domain.reading.reading import Reading
    from envctl.usecases.ports.bucket_report import BucketReport
    from envctl.usecases.ports.core import PlanAnswer

# Lines of the question and of what it repeats.
_ROOM_FOR_QUESTION = 10
_ANSWERS: "Mapping[str, PlanAnswer]" = {"all": "all", "each": "yes", "yes": "yes"}


@dataclass
class TerminalPrompter:
    """Asks on the console and reads answers from standard input. Redacts plans, and suspends drawing for an apply."""

    console: Console
    pause_drawing: Callable[[], AbstractContextManager[None]]
    redact: Callable[[EnvironmentPlan], EnvironmentPlan]
    whole: Console | None  # for what is shown without a question; None if a machine reads
    _: KW_ONLY
    yes: bool
    interactive: bool

    @property
    def asks(self) -> bool:
        return self.interactive and not self.yes

    def require_answer(self, environment: str) -> None:
        if not self.yes and not self.interactive:
            message = f"no terminal to confirm the changes to {environment} on"
            raise UsageError(Problem("E001", message, "add --yes"))

    def confirm_plan(self, plan: EnvironmentPlan, reading: "Reading | None", *, again: bool) -> "PlanAnswer":
        if self._has_yes_option("the changes", "add --yes"):
            return "yes"
        plan = self.redact(plan)
        with self.pause_drawing():
            if reading is not None:
                self._show_reading(reading)
            self.console.print()
            if again:
                stacks = ", ".join(stack.stack for stack in plan.stacks)
                print_text(self.console, f"The upstream stacks are applied; {stacks} can now be planned.")
            show_danger(plan, self.console)
            if plan.label:
                print_text(self.console, f"Release {format_label(plan.label)}")
            print_text(self.console, (format_verdict(plan), "bold"))
            question: tuple[Part, ...] = ("Apply these changes to ", (plan.environment, "bold"), "?")
            later = () if again else list_acceptable(plan)
            if not later:
                return "yes" if self._ask_yes(*question) else ""
            creates = "it only creates" if len(later) == 1 else "they only create"
            answers = (
                ("all", f"   also apply {join_names(later)}, without a question if {creates}"),
                ("each", "  ask for each other stack when it can be planned"),
            )
            for answer, effect in answers:
                print_item(self.console, "  ", (answer, "bold"), effect, indent=8)
            return _ANSWERS.get(self._read_answer(*question, ' Type "all" or "each"; anything else stops: '), "")

    def confirm_approval(self, plan: EnvironmentPlan, reading: "Reading", gate: str, notes: Sequence[str]) -> bool:
        with self.pause_drawing():
            self._show_reading(reading)
            if self._has_yes_option("the approval", "check the plan, then add --yes"):
                return True
            plan, out = self.redact(plan), self.console
            out.print()
            show_danger(plan, out)
            print_warnings(out, map(to_one_line, notes))
            release = format_label_or_id(plan.label, plan.release)
            scope = (f"release {release} may do this, or less of it, in ", (plan.environment, "bold"))
            print_text(out, "Your approval: ", *scope, f" (gate {gate})")
            print_text(out, format_total(plan), indent=2)
            return self._ask_yes("Approve it?")

    def confirm_rules(self, reading: "Reading", gate: str, changes: Sequence[str]) -> bool:
        with self.pause_drawing():
            self._show_reading(reading)
            if self._has_yes_option("the approval", "check the rules, then add --yes"):
                return True
            out = self.console
            out.print()
            print_text(out, "The rules of ", (reading.environment, "bold"), " change:")
            print_warnings(out, map(to_one_line, changes))
            suffix = f" (gate {gate})" if gate else ""
            return self._ask_yes(f"Approve the new rules{suffix}?")

    def confirm_waiver(
        self, environment: str, codes: Sequence[str], overridden: "Sequence[Refusal]", remaining: "Sequence[Refusal]"
    ) -> bool:
        if self._has_yes_option("the waiver", "check what it overrides, then add --yes"):
            return True
        out = self.console
        out.print()
        print_text(out, "The next deployment to ", (environment, "bold"), f" may override {format_guards(codes)}.")
        for mark, refusals in (("  overridden: ", overridden), ("  still refused: ", remaining)):
            for refusal in refusals:
                print_item(out, mark, (format_guards((refusal.code,)), "bold"), f": {to_one_line(refusal.message)}")
        return self._ask_yes("Waive it?")

    def confirm_unlock(self, lock: StateLock) -> bool:
        what = f"the break of Terraform's lock of {lock.stack}, held by {lock.who},"
        if self._has_yes_option(what, "if that run has certainly ended, add --yes"):
            return True
        out = self.console
        operation = f" for {lock.operation}" if lock.operation else ""
        since = f" since {format_time(lock.created)}" if lock.created else ""
        out.print()
        print_text(out, "The Terraform state of ", (lock.stack, "bold"), f" is locked by {lock.who}{operation}{since}.")
        print_text(
            out, "Two runs at once overwrite each other's state: break the lock only if that run has certainly ended."
        )
        return self._ask_yes("Break the lock of ", (lock.stack, "bold"), "?")

    def confirm_secret(self, change: SecretChange) -> bool:
        if self._has_yes_option("the new value", "add --yes"):
            return True
        out, secret = self.console, change.secret
        account = f" (account {change.account_id})" if change.account_id else ""
        service = f"{SERVICE_NAMES[secret.kind]} of {change.environment}{account}"
        out.print()
        what = "is created" if change.creates else "gets a new value"
        print_text(out, (secret.name, "bold"), f" {what} in {service}.")
        for asking in secret.asked_by:
            print_text(out, f"used by {asking}", indent=2)
        return self._ask_yes("Write it?")

    def confirm_buckets(self, buckets: "Sequence[BucketReport]") -> bool:
        if self._has_yes_option("the changes to buckets", "add --yes"):
            return True
        self.console.print()
        accounts = sorted({bucket.account_id for bucket in buckets})
        return self._ask_yes("Do this in ", (", ".join(accounts), "bold"), "?")

    def prompt_text(self, question: str, otherwise: str, wrong: Callable[[str], str]) -> str:
        if self.yes or not self.interactive:
            return otherwise
        *before, asked = question.split("\n")
        for line in before:
            print_text(self.console, line)
        while True:
            self.console.print(join_text(asked, (f" [{otherwise}]" if otherwise else "", "bold"), ": "), end="")
            line = self._read_line()
            if not line:
                self.console.print()
                raise InterruptedByUserError(Problem("E310", "cancelled; no project was created", ""))
            answer = line.strip() or otherwise
            if not (fault := wrong(answer)):
                return answer
            print_item(self.console, ("! ", "bold yellow"), fault)

    def _show_reading(self, reading: "Reading") -> None:
        """Show it whole: to a person with folds, page by page if it is longer than the screen."""
        if not self.asks:
            if self.whole is not None:
                write_lines(list_lines(reading, folds=False), self.whole)
            return
        out, lines = self.console, list(list_lines(reading, folds=True))
        room = out.height - _ROOM_FOR_QUESTION
        if not can_page() or len(list(islice(wrap_lines(lines, out.width), room + 1))) <= room:
            out.print()
            write_lines(lines, out)
            return
        pages = style_lines(lines, out)
        read = page_lines(pages, out.file, sys.stdin.fileno())
        if read < len(pages):
            message = f"You read {read} of {len(pages)} lines. Your answer is about all of them."
            print_item(out, ("! ", "bold yellow"), message)

    def _has_yes_option(self, what: str, hint: str) -> bool:
        """Check for `--yes`. Raises UsageError without `--yes` and without a terminal to ask on."""
        if not self.yes and not self.interactive:
            raise UsageError(Problem("E001", f"no terminal to confirm {what} on", hint))
        return self.yes

    def _ask_yes(self, *question: Part) -> bool:
        return self._read_answer(*question, ' Type "yes" to confirm: ') == "yes"

    def _read_answer(self, *question: Part) -> str:
        self.console.print(join_text(*question), end="")
        answer = self._read_line()
        if not answer.endswith("\n"):
            self.console.print()
        return answer.strip()

    def _read_line(self) -> str:
        try:
            # Not input(): readline would redraw the line and lose the prompt on stderr.
            return sys.stdin.readline()
        except KeyboardInterrupt:
            # What follows must not stand behind the question.
            self.console.print()
            raise
