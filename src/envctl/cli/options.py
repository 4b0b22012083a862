"""The options that every command takes, before or after its name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FLAGS = {
    "--json": "One JSON document on stdout.",
    "--markdown": "Markdown on stdout, for pull requests and step summaries.",
    "--no-color": "No colour. NO_COLOR does the same, and FORCE_COLOR the opposite.",
    "--yes": "Apply without asking.",
    "--dry-run": "Say what would be done, in order, and do nothing (apply, promote).",
    "--sandbox": "Real Terraform against an embedded AWS: no account, nothing outside .envctl/.",
    "--debug": "Show the traceback of a bug.",
}
VALUED = "--project"


@dataclass(frozen=True)
class Options:
    project: Path = Path()
    json: bool = False
    no_color: bool = False
    yes: bool = False
    dry_run: bool = False
    sandbox: bool = False
    debug: bool = False
    markdown: bool = False
    # Of `ledger verify` alone: another place to read the ledger and the public keys from.
    store: str = ""
    keys: Path | None = None


def hoist(arguments: Sequence[str]) -> list[str]:
    """The same arguments with the options that every command takes in front, as far as a `--`."""
    front: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            return [*front, *rest, word, *words]
        if word in FLAGS or word.startswith(f"{VALUED}="):
            front.append(word)
        elif word == VALUED:
            front += [word, *([value] if (value := next(words, None)) is not None else [])]
        else:
            rest.append(word)
    return [*front, *rest]


def spoken(words: Sequence[str]) -> Iterator[str]:
    """Those that are no options, with the options that every command takes in front of them."""
    rest = iter(words)
    for word in rest:
        if word == VALUED:
            next(rest, None)
        elif not word.startswith("-"):
            yield word


def named(words: Sequence[str]) -> str:
    """The command, without its arguments; empty where there is none of that name."""
    from envctl.cli.render.results import RESULTS

    told = list(spoken(words))
    groups = {command.partition(" ")[0] for command in RESULTS}
    return next((name for name in (" ".join(told[:2]), *told[:1]) if name in RESULTS or name in groups), "")
