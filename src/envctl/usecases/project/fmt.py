"""`envctl fmt`: formatting of settings files and module code by Terraform itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from posixpath import normpath

from envctl.domain.command_lines import format_command
from envctl.domain.config.settings_places import list_all_places
from envctl.domain.errors import ConfigurationError, EnvctlError, Location, OperationFailedError, Problem, UsageError
from envctl.domain.release.bundle import File
from envctl.domain.terraform.formatting import FORMATTED_SUFFIXES, find_first_change
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file
from envctl.usecases.project.shared_code import describe_misplaced_folder, is_above_project, list_module_folders


@dataclass(frozen=True)
class FormattedFile:
    """A changed file. `line` is the first difference, from 1; its content is not shown, it may be sensitive."""

    path: str
    line: int


@dataclass(frozen=True)
class FormatResult:
    """`files` are rewritten, or would be with `dry_run` or `check`. `looked_at` counts all files checked."""

    files: tuple[FormattedFile, ...]
    looked_at: int
    check: bool = False
    dry_run: bool = False


def format_project(
    ports: Ports,
    paths: Sequence[str] = (),
    *,
    check: bool = False,
    dry_run: bool = False,
    type_path: Callable[[str], str] = str,
) -> tuple[FormatResult, EnvctlError | None]:
    """Format these paths; without any, all settings and the modules reachable from the stacks.

    Writes no file if one has a syntax error. With `check`, writes none and returns an error for each unformatted file.
    `type_path` turns a path of the project into the one that the user types.
    """
    project = project_file.load_project(ports)
    files, unread = (_find_named_files(ports, paths), ()) if paths else _find_all_files(Context(ports, project))
    before = {path: file.data for path, file in files.items()}
    after = ports.formatter.format_files(project.terraform.binary or "", before) if before else {}
    if unread:
        raise ConfigurationError(*unread)
    changed = [
        FormattedFile(path, find_first_change(data, after[path]))
        for path, data in before.items()
        if after[path] != data
    ]
    error: EnvctlError | None = None
    if check and changed:
        message = "this file is not formatted"
        places = [Location(each.path, each.line) for each in changed]
        error = OperationFailedError(
            *(Problem("E032", message, format_command("fmt", type_path(at.file)), at) for at in places)
        )
    if not (check or dry_run):
        changed, error = _write_formatted(ports, changed, before, after)
    return FormatResult(tuple(changed), len(before), check, dry_run), error


def _write_formatted(
    ports: Ports, changed: Sequence[FormattedFile], before: Mapping[str, bytes], after: Mapping[str, bytes]
) -> tuple[list[FormattedFile], EnvctlError | None]:
    """Write the files; return those written, and an error for the others."""
    written: list[FormattedFile] = []
    problems: list[Problem] = []
    for each in changed:
        try:
            now = ports.tree.read_contents(each.path)
            if now == before[each.path]:
                ports.tree.write_contents(each.path, after[each.path])
        except OperationFailedError as error:
            problems.extend(error.problems)
            continue
        # It may be a link to a file written before.
        if now in (before[each.path], after[each.path]):
            written.append(each)
        else:
            message = f"{each.path} was changed meanwhile; it is left unchanged"
            problems.append(Problem("E032", message, f"run it again: {format_command('fmt')}", Location(each.path)))
    return written, OperationFailedError(*problems) if problems else None


def _find_named_files(ports: Ports, paths: Sequence[str]) -> dict[str, File]:
    """Return the files at these paths. Raises UsageError for each path without formattable files."""
    found: dict[str, File] = {}
    problems = []
    for path in map(normpath, paths):
        outside = (
            path.startswith("/") or is_above_project(path) or describe_misplaced_folder(ports, path, "") is not None
        )
        below = None if outside else ports.tree.read_folder(path, FORMATTED_SUFFIXES)
        if below is not None:
            found.update(_drop_hidden_files(path, below))
        elif not outside and path.endswith(FORMATTED_SUFFIXES) and (file := ports.tree.read_file(path)) is not None:
            found[path] = file
        else:
            problems.append(_unformattable_problem(path, outside=outside))
    if problems:
        raise UsageError(*problems)
    return dict(sorted(found.items()))


def _unformattable_problem(path: str, *, outside: bool) -> Problem:
    if outside:
        return Problem(
            "E031", f"{path} is outside the project and its repository", "choose the project: envctl --project DIR fmt"
        )
    what = f"is not a folder, and not a file ending with {', '.join(FORMATTED_SUFFIXES)}"
    return Problem("E031", f"{path} {what}", "leave it out; without a path, all files of the project are formatted")


def _find_all_files(context: Context) -> tuple[dict[str, File], tuple[Problem, ...]]:
    """Return all files to format, and problems of unreadable module calls that Terraform itself accepts."""
    ports = context.ports
    settings = ports.tree.read_folder("environments", FORMATTED_SUFFIXES) or {}
    found = _drop_hidden_files("environments", settings)
    for place in list_all_places(context.project) if context.project.settings.files else ():
        if place.path.endswith(FORMATTED_SUFFIXES) and (file := ports.tree.read_file(place.path)) is not None:
            found[place.path] = file
    folders, problems = list_module_folders(ports, context.project, FORMATTED_SUFFIXES)
    for folder, below in folders.items():
        found.update(_drop_hidden_files(folder, below))
    return dict(sorted(found.items())), problems


def _drop_hidden_files(folder: str, files: Mapping[str, File]) -> dict[str, File]:
    """Drop files in hidden folders below the folder: tools keep caches there."""
    start = 0 if folder == "." else len(folder) + 1
    return {
        path: file
        for path, file in files.items()
        if not any(part.startswith(".") for part in path[start:].split("/")[:-1])
    }
