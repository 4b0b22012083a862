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
    "--comment": "Keep the answer in one comment of the pull or merge request that the job is for (GitHub, GitLab).",
    "--issues": "Keep one open issue for each environment that has drifted (drift, collect; GitHub, GitLab).",
    "--no-ci": "Tell GitHub Actions or GitLab CI nothing besides: no annotations, outputs, summary, folds or masks.",
    "--debug": "Show the traceback of a bug.",
}
VALUED = {
    "--project": "The project's folder.",
    "--parallelism": "Stacks at once. Default: as many as cores and memory bear.",
    "--memory": "For all stacks at once, like 4G. Default: what is free.",
    "--trace": "Write what took how long into this file, for chrome://tracing or Perfetto.",
    "--junit": "Write what guards, checks and drift say into this file, as JUnit XML.",
    "--sarif": "Write what is wrong, and where, into this file, as SARIF 2.1.0.",
}


@dataclass(frozen=True)
class Options:
    """`parallelism` is how many stacks may be worked on at once, and `memory` the bytes that they may take together,
    both by default what the machine bears. `trace`, `junit` and `sarif` are files that are written besides.
    """

    project: Path = Path()
    json: bool = False
    no_color: bool = False
    yes: bool = False
    dry_run: bool = False
    sandbox: bool = False
    debug: bool = False
    markdown: bool = False
    parallelism: int | None = None
    memory: int | None = None
    trace: Path | None = None
    no_ci: bool = False
    junit: Path | None = None
    sarif: Path | None = None
    comment: bool = False
    issues: bool = False
    # Of `ledger verify` alone: another place to read the ledger and the public keys from.
    store: str = ""
    keys: Path | None = None


_SIZES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
# Less than what a Terraform and one provider start with is a slip of the pen.
_LEAST = 64 << 20


def in_bytes(size: str | None) -> int | None:
    """Of a text like `4G`, `512M` or `1.5GiB`. Raises UsageError."""
    if size is None:
        return None
    number = size.strip().upper().removesuffix("B").removesuffix("I")
    unit = number[-1:] if number[-1:] in _SIZES else ""
    try:
        wanted = float(number.removesuffix(unit)) * _SIZES[unit]
        if wanted >= _LEAST:
            return int(wanted)
    except (ValueError, OverflowError):
        # Told below, as a size that is far too small.
        pass
    from envctl.domain.errors import Problem, UsageError

    message = f"--memory {size} is no size that anything runs in"
    raise UsageError(Problem("E030", message, "say it like 4G or 512M; at least 64M"))


def hoist(arguments: Sequence[str]) -> list[str]:
    """The same arguments with the options that every command takes in front, as far as a `--`."""
    front: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            return [*front, *rest, word, *words]
        if word in FLAGS or word.startswith(tuple(f"{option}=" for option in VALUED)):
            front.append(word)
        elif word in VALUED:
            front += [word, *([value] if (value := next(words, None)) is not None else [])]
        else:
            rest.append(word)
    return [*front, *rest]


def spoken(words: Sequence[str]) -> Iterator[str]:
    """Those that are no options, with the options that every command takes in front of them."""
    rest = iter(words)
    for word in rest:
        if word in VALUED:
            next(rest, None)
        elif not word.startswith("-"):
            yield word


def named(words: Sequence[str]) -> str:
    """The command, without its arguments; empty where there is none of that name."""
    from envctl.cli.result_types import RESULTS

    told = list(spoken(words))
    groups = {command.partition(" ")[0] for command in RESULTS}
    return next((name for name in (" ".join(told[:2]), *told[:1]) if name in RESULTS or name in groups), "")
