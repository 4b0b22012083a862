"""Command lines of envctl, as users type them. Every suggested command is written here."""

import shlex

PLACEHOLDER = "…"


def format_command(name: str, *arguments: str, **options: str | bool) -> str:
    """Return a command line, with its arguments in order and its options behind them.

    `release="ab12"` becomes `--release ab12`, `older=True` becomes `--older`, and an empty option is left out. A name
    that Python reserves ends with an underscore: `in_="api"` becomes `--in api`.
    """
    words = ["envctl", name, *map(_quote_word, arguments)]
    for option, value in options.items():
        flag = f"--{option.rstrip('_').replace('_', '-')}"
        if value is True:
            words.append(flag)
        elif value:
            words += [flag, _quote_word(str(value))]
    return " ".join(words)


def _quote_word(word: str) -> str:
    return word if word == PLACEHOLDER else shlex.quote(word)


def add_sandbox(command: str) -> str:
    """Return the command with the flag for the sandbox."""
    return command.replace("envctl ", "envctl --sandbox ", 1)
