"""What is pinned: versions of providers with their hashes, digests of images, programs, and public keys."""

from collections.abc import Mapping

from rich.console import Console

from envctl.cli.render.terminal.columns import print_columns
from envctl.cli.render.terminal.text import print_hint, print_nowrap, print_text, print_warnings, to_text
from envctl.cli.render.text.sentences import format_count, join_clauses
from envctl.domain.command_lines import format_command
from envctl.domain.ledger.key_roles import KeyRole
from envctl.domain.terraform.provider_lock import shorten_address
from envctl.domain.text.lists import join_names
from envctl.usecases.account.image_pins import PinnedImages
from envctl.usecases.project.lock_providers import LockedProvider, LockedProviders
from envctl.usecases.project.signing_keys import CheckedKey, PinnedKeys
from envctl.usecases.project.terraform_program import InstalledProgram, PinnedProgram

PROVIDER_HEADERS = ("provider", "version", "platforms")
MAX_COLUMN_WIDTH = 48

DIGEST_WIDTH = len("sha256:") + 12
LABEL_WIDTH = 14


def show_locked_providers(locked: LockedProviders, out: Console) -> None:
    print_text(out, (_summarize_lock(locked), "" if locked.changed else "green"))
    if not locked.providers:
        return
    out.print()
    rows = [
        (
            to_text(shorten_address(each.provider)),
            to_text(_format_version_change(each), "" if each.before == each.after else "bold"),
            to_text(", ".join(each.platforms) or "-"),
        )
        for each in locked.providers
    ]
    print_columns(PROVIDER_HEADERS, rows, out, MAX_COLUMN_WIDTH)
    lacking = [each for each in locked.providers if each.lacking]
    if lacking:
        out.print()
    print_warnings(
        out, (f"no package of {shorten_address(each.provider)} for {', '.join(each.lacking)}" for each in lacking)
    )
    print_hint(out, locked.hint)


def _summarize_lock(locked: LockedProviders) -> str:
    if not locked.providers:
        return "No providers to lock: no stack needs one."
    held = sum(bool(each.after) for each in locked.providers)
    extent = f"{format_count(held, 'provider')} for {format_count(len(locked.platforms), 'platform')}"
    if not locked.changed:
        return f"{locked.file} is up to date: {extent}."
    return f"{locked.file} {'would be' if locked.dry_run else 'is'} written: {extent}."


def _format_version_change(each: LockedProvider) -> str:
    if not each.after:
        return f"{each.before} → none" if each.before else "none"
    if not each.before:
        return f"{each.after} (new)"
    return each.after if each.before == each.after else f"{each.before} → {each.after}"


def show_pinned_images(pinned: PinnedImages, out: Console) -> None:
    print_text(out, (_summarize_images(pinned), "green" if pinned.images else ""))
    for each in pinned.images:
        print_text(out, (each.image, "bold"), f" in {each.file}", indent=2)
        if each.before:
            print_text(out, f"{each.before[:DIGEST_WIDTH]} → {each.digest[:DIGEST_WIDTH]}", indent=6)


def _summarize_images(pinned: PinnedImages) -> str:
    unknown = f"digest of {format_count(len(pinned.unknown), 'image')} unknown" if pinned.unknown else ""
    if not pinned.images and not unknown:
        return "No tag has moved." if pinned.refreshed else "All images have a digest."
    files = {each.file for each in pinned.images}
    new = {each.image for each in pinned.images if not each.before}
    moved = {each.image for each in pinned.images if each.before}
    parts = [
        f"{format_count(len(new), 'image')} pinned" if new else "",
        f"{format_count(len(moved), 'image')} moved to another digest" if moved else "",
    ]
    done = join_names(tuple(filter(None, parts)))
    found = f"{done}, in {format_count(len(files), 'file')}" if done else ""
    return f"{join_clauses((unknown, found))}."


def show_pinned_program(pinned: PinnedProgram, out: Console) -> None:
    print_nowrap(out, "[terraform.pin]")
    print_nowrap(out, f'program = "{pinned.program}"')
    print_nowrap(out, f'version = "{pinned.version}"')
    print_nowrap(out, "[terraform.pin.sha256]")
    for platform, digest in pinned.sha256.items():
        print_nowrap(out, f'{platform} = "{digest}"')
    out.print()
    replaced = f", in place of {pinned.replaces}" if pinned.replaces else ""
    install = format_command("terraform install")
    print_hint(out, f"write this into envctl.toml{replaced}, have it reviewed, and run: {install}")


def show_installed_program(installed: InstalledProgram, out: Console) -> None:
    done = "is installed" if installed.installed else "was installed already"
    print_text(out, (installed.program, "bold"), f" {done}")
    for label, text in (("file", installed.path), ("SHA-256", installed.sha256)):
        print_nowrap(out, f"{label:<{LABEL_WIDTH}}{text}", indent=2)


_KEYS: Mapping[KeyRole, str] = {
    "deployment": "the key",
    "people": "the key of people, for approvals and locks,",
    "look": "the key for drift checks that only look",
}


def show_pinned_keys(pinned: PinnedKeys, out: Console) -> None:
    for check in pinned.checks:
        _show_checked_key(check, out)
    for each in pinned.keys:
        made = " was created, and" if each.made else ""
        already = "is pinned already" if each.outcome == "pinned already" else "is pinned now"
        what = _KEYS[each.role]
        print_text(out, (each.environment, "bold"), f": {what}{made} {already}")
        for label, text in (("key", each.key), ("fingerprint", each.fingerprint), ("file", each.file)):
            print_nowrap(out, f"{label:<{LABEL_WIDTH}}{text}", indent=2)
        for other in each.others:
            print_nowrap(out, f"{'and believed':<{LABEL_WIDTH}}{other}", indent=2)
    if any(each.outcome != "pinned already" for each in pinned.keys):
        files = " ".join(each.file for each in pinned.keys)
        print_hint(out, f"have it reviewed, and commit it: git add {files}")


def _show_checked_key(each: CheckedKey, out: Console) -> None:
    verdict = f"has {format_count(len(each.findings), 'difference')}" if each.findings else "matches"
    print_text(out, (each.environment, "bold"), f": {_KEYS[each.role]} {verdict}")
    for label, text in (("key", each.key), *(("signs", signer) for signer in each.signers)):
        print_nowrap(out, f"{label:<{LABEL_WIDTH}}{text}", indent=2)
    if not each.signers:
        print_text(out, "signs: roles that IAM of its account allows, unless the policy denies it", indent=2)
    for finding in each.findings:
        print_text(out, (finding.problem, "yellow"), indent=2)
        print_hint(out, finding.fix, indent=4)
        if finding.statement:
            print_nowrap(out, finding.statement, indent=4)
