"""The public keys that were pinned, and entries that are not believed."""

from rich.console import Console

from envctl.cli.render.terminal.next_commands import to_type
from envctl.cli.render.terminal.text import called, hinted, joined, one_line, say, whole
from envctl.cli.render.terminal.times import Zone, moment
from envctl.domain.ledger.state import Unbelieved
from envctl.usecases.project.signing_keys import PinnedKey, PinnedKeys

NAMED = 3
LABEL = 14


def show_pinned(pinned: PinnedKeys, out: Console) -> None:
    for each in pinned.keys:
        _pinned(each, out)
    if any(each.outcome != "pinned already" for each in pinned.keys):
        files = " ".join(each.file for each in pinned.keys)
        hinted(out, f"have it reviewed, and commit it: git add {files}")


def _pinned(each: PinnedKey, out: Console) -> None:
    made = " was made, and" if each.made else ""
    already = "is pinned already" if each.outcome == "pinned already" else "is pinned now"
    say(out, joined((each.environment, "bold"), f": the key{made} {already}"))
    for label, text in (("key", each.key), ("fingerprint", each.fingerprint), ("file", each.file)):
        whole(out, f"{label:<{LABEL}}{text}", 2)
    for other in each.others:
        whole(out, f"{'and believed':<{LABEL}}{other}", 2)


def mistrusted(found: tuple[Unbelieved, ...], zone: Zone = None) -> list[str]:
    """The last of them in a sentence each, newest first, and how to see the others."""
    told = [
        f"{each} is not believed: {each.why}. It says that {one_line(called(each.by))} wrote it"
        f" on {moment(each.at, zone)}"
        for each in found[-NAMED:][::-1]
    ]
    others = to_type("older ones are not believed either, all of which this names: envctl ledger verify")
    return [*told, others] if len(found) > NAMED else told
