"""Provider lock: versions of providers, and platforms with known hashes."""

from envctl.cli.render.text.counting import format_count
from envctl.domain.terraform.provider_lock import shorten_address
from envctl.usecases.project.lock_providers import LockedProvider, LockedProviders

HEADERS = ("provider", "version", "platforms")


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
