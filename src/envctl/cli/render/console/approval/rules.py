"""Rules of an environment, with their changes, approvals and reset."""

from rich.console import Console

from envctl.cli.render.terminal.text import print_hint, print_item, print_text, print_warnings
from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.text.sentences import format_actor
from envctl.cli.render.text.times import format_time
from envctl.cli.render.words.approval.approvals import describe_missing_approvals
from envctl.usecases.approval.approve_rules import ApprovedRules
from envctl.usecases.approval.reset_rules import RulesResetState
from envctl.usecases.inspect.rules import EnvironmentRules

_STANDING_TEXTS = {
    "same": "envctl.toml and the recorded rules are equal",
    "both count": "envctl.toml and the recorded rules differ: a deployment must satisfy both",
    "tree alone": "only envctl.toml counts: the recorded rules were dropped, or this is the first environment",
    "refused": "refused: envctl.toml contradicts the recorded rules",
    "missing": "refused: the recorded rules are missing or damaged in the store",
    "none recorded": "only envctl.toml counts: no deployment has recorded its rules yet",
}


def show_rules(rules: EnvironmentRules, out: Console) -> None:
    print_text(out, "Rules of ", (rules.environment, "bold"), f": {_STANDING_TEXTS[rules.standing]}")
    if rules.recorded:
        at = format_time(rules.recorded.at)
        print_text(out, f"recorded on {at} by the deployment of entry {rules.recorded.started}")
    for rule in rules.rules:
        value = f"{to_one_line(rule.what)}: {to_one_line(rule.value)}"
        print_item(out, "  ", (value, "bold" if rule.whose != "both" else ""), f"  ({', '.join(rule.where)})")
    for change in rules.changes:
        style = "bold red" if change in rules.conflicts else "bold yellow"
        print_item(out, ("! ", style), f"changed in envctl.toml: {to_one_line(change)}")
    for given in rules.approvals:
        at = f" (gate {given.gate})" if given.gate else ""
        print_text(out, f"{format_actor(given.by)} approved other rules on {format_time(given.at)}{at}")
    if rules.reset:
        by, at = format_actor(rules.reset.by), format_time(rules.reset.at)
        print_item(out, ("! ", "bold red"), f"{by} reset them on {at}: {to_one_line(rules.reset.reason)}")
    print_hint(out, rules.next)


def show_rules_approval(result: ApprovedRules, out: Console) -> None:
    verb = "had already approved" if result.already else "approved"
    at = f" (gate {result.gate})" if result.gate else ""
    print_text(out, (str(result.by), "bold"), f" {verb} the rules of {result.environment} in envctl.toml{at}.")
    print_warnings(out, map(to_one_line, result.changes))
    if result.missing:
        print_text(out, describe_missing_approvals(result.missing))
    else:
        print_text(out, f"They replace the recorded ones with the next deployment to {result.environment}.")
    print_hint(out, result.next)


def show_rules_reset(state: RulesResetState, out: Console) -> None:
    name = (state.environment, "bold")
    if state.reset is None:
        print_text(out, "No reset to withdraw: no reset of the rules of ", name, " was requested.")
    elif state.withdrawn:
        print_text(out, "The reset of the rules of ", name, " is withdrawn: the recorded rules stay.")
    else:
        before = "was already requested" if state.already else "is requested"
        print_text(out, "The reset of the rules of ", name, f" {before}, by {format_actor(state.reset.by)}.")
        if state.counts_from:
            print_text(out, f"The recorded rules count until {format_time(state.counts_from)}, unless it is withdrawn:")
    print_hint(out, state.next)
