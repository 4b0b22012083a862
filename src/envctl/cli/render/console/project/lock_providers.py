"""Provider lock: versions of providers, and platforms with known hashes."""

from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.columns import print_columns
from envctl.cli.render.terminal.text import print_hint, print_text, print_warnings, to_text
from envctl.cli.render.words import lock_providers as words
from envctl.domain.terraform.provider_lock import shorten_address
from envctl.usecases.project.lock_providers import LockedProvider, LockedProviders

MAX_COLUMN_WIDTH = 48


def show_locked_providers(locked: LockedProviders, out: Console) -> None:
    print_text(out, (words.format_conclusion(locked), "" if locked.changed else "green"))
    if not locked.providers:
        return
    out.print()
    print_columns(words.HEADERS, [_build_row(each) for each in locked.providers], out, MAX_COLUMN_WIDTH)
    lacking = [each for each in locked.providers if each.lacking]
    if lacking:
        out.print()
    print_warnings(out, map(words.describe_missing_platforms, lacking))
    print_hint(out, locked.hint)


def _build_row(each: LockedProvider) -> tuple[Text, ...]:
    style = "" if each.before == each.after else "bold"
    return (
        to_text(shorten_address(each.provider)),
        to_text(words.format_version_change(each), style),
        to_text(", ".join(each.platforms) or "-"),
    )
