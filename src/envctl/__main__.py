"""The `envctl` command."""

import gc
import os
import sys

ALLOCATIONS = 100_000
"""Between two collections. A command is short: collecting while it imports costs a tenth of `envctl validate`."""

_INTERRUPTED = 130


def main() -> None:
    if sys.argv[1:] == ["--version"]:
        # Answered before anything is imported: it is what scripts and bug reports ask for.
        from envctl import __version__

        sys.stdout.write(f"envctl {__version__}\n")
        return None
    gc.set_threshold(ALLOCATIONS)
    # Other packages' plugins would be looked for, and would run, wherever a model is built.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        from envctl.cli.late_modules import delay_modules

        delay_modules()
        from envctl.cli.late_methods import delay_dataclass_methods

        delay_dataclass_methods()
        from envctl.cli.late_patterns import delay_patterns

        delay_patterns()
        from envctl.cli.entry import load_command

        run = load_command(sys.argv[1:])
    except KeyboardInterrupt:
        # What tells of it is not loaded yet, and nothing has begun.
        sys.stderr.write("interrupted: nothing was done\n")
        return _leave(_INTERRUPTED)
    return _leave(run())


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
