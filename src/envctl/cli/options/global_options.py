"""Global options: every command takes them, before or after its name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FLAGS = {
    "--json": "Print one JSON document on stdout.",
    "--markdown": "Print Markdown on stdout, for pull requests and step summaries.",
    "--no-color": "Print without color, like NO_COLOR. FORCE_COLOR: always with color.",
    "--yes": "Answer all questions with yes.",
    "--dry-run": "Show the steps without running them (apply, promote).",
    "--sandbox": "Run real Terraform with an embedded AWS: no account, all files in .envctl/. Or: ENVCTL_SANDBOX=1",
    "--comment": "Post the result as one updating PR/MR comment (GitHub, GitLab).",
    "--issues": "Keep one open issue for each drifted environment (drift, collect; GitHub, GitLab).",
    "--no-warm": "Let Terraform start its providers itself. Default: envctl starts each one once.",
    "--no-ci": "Disable CI integration: no annotations, outputs, summary, folds or masks.",
    "--debug": "Show the traceback of a bug.",
}
SHORT_FLAGS = {"-y": "--yes"}
SANDBOX_VARIABLE = "ENVCTL_SANDBOX"
VALUE_OPTIONS = {
    "--project": "The project's folder. Default: this one, or the nearest above.",
    "--parallelism": "The number of parallel stacks. Default: by cores and memory.",
    "--memory": "The memory for all stacks, like 4G. Default: all free memory.",
    "--trace": "Write a trace into this file, for chrome://tracing or Perfetto.",
    "--junit": "Write results of guards, checks and drift into this file, as JUnit XML.",
    "--page": "Write all that is approved or confirmed into this file, as HTML.",
    "--sarif": "Write problems and their locations into this file, as SARIF 2.1.0.",
}


@dataclass(frozen=True, kw_only=True)
class Options:
    project: Path = Path()
    json: bool = False
    no_color: bool = False
    yes: bool = False
    dry_run: bool = False
    sandbox: bool = False
    debug: bool = False
    markdown: bool = False
    # Maximum of stacks at once, and of bytes for all of them together. Default: the capacity of the machine.
    parallelism: int | None = None
    memory: int | None = None
    trace: Path | None = None
    no_ci: bool = False
    junit: Path | None = None
    sarif: Path | None = None
    page: Path | None = None
    comment: bool = False
    issues: bool = False
    no_warm: bool = False
    # Set by commands that only look: they take the `look_role` of an environment.
    look: bool = False
    # Set by deployments: the only environment whose `assume_role` they take. Elsewhere they take the `look_role`.
    changes_only: str = ""
    # Only for runs of plans: the folder of their documents.
    results: Path | None = None
    # Only for `ledger verify`: another store and another folder of public keys.
    store: str = ""
    keys: Path | None = None


_BYTES_BY_UNIT = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
# Terraform and one provider need more at their start: less is a typing error.
_MIN_MEMORY = 64 << 20


def parse_memory_size(size: str | None) -> int | None:
    """Parse a size like `4G`, `512M` or `1.5GiB` into bytes. Raises UsageError."""
    if size is None:
        return None
    number = size.strip().upper().removesuffix("B").removesuffix("I")
    unit = number[-1:] if number[-1:] in _BYTES_BY_UNIT else ""
    try:
        memory = float(number.removesuffix(unit)) * _BYTES_BY_UNIT[unit]
        if memory >= _MIN_MEMORY:
            return int(memory)
    except (ValueError, OverflowError):
        # Reported below, like a size below the minimum.
        pass
    from envctl.domain.errors import Problem, UsageError

    message = f"invalid --memory {size}: the minimum is 64M"
    raise UsageError(Problem("E030", message, "use a size like 512M or 4G"))


def move_global_options_first(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with all global options moved to the front; words after `--` stay."""
    front: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for each in words:
        word = SHORT_FLAGS.get(each, each)
        if word == "--":
            return [*front, *rest, word, *words]
        if word in FLAGS or word.startswith(tuple(f"{option}=" for option in VALUE_OPTIONS)):
            front.append(word)
        elif word in VALUE_OPTIONS:
            front += [word, *([value] if (value := next(words, None)) is not None else [])]
        else:
            rest.append(word)
    return [*front, *rest]


def is_sandbox_asked(environment: Mapping[str, str]) -> bool:
    """Check that the variable is set to a true value, as typer reads it."""
    return environment.get(SANDBOX_VARIABLE, "").strip().lower() in {"1", "true", "t", "yes", "y", "on"}


def find_positional_words(words: Sequence[str]) -> Iterator[str]:
    """Yield the words without options and their values. Global options must be in front."""
    rest = iter(words)
    for word in rest:
        if word in VALUE_OPTIONS:
            next(rest, None)
        elif not word.startswith("-"):
            yield word


def find_command_name(words: Sequence[str]) -> str:
    """Return the command of a command line, without its arguments; empty if it is unknown."""
    from envctl.cli.command_table import COMMANDS, ROWS

    positional = list(find_positional_words(words))
    return next((name for name in (" ".join(positional[:2]), *positional[:1]) if name in ROWS or name in COMMANDS), "")
