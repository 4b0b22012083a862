"""Required secrets: names, referring settings, and presence."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.columns import measure_table, print_columns
from envctl.cli.render.terminal.text import print_hint, print_item, print_text, to_text
from envctl.cli.render.text.sentences import format_count
from envctl.cli.render.text.times import format_time
from envctl.cli.render.words.plan.plan import describe_code
from envctl.domain.aws.secret_status import SERVICE_NAMES, SecretState, Sighting
from envctl.usecases.account.secret_check import EnvironmentSecrets, SecretsCheck, SecretVariable
from envctl.usecases.account.secret_set import SecretSet

HEADERS = ("", "secret", "in", "last changed", "used by")
MAX_COLUMN_WIDTH = 48
SIGNS: dict[SecretState, tuple[str, str]] = {
    "there": ("✓ there", "green"),
    "absent": ("✗ missing", "bold red"),
    "deleting": ("✗ to be deleted", "bold red"),
    "empty": ("✗ no version", "bold red"),
    "unknown": ("? unknown", "bold yellow"),
    "elsewhere": ("- elsewhere", "dim"),
}


def show_secrets(listed: EnvironmentSecrets, out: Console) -> None:
    where = f" (account {listed.account_id})" if listed.account_id else ""
    code = describe_code(None, listed.release)
    print_text(out, "Secrets of ", (listed.environment, "bold"), where, f", in {code}")
    if not (listed.secrets or listed.variables):
        print_text(out, "No secrets: no setting listed under [secrets] in envctl.toml has one.")
        _print_remarks(listed.plain, out)
        return
    out.print()
    rows = [*map(_build_row, listed.secrets), *map(_build_variable_row, listed.variables)]
    if measure_table(HEADERS, rows) <= out.width:
        print_columns(HEADERS, rows, out, MAX_COLUMN_WIDTH)
    else:
        for row in rows:
            sign, name, kind, changed, asked_by = row
            print_text(out, Text.assemble(sign, "  ", name))
            print_text(out, Text.assemble(kind, f", changed {changed.plain}" if changed.plain else ""), indent=4)
            print_text(out, Text.assemble("used by ", asked_by), indent=4)
    remarked = [each for each in listed.secrets if each.remark and each.state != "unknown"]
    if remarked:
        out.print()
    for each in remarked:
        print_item(out, ("! ", "bold yellow"), f"{each.secret.name}: {each.remark}")
    _print_remarks(listed.plain, out)


def show_secrets_check(checked: SecretsCheck, out: Console) -> None:
    for each in checked.environments:
        print_text(out, (each.environment, "bold"), ": ", *summarize_secrets(each))
        _print_remarks(each.plain, out)
    for name in checked.failed:
        print_text(out, (name, "bold"), ": ", ("could not be checked", "bold yellow"))


def show_secret_set(done: SecretSet, out: Console) -> None:
    where = f"{SERVICE_NAMES[done.kind]} of {done.environment}"
    print_text(out, (done.name, "bold"), f" {'was created' if done.created else 'has a new version'} in {where}.")
    if done.arn_differs:
        warning = (
            "the settings have the ARN of the deleted secret, and the new one has another ARN: use its name instead"
        )
        print_item(out, ("! ", "bold yellow"), warning)
    print_hint(out, done.next)


def summarize_secrets(each: EnvironmentSecrets) -> Iterator[str | tuple[str, str]]:
    """Yield counts of present, missing and unknown secrets."""
    count = len(each.secrets) + len(each.variables)
    if not count:
        yield "uses no secrets"
        return
    unknown = sum(found.state == "unknown" for found in each.secrets)
    if each.missing:
        yield (f"{each.missing} of {format_count(count, 'secret')} missing", "bold red")
    if unknown:
        yield (f"{', ' if each.missing else ''}{format_count(unknown, 'secret')} unknown", "bold yellow")
    if not each.missing and not unknown:
        elsewhere = sum(found.state == "elsewhere" for found in each.secrets)
        yield (f"{format_count(count - elsewhere, 'secret')} found", "green")
        if elsewhere:
            yield f", {elsewhere} in other accounts"


def _print_remarks(remarks: tuple[str, ...], out: Console) -> None:
    for each in remarks:
        print_item(out, ("! ", "bold yellow"), each)


def _build_row(each: Sighting) -> tuple[Text, ...]:
    changed = format_time(each.changed_at) if each.changed_at else ""
    kind = "Parameter Store" if each.secret.kind == "ssm" else "Secrets Manager"
    cells = (each.secret.name, kind, changed, ", ".join(each.secret.asked_by))
    return (to_text(*SIGNS[each.state]), *map(to_text, cells))


def _build_variable_row(each: SecretVariable) -> tuple[Text, ...]:
    sign = SIGNS["there" if each.is_set else "absent"]
    cells = (each.name, "environment variable", "", ", ".join(each.asked_by))
    return (to_text(*sign), *map(to_text, cells))
