"""The project of a command: `--project`, the current folder, or the nearest folder above with a project file."""

import os
from contextvars import ContextVar
from pathlib import Path

from envctl.adapters.disk.project_search import PROJECT_FILE, ProjectSearch, find_project_above

# These take the current folder in any case: `init` makes a project in it.
_COMMANDS_HERE = frozenset({"init"})

# The way from the current folder to the project, such as `../..`; empty if they are the same or `--project` is given.
PATH_TO_PROJECT: ContextVar[str] = ContextVar("PATH_TO_PROJECT", default="")


def choose_project_folder(given: Path | None, command: str) -> Path:
    """Return the project folder. Without any project file, it is the current folder."""
    if given is not None or command in _COMMANDS_HERE:
        return given or Path()
    found = search_current_folder().folder
    return found or Path()


def search_current_folder() -> ProjectSearch:
    """Search above the current folder, unless it is a project itself."""
    if os.path.lexists(PROJECT_FILE):
        return ProjectSearch()
    try:
        return find_project_above(Path.cwd())
    except OSError:
        # The current folder was removed: reported by the command.
        return ProjectSearch()


def remember_path_to_project(project: Path, *, given: bool) -> None:
    """Let output show paths from the current folder if the project was found above it."""
    PATH_TO_PROJECT.set("" if given or not project.is_absolute() else Path(os.path.relpath(project)).as_posix())


def to_typed_path(path: str) -> str:
    """Return a path of the project from the current folder, as an editor or a terminal opens it. With `--project`, it
    stays relative to that folder.
    """
    up = PATH_TO_PROJECT.get()
    return Path(os.path.relpath(f"{up}/{path}")).as_posix() if up else path
