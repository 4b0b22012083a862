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

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
