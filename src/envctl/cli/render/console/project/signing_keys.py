"""Pinned public keys, and untrusted ledger entries."""

from rich.console import Console

from envctl.cli.render.terminal.text import print_hint, print_nowrap, print_text
from envctl.usecases.project.signing_keys import PinnedKey, PinnedKeys

LABEL_WIDTH = 14


def show_pinned_keys(pinned: PinnedKeys, out: Console) -> None:
    for each in pinned.keys:
        _show_key(each, out)
    if any(each.outcome != "pinned already" for each in pinned.keys):
        files = " ".join(each.file for each in pinned.keys)
        print_hint(out, f"have it reviewed, and commit it: git add {files}")


def _show_key(each: PinnedKey, out: Console) -> None:
    made = " was created, and" if each.made else ""
    already = "is pinned already" if each.outcome == "pinned already" else "is pinned now"
    what = "the key for drift checks that only look" if each.for_looks else "the key"
    print_text(out, (each.environment, "bold"), f": {what}{made} {already}")
    for label, text in (("key", each.key), ("fingerprint", each.fingerprint), ("file", each.file)):
        print_nowrap(out, f"{label:<{LABEL_WIDTH}}{text}", indent=2)
    for other in each.others:
        print_nowrap(out, f"{'and believed':<{LABEL_WIDTH}}{other}", indent=2)
