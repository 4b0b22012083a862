"""`envctl fmt`: settings files and the code of modules, as Terraform itself writes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from posixpath import join, normpath

from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, EnvctlError, Location, OperationFailedError, Problem, UsageError
from envctl.domain.release.contents import File
from envctl.domain.release.remote_modules import is_local
from envctl.domain.terraform.formatting import ENDINGS, first_change
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load

_SETTINGS = "environments"
_AGAIN = "run envctl fmt again"


@dataclass(frozen=True)
class FormattedFile:
    """`line` is the first one that differs, counted from 1. What stands there is not told: it may be sensitive."""

    path: str
    line: int


@dataclass(frozen=True)
class Formatted:
    """`files` are those that were written anew, or with `dry_run` and `check` would be. `looked_at` are all."""

    files: tuple[FormattedFile, ...]
    looked_at: int
    check: bool = False
    dry_run: bool = False


def fmt(
    ports: Ports, paths: Sequence[str] = (), *, check: bool = False, dry_run: bool = False
) -> tuple[Formatted, EnvctlError | None]:
    """Without paths: all settings, and the modules that the stacks reach. Where one file can't be read by Terraform,
    none is written. With `check` nothing is, and each file that would be is an error.
    """
    project = load.project(ports)
    files, unread = (_named(ports, paths), ()) if paths else _all(ports, project)
    before = {path: file.data for path, file in files.items()}
    after = ports.formatter.formatted(project.terraform.binary or "", before) if before else {}
    if unread:
        raise ConfigurationError(*unread)
    changed = [
        FormattedFile(path, first_change(data, after[path])) for path, data in before.items() if after[path] != data
    ]
    error = _unformatted(changed) if check else None
    if not (check or dry_run):
        changed, error = _written(ports, changed, before, after)
    return Formatted(tuple(changed), len(before), check, dry_run), error


def _written(
    ports: Ports, changed: Sequence[FormattedFile], before: Mapping[str, bytes], after: Mapping[str, bytes]
) -> tuple[list[FormattedFile], EnvctlError | None]:
    """Those that were, and what kept the others from it."""
    written: list[FormattedFile] = []
    problems: list[Problem] = []
    for each in changed:
        try:
            now = ports.tree.read(each.path)
            if now == before[each.path]:
                ports.tree.write(each.path, after[each.path])
        except OperationFailedError as error:
            problems.extend(error.problems)
            continue
        # A link may lead to one that was written before.
        if now in (before[each.path], after[each.path]):
            written.append(each)
        else:
            message = f"{each.path} was changed by somebody meanwhile, and is left as it is"
            problems.append(Problem("E032", message, _AGAIN, Location(each.path)))
    return written, OperationFailedError(*problems) if problems else None


def _unformatted(changed: Sequence[FormattedFile]) -> EnvctlError | None:
    problems = [
        Problem("E032", "this file is not as Terraform formats it", f"envctl fmt {each.path}", _at(each))
        for each in changed
    ]
    return OperationFailedError(*problems) if problems else None


def _at(each: FormattedFile) -> Location:
    return Location(each.path, each.line)


def _named(ports: Ports, paths: Sequence[str]) -> dict[str, File]:
    """Raises UsageError for each path that is none to be formatted."""
    found: dict[str, File] = {}
    problems = []
    for path in map(normpath, paths):
        outside = path.split("/")[0] in ("..", "")
        below = None if outside else ports.tree.folder(path, ENDINGS)
        if below is not None:
            found.update(_seen(path, below))
        elif not outside and path.endswith(ENDINGS) and (file := ports.tree.file(path)) is not None:
            found[path] = file
        else:
            problems.append(_not_to_be_formatted(path, outside=outside))
    if problems:
        raise UsageError(*problems)
    return dict(sorted(found.items()))


def _not_to_be_formatted(path: str, *, outside: bool) -> Problem:
    if outside:
        return Problem("E031", f"{path} is outside the project", "name the project: envctl --project DIR fmt")
    what = f"is no file that ends with {', '.join(ENDINGS)}, and no folder"
    return Problem("E031", f"{path} {what}", "leave it out; without a path all of the project's are formatted")


def _all(ports: Ports, project: Project) -> tuple[dict[str, File], tuple[Problem, ...]]:
    """And what is wrong with modules whose calls can't be read, where Terraform itself has nothing against them."""
    found = _seen(_SETTINGS, ports.tree.folder(_SETTINGS, ENDINGS) or {})
    problems: list[Problem] = []
    folders = [normpath(stack.module) for stack in project.stacks.values()]
    for folder in folders:
        # One that is not there, or is outside the project, is for `envctl validate` to tell.
        below = None if folder.startswith("..") else ports.tree.folder(folder, ENDINGS)
        found.update(_seen(folder, below or {}))
        try:
            folders += [called for called in _called(ports, folder, below or {}) if called not in folders]
        except ConfigurationError as error:
            problems.extend(error.problems)
    return dict(sorted(found.items())), tuple(dict.fromkeys(problems))


def _called(ports: Ports, folder: str, below: Mapping[str, File]) -> list[str]:
    """The folders of the modules of this project that a module calls."""
    code = {path: file.data for path, file in below.items() if path.endswith(".tf") and _parent(path) == folder}
    calls = ports.reader.calls({path.rpartition("/")[2]: data for path, data in code.items()}, folder)
    return list(dict.fromkeys(normpath(join(folder, call.source)) for call in calls if is_local(call.source)))


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "."


def _seen(folder: str, files: Mapping[str, File]) -> dict[str, File]:
    """Without those in hidden folders below it, in which tools keep what is not the project's own."""
    start = 0 if folder == "." else len(folder) + 1
    return {
        path: file
        for path, file in files.items()
        if not any(part.startswith(".") for part in path[start:].split("/")[:-1])
    }
