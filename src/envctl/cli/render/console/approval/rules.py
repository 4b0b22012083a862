"""The rules of an environment, and what people said of them."""

from rich.console import Console

from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.text import hanging, hinted, joined, known_as, one_line, say
from envctl.cli.render.terminal.times import moment
from envctl.usecases.approval.approve_rules import ApprovedRules
from envctl.usecases.approval.reset_rules import RulesResetState
from envctl.usecases.inspect.rules import EnvironmentRules

_STANDINGS = {
    "same": "envctl.toml says what was recorded",
    "both count": "envctl.toml and the recorded rules differ: a deployment has to satisfy both",
    "tree alone": "envctl.toml counts alone: the recorded rules were let go, or code enters there",
    "refused": "refused: envctl.toml says what can't hold beside the recorded rules",
    "missing": "refused: the recorded rules are missing or damaged in the store",
    "none recorded": "envctl.toml counts alone: no deployment has recorded its rules yet",
}


def show_rules(told: EnvironmentRules, out: Console) -> None:
    say(out, joined("Rules of ", (told.environment, "bold"), f": {_STANDINGS[told.standing]}"))
    if told.recorded:
        say(out, f"recorded on {moment(told.recorded.at)} by the deployment of entry {told.recorded.started}")
    for rule in told.rules:
        value = f"{one_line(rule.what)}: {one_line(rule.value)}"
        hanging(out, joined("  ", (value, "bold" if rule.whose != "both" else ""), f"  ({', '.join(rule.where)})"))
    for change in told.changes:
        style = "bold red" if change in told.conflicts else "bold yellow"
        hanging(out, joined(("! ", style), f"changed in envctl.toml: {one_line(change)}"))
    for given in told.approvals:
        at = f" (gate {given.gate})" if given.gate else ""
        say(out, f"{known_as(given.by)} approved other rules on {moment(given.at)}{at}")
    if told.reset:
        why = one_line(told.reset.reason)
        hanging(
            out, joined(("! ", "bold red"), f"{known_as(told.reset.by)} reset them on {moment(told.reset.at)}: {why}")
        )
    hinted(out, told.next)


def show_approved_rules(told: ApprovedRules, out: Console) -> None:
    verb = "had already approved" if told.already else "approved"
    at = f" (gate {told.gate})" if told.gate else ""
    say(out, joined((str(told.by), "bold"), f" {verb} the rules of {told.environment} in envctl.toml{at}."))
    for change in told.changes:
        hanging(out, joined(("! ", "bold yellow"), one_line(change)))
    if told.missing:
        lacking = ", ".join(
            f"{counted(number, 'approval')}{f' for {gate}' if gate else ''}" for gate, number in told.missing.items()
        )
        say(out, f"Still missing: {lacking}.")
    else:
        say(out, f"They take the place of the recorded ones with the next deployment to {told.environment}.")
    hinted(out, told.next)


def show_reset(told: RulesResetState, out: Console) -> None:
    name = (told.environment, "bold")
    if told.reset is None:
        say(out, joined("Nothing to withdraw: no reset of the rules of ", name, " was requested."))
    elif told.withdrawn:
        say(out, joined("The reset of the rules of ", name, " is withdrawn: the recorded rules go on."))
    else:
        before = "was already requested" if told.already else "is requested"
        say(out, joined("The reset of the rules of ", name, f" {before}, by {known_as(told.reset.by)}."))
        if told.counts_from:
            say(out, f"The recorded rules count until {moment(told.counts_from)}, unless it is withdrawn:")
    hinted(out, told.next)
