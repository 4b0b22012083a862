"""Secrets by their names: which are asked for, by what, and whether they are there."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.columns import columns, natural_widths
from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.text import hanging, hinted, joined, plain, say
from envctl.cli.render.terminal.times import moment
from envctl.domain.aws.secret_status import SERVICES, Sighting, State
from envctl.domain.text.short_ids import short
from envctl.usecases.account.secret_check import EnvironmentSecrets, SecretsChecked
from envctl.usecases.account.secret_set import SecretSet

HEADS = ("", "secret", "in", "last changed", "asked by")
WIDEST = 48
SIGNS: dict[State, tuple[str, str]] = {
    "there": ("✓ there", "green"),
    "absent": ("✗ missing", "bold red"),
    "deleting": ("✗ to be deleted", "bold red"),
    "empty": ("✗ no version", "bold red"),
    "unknown": ("? unknown", "bold yellow"),
    "elsewhere": ("- elsewhere", "dim"),
}


def show_listed(listed: EnvironmentSecrets, out: Console) -> None:
    where = f" (account {listed.account_id})" if listed.account_id else ""
    say(out, joined("Secrets of ", (listed.environment, "bold"), where, f", as {asking(listed)} asks for them"))
    if not listed.secrets:
        say(out, "None: no setting that [secrets] in envctl.toml speaks of names one.")
        return
    out.print()
    rows = [_row(each) for each in listed.secrets]
    if sum(natural_widths(HEADS, rows)) + 2 * len(HEADS) <= out.width:
        columns(HEADS, rows, out, WIDEST)
    else:
        for row in rows:
            _below(row, out)
    remarked = [each for each in listed.secrets if each.remark and each.state != "unknown"]
    if remarked:
        out.print()
    for each in remarked:
        hanging(out, joined(("! ", "bold yellow"), f"{each.secret.name}: {each.remark}"))


def show_checked(checked: SecretsChecked, out: Console) -> None:
    for each in checked.environments:
        say(out, joined((each.environment, "bold"), ": ", *told(each)))
    for name in checked.failed:
        say(out, joined((name, "bold"), ": ", ("nothing could be told", "bold yellow")))


def show_set(done: SecretSet, out: Console) -> None:
    where = f"{SERVICES[done.kind]} of {done.environment}"
    say(out, joined((done.name, "bold"), f" {'was created' if done.created else 'has a new version'} in {where}."))
    if done.arn_differs:
        warning = "the settings name the ARN of one that is gone, and the new one has another: name it by its name"
        hanging(out, joined(("! ", "bold yellow"), warning))
    hinted(out, done.next)


def asking(listed: EnvironmentSecrets) -> str:
    return f"release {short(listed.release)}" if listed.release else "the working tree"


def told(each: EnvironmentSecrets) -> Iterator[str | tuple[str, str]]:
    """What stands behind the name of the environment."""
    if not each.secrets:
        yield "asks for no secret"
        return
    unknown = sum(found.state == "unknown" for found in each.secrets)
    if each.missing:
        yield (f"{each.missing} of {counted(len(each.secrets), 'secret')} missing", "bold red")
    if unknown:
        yield (f"{', ' if each.missing else ''}{counted(unknown, 'secret')} unknown", "bold yellow")
    if not each.missing and not unknown:
        elsewhere = sum(found.state == "elsewhere" for found in each.secrets)
        yield (f"{counted(len(each.secrets) - elsewhere, 'secret')} there", "green")
        if elsewhere:
            yield f", {elsewhere} in other accounts"


def _row(each: Sighting) -> tuple[Text, ...]:
    changed = moment(each.changed_at) if each.changed_at else ""
    kind = "Parameter Store" if each.secret.kind == "ssm" else "Secrets Manager"
    cells = (each.secret.name, kind, changed, ", ".join(each.secret.asked_by))
    return (plain(*SIGNS[each.state]), *map(plain, cells))


def _below(row: tuple[Text, ...], out: Console) -> None:
    sign, name, kind, changed, asked_by = row
    say(out, Text.assemble(sign, "  ", name))
    say(out, Text.assemble(kind, f", changed {changed.plain}" if changed.plain else ""), 4)
    say(out, Text.assemble("asked by ", asked_by), 4)
