"""The provider lock: which version of each provider, and for which platforms its hashes are known."""

from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.columns import columns
from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.text import hanging, hinted, joined, plain, say
from envctl.domain.terraform.provider_lock import short
from envctl.usecases.project.lock_providers import LockedProvider, LockedProviders

HEADS = ("provider", "version", "platforms")
WIDEST = 48


def show_locked_providers(told: LockedProviders, out: Console) -> None:
    say(out, plain(conclusion(told), "" if told.changed else "green"))
    if not told.providers:
        return
    out.print()
    columns(HEADS, [_row(each) for each in told.providers], out, WIDEST)
    lacking = [each for each in told.providers if each.lacking]
    if lacking:
        out.print()
    for each in lacking:
        hanging(out, joined(("! ", "bold yellow"), remark(each)))
    hinted(out, told.hint)


def conclusion(told: LockedProviders) -> str:
    if not told.providers:
        return "No stack needs a provider: there is nothing to lock."
    held = sum(bool(each.after) for each in told.providers)
    extent = f"{counted(held, 'provider')} for {counted(len(told.platforms), 'platform')}"
    if not told.changed:
        return f"{told.file} is as it should be: {extent}."
    return f"{told.file} {'would be' if told.dry_run else 'is'} written: {extent}."


def remark(each: LockedProvider) -> str:
    return f"{short(each.provider)} is not to be had for {', '.join(each.lacking)}: nobody can work with it there"


def version(each: LockedProvider) -> str:
    if not each.after:
        return f"{each.before} → none" if each.before else "none"
    if not each.before:
        return f"{each.after} (new)"
    return each.after if each.before == each.after else f"{each.before} → {each.after}"


def _row(each: LockedProvider) -> tuple[Text, ...]:
    style = "" if each.before == each.after else "bold"
    return (plain(short(each.provider)), plain(version(each), style), plain(", ".join(each.platforms) or "-"))
