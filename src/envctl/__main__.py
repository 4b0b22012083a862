"""The `envctl` command."""

import gc
import os
import sys
from importlib import import_module
from types import ModuleType

ALLOCATIONS = 100_000
"""Between two collections. A command is short: collecting while it imports costs a tenth of `envctl validate`."""

_INTERRUPTED = 130


class _NoPlugins(ModuleType):
    """Stands in for what pydantic looks for plugins with. Even told to look for none it loads, for that, what reads the
    metadata of packages: 2 MB and 12 ms of every command.
    """

    NAME = "pydantic.plugin._loader"

    @staticmethod
    def get_plugins() -> tuple[()]:
        return ()

    def __getattr__(self, name: str) -> object:
        """Whatever else another version of pydantic wants of it, it has of the real one."""
        if name.startswith("__"):
            raise AttributeError(name)
        sys.modules.pop(self.NAME, None)
        return getattr(import_module(self.NAME), name)


def main() -> None:
    if sys.argv[1:] == ["--version"]:
        # Answered before anything is imported: it is what scripts and bug reports ask for.
        from envctl import __version__

        sys.stdout.write(f"envctl {__version__}\n")
        return None
    gc.set_threshold(ALLOCATIONS)
    # Other packages' plugins would be looked for, and would run, wherever a model is built.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    sys.modules[_NoPlugins.NAME] = _NoPlugins(_NoPlugins.NAME)
    try:
        from envctl.cli.entry import run
    except KeyboardInterrupt:
        # What tells of it is not loaded yet, and nothing has begun.
        sys.stderr.write("interrupted: nothing was done\n")
        return _leave(_INTERRUPTED)
    return _leave(run(sys.argv[1:]))


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
