"""Commands in the project file: a list of words, never a shell line."""

from collections.abc import Sequence


def check_argv(command: object, example: str) -> Sequence[str]:
    """Return a valid command. The message of its ValueError continues a sentence after the key."""
    if not isinstance(command, list | tuple) or not all(isinstance(word, str) for word in command):
        raise ValueError(f"must be a list of strings, such as {example}; no shell is used")
    if not command or not command[0].strip():
        raise ValueError(f"must name a program, such as {example}")
    if any("\0" in word for word in command):
        raise ValueError("must not contain a null character")
    return command
