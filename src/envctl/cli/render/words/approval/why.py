"""The answers of all guards about the next promotion."""

from envctl.cli.render.text.detail import SHOW_ALL_GUARDS
from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.text.next_commands import add_sandbox_flag
from envctl.cli.render.text.sentences import format_actor
from envctl.cli.render.text.times import Zone, format_past
from envctl.cli.render.words.approval.guards import format_guards
from envctl.domain.command_lines import format_command
from envctl.domain.guards import GUARDS
from envctl.domain.guards.waivers import describe_waiver
from envctl.domain.plan.unseen_stacks import list_acceptable
from envctl.domain.release_label import format_label_or_id
from envctl.domain.text.lists import join_names
from envctl.usecases.approval.explain_refusal import Answer, Outcome, Why

# Counted in one line, unless `--all` lists each.
_COUNTED: tuple[tuple[Outcome, str, str], ...] = (
    ("passes", "passes", "pass"),
    ("moot", "is skipped", "are skipped"),
    ("unplanned", "needs a plan", "need a plan"),
    ("not_applicable", "does not apply", "do not apply"),
)


def describe_move(why: Why) -> str:
    """Return the release and its way, in a line below the verdict."""
    other = "no release" if why.source else "the working tree"
    what = f"release {format_label_or_id(why.label, why.release)}" if why.release else other
    return f"{what}, from {why.source} to {why.target}" if why.source else f"{what}, to {why.target}"


def count_other_answers(why: Why) -> str:
    """Return the counts of the guards that are not shown; empty with `--all`."""
    if SHOW_ALL_GUARDS.get():
        return ""
    outcomes = [answer.outcome for answer in why.answers]
    counts = ((outcomes.count(outcome), one, many) for outcome, one, many in _COUNTED)
    parts = [f"{count} {one if count == 1 else many}" for count, one, many in counts if count]
    return f"guards: {', '.join(parts)} (--all shows each)" if parts else ""


def describe_unseen(why: Why) -> tuple[str, ...]:
    """Return a line for each stack without a plan: what it waits for, and how an approval covers it."""
    new = list_acceptable(why.planned) if why.planned else ()
    covered = f"An approval covers it only with --unseen {','.join(new)}"
    return tuple(
        f"not seen: {stack} (waits for {join_names(waits_for)}). {covered if stack in new else _AFTER_OTHERS}"
        for stack, waits_for in why.not_seen.items()
    )


_AFTER_OTHERS = "It holds resources: an approval covers it only after that deployment"


def list_rule_changes(why: Why) -> tuple[str, ...]:
    """Return a changed place, another Terraform, and rule changes of the last deployment and the next one."""
    return (
        *(to_one_line(each) for each in (why.moved, why.program) if each),
        *(f"the last deployment changed the rules of {why.target}: {to_one_line(each)}" for each in why.rules_changed),
        *(f"envctl.toml changes the rules of {why.target}: {to_one_line(each)}" for each in why.rules_differ),
    )


def describe_waivers(why: Why, zone: Zone = None) -> tuple[str, ...]:
    """Return the waiver that a deployment would use, and each use of one that was not reviewed."""
    given = (to_one_line(describe_waiver(why.waiver, why.now)),) if why.waiver else ()
    used = (
        f"waiver {debt.waiver} over {format_guards(debt.guards)}, used by {format_actor(debt.by)}"
        f" {format_past(debt.at, why.now, zone)}, is not reviewed: {to_one_line(debt.reason)}"
        for debt in why.debts
    )
    return (*given, *used)


def suggest_plan(why: Why) -> str:
    """Return the advice shared by all guards waiting for a plan."""
    if why.release is None:
        return "guards that need a plan are checked once there is a release to plan"
    command = format_command("why", why.target, plan=True)
    return add_sandbox_flag(f"to check the guards that need a plan: {command}")


def describe_outcome(answer: Answer) -> str:
    """Return why a guard gave no answer, in brackets."""
    match answer.outcome:
        case "moot":
            needed = next((guard.depends_on or "" for guard in GUARDS if guard.code == answer.code), "")
            return f" (depends on {needed})"
        case "unplanned":
            return " (needs a plan)"
        case "not_applicable":
            return " (nothing to approve)"
        case _:
            return ""
