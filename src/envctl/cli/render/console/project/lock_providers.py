"""Provider lock: versions of providers, and platforms with known hashes."""

from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.columns import print_columns
from envctl.cli.render.terminal.counting import format_count
from envctl.cli.render.terminal.text import print_hint, print_text, print_warnings, to_text
from envctl.domain.terraform.provider_lock import shorten_address
from envctl.usecases.project.lock_providers import LockedProvider, LockedProviders

HEADERS = ("provider", "version", "platforms")
MAX_COLUMN_WIDTH = 48


def show_locked_providers(locked: LockedProviders, out: Console) -> None:
    print_text(out, (format_conclusion(locked), "" if locked.changed else "green"))
    if not locked.providers:
        return
    out.print()
    print_columns(HEADERS, [_build_row(each) for each in locked.providers], out, MAX_COLUMN_WIDTH)
    lacking = [each for each in locked.providers if each.lacking]
    if lacking:
        out.print()
    print_warnings(out, map(describe_missing_platforms, lacking))
    print_hint(out, locked.hint)


def format_conclusion(locked: LockedProviders) -> str:
    if not locked.providers:
        return "No providers to lock: no stack needs one."
    held = sum(bool(each.after) for each in locked.providers)
    extent = f"{format_count(held, 'provider')} for {format_count(len(locked.platforms), 'platform')}"
    if not locked.changed:
        return f"{locked.file} is up to date: {extent}."
    return f"{locked.file} {'would be' if locked.dry_run else 'is'} written: {extent}."


def describe_missing_platforms(each: LockedProvider) -> str:
    provider, platforms = shorten_address(each.provider), ", ".join(each.lacking)
    return f"no package of {provider} for {platforms}"


def format_version_change(each: LockedProvider) -> str:
    if not each.after:
        return f"{each.before} → none" if each.before else "none"
    if not each.before:
        return f"{each.after} (new)"
    return each.after if each.before == each.after else f"{each.before} → {each.after}"


def _build_row(each: LockedProvider) -> tuple[Text, ...]:
    style = "" if each.before == each.after else "bold"
    return (
        to_text(shorten_address(each.provider)),
        to_text(format_version_change(each), style),
        to_text(", ".join(each.platforms) or "-"),
    )
