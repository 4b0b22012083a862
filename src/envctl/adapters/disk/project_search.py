"""Search for the project of the current folder: in it, and in the folders above."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

PROJECT_FILE = "envctl.toml"
GIT_ENTRY = ".git"
"""A folder, or a file in a worktree or a submodule, at the top of a repository."""


@dataclass(frozen=True)
class ProjectSearch:
    """The result of a search.

    Attributes:
        folder: the nearest folder with a project file; None if there is none, or if it is not trusted.
        doubt: why the nearest project file above is not trusted; empty if it is.
        refused: the folder of that file.
    """

    folder: Path | None = None
    doubt: str = ""
    refused: Path | None = None


def find_project_above(folder: Path) -> ProjectSearch:
    """Search the folders above, up to the top of the repository, and on the same file system. `folder` is a real path.

    A project file says which programs run and which roles they take. As with `safe.directory` of git, a file counts
    only if no other user can have put it there.
    """
    try:
        here = folder.stat()
        below = folder
        while not os.path.lexists(below / GIT_ENTRY) and below.parent != below:
            above = below.parent
            status = above.stat()
            if status.st_dev != here.st_dev:
                break
            if (above / PROJECT_FILE).is_file():
                doubt = _explain_doubt(status, (above / PROJECT_FILE).stat(), {os.geteuid(), here.st_uid})
                return ProjectSearch(doubt=doubt, refused=above) if doubt else ProjectSearch(above)
            below = above
    except OSError:
        # A folder that can't be read ends the search.
        pass
    return ProjectSearch()


def _explain_doubt(folder: os.stat_result, file: os.stat_result, owners: set[int]) -> str:
    """Return why another user may have put the file there; empty if no one else can."""
    if folder.st_mode & stat.S_ISVTX and folder.st_mode & stat.S_IWOTH:
        return "every user can write to its folder"
    if folder.st_uid not in owners:
        return "its folder belongs to another user"
    return "" if file.st_uid in owners else "it belongs to another user"


def find_repository_top(folder: Path) -> Path | None:
    """Return the nearest folder with a git repository, from here upward; None without one. `folder` is a real path."""
    return next((each for each in (folder, *folder.parents) if os.path.lexists(each / GIT_ENTRY)), None)
