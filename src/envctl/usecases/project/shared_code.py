"""Code beside the project: folders of the same git repository, which several projects may share."""

from collections.abc import Mapping
from dataclasses import replace
from posixpath import basename, dirname, join, normpath

from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.release.bundle import File, Release
from envctl.domain.release.remote_modules import is_local_source
from envctl.domain.terraform.bundle_paths import UP, count_levels_up, find_base, to_bundle_path, to_project_path
from envctl.usecases.ports.core import Ports


def is_above_project(folder: str) -> bool:
    """Tell whether the folder holds the project itself: `..`, `../..` and so on."""
    return bool(folder) and set(folder.split("/")) == {UP}


def is_beside_project(folder: str) -> bool:
    return folder.split("/", maxsplit=1)[0] == UP


def normalize_folder(ports: Ports, folder: str) -> str:
    """Return the only spelling of a folder: a path may lead up and back into the project."""
    project = ports.tree.locate_project() or ""
    if not is_beside_project(folder) or count_levels_up(folder) > _count_levels(project):
        return folder
    base = find_base(project, (folder,))
    return to_project_path(base, to_bundle_path(base, folder))


def set_base(ports: Ports, release: Release) -> Release:
    """Return the release of a working tree with the folder that the project has in its bundle."""
    base = find_base(ports.tree.locate_project() or "", release.files)
    return replace(release, wiring=replace(release.wiring, base=base))


def describe_misplaced_folder(ports: Ports, folder: str, wanted_by: str) -> Problem | None:
    """Return why a folder can't be in a release; None if it can."""
    if not is_beside_project(folder):
        return None
    project = ports.tree.locate_project()
    message = f"{wanted_by} uses the code in {folder}"
    if project is None:
        why = "which is outside the project, and the project is in no git repository"
        return Problem(
            "E191", f"{message}, {why}", "move the module into the project, or run: git init in a folder above"
        )
    if count_levels_up(folder) > _count_levels(project):
        why = "which is outside the git repository"
        return Problem("E191", f"{message}, {why}", "put the module into the repository, or correct the path")
    if is_above_project(folder):
        return Problem("E192", f"{message}, which holds the project itself", "move the module into a folder of its own")
    if (normal := normalize_folder(ports, folder)) != folder:
        return Problem("E192", f"{message}, which is a folder of the project", f"write it as {normal}")
    return None


def _count_levels(project: str) -> int:
    return len([part for part in project.split("/") if part])


def list_module_folders(
    ports: Ports, project: Project, endings: tuple[str, ...] = (".tf",)
) -> tuple[dict[str, Mapping[str, File]], tuple[Problem, ...]]:
    """Return the files with these endings below the folder of each stack and of each local module that they call, and
    the problems of calls that can't be read. Misplaced folders are left out: `envctl validate` reports them.
    """
    found: dict[str, Mapping[str, File]] = {}
    problems: list[Problem] = []
    waiting = [stack.folder for stack in project.stacks.values()]
    while waiting:
        folder = waiting.pop(0)
        if folder in found or describe_misplaced_folder(ports, folder, ""):
            continue
        found[folder] = ports.tree.read_folder(folder, endings) or {}
        try:
            waiting += _list_called_folders(ports, folder, found[folder])
        except ConfigurationError as error:
            problems.extend(error.problems)
    return found, tuple(dict.fromkeys(problems))


def _list_called_folders(ports: Ports, folder: str, below: Mapping[str, File]) -> list[str]:
    """Return the folders of local modules called by a module."""
    code = {
        basename(path): file.data
        for path, file in below.items()
        if path.endswith(".tf") and (dirname(path) or ".") == folder
    }
    calls = ports.config_reader.parse_module_calls(code, folder)
    called = (normpath(join(folder, call.source)) for call in calls if is_local_source(call.source))
    return list(dict.fromkeys(normalize_folder(ports, each) for each in called))


def list_shared_folders(ports: Ports, project: Project) -> tuple[str, ...]:
    """Return the folders with code beside the project."""
    return tuple(sorted(filter(is_beside_project, list_module_folders(ports, project)[0])))
