"""The `envctl` command."""

import gc
import os
import sys

ALLOCATIONS = 100_000
"""Between two collections. A command is short: collecting while it imports costs a tenth of `envctl validate`."""


def main() -> None:
    if sys.argv[1:] == ["--version"]:
        # Answered before anything is imported: it is what scripts and bug reports ask for.
        from envctl import __version__

        sys.stdout.write(f"envctl {__version__}\n")
        return
    gc.set_threshold(ALLOCATIONS)
    # Other packages' plugins would be looked for, and would run, wherever a model is built.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from envctl.cli.app import run

    _leave(run(sys.argv[1:]))


def _leave(code: int) -> None:
    """Without taking the interpreter down: that takes as long as starting it, to free what the system frees anyway."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        sys.exit(code)
    os._exit(code)


if __name__ == "__main__":
    main()
