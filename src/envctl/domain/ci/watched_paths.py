"""The paths of the repository whose changes start jobs: what envctl reads, as globs."""

import re
from collections.abc import Iterable, Iterator
from posixpath import join, normpath

from envctl.domain.config.checks.command import CommandCheck
from envctl.domain.config.project import PROJECT_FILE, Project
from envctl.domain.config.settings_places import list_settings_globs
from envctl.domain.terraform.bundle_paths import UP
from envctl.domain.terraform.workdir_names import LOCK_FILE

_FILE_WORD = re.compile(r"(?:\./)?([\w.-]+)/[\w./-]+", re.ASCII)


def list_watched_paths(
    project: Project, folder: str, ci_files: Iterable[str], shared: Iterable[str] = ()
) -> tuple[str, ...]:
    """Return the globs, from the top of the repository. `folder` is that of the project, empty at the top; `shared` are
    the folders with its code outside of it, such as `../modules/net`.

    Modules may call modules beside them, so the first folder of each path in the project counts as a whole.
    """
    tops = {path.split("/")[0] for stack in project.every_stack.values() for path in stack.paths} - {UP}
    tops |= set(_find_program_folders(project))
    if "." in tops:
        # The project is a root module: all its files may be code.
        return (f"{folder}/**/*" if folder else "**/*", *ci_files)
    own = [PROJECT_FILE, LOCK_FILE, *sorted({*list_settings_globs(project), *(f"{top}/**/*" for top in tops)})]
    beside = sorted({f"{normpath(join(folder, path))}/**/*" for path in shared})
    return (*(f"{folder}/{path}" if folder else path for path in own), *beside, *ci_files)


def _find_program_folders(project: Project) -> Iterator[str]:
    """Yield the folders of the programs that check a deployment or estimate its cost."""
    commands = [check.command for check in project.every_check.values() if isinstance(check, CommandCheck)]
    commands += [project.cost.command] if project.cost else []
    for words in commands:
        for word in words:
            if found := _FILE_WORD.fullmatch(word):
                yield found[1]
