"""The code of root modules that run as they are: what a release holds of it, and what must not count unseen."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from posixpath import dirname

from envctl.domain.config.project import PROJECT_FILE, Project
from envctl.domain.config.settings_places import ENVIRONMENTS_FOLDER
from envctl.domain.config.states.state_place import names_workspace
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.release.bundle import File, Release
from envctl.domain.release.code_search import AccountBlocks, describe_account_mismatches
from envctl.domain.release.place.environment_place import Place, resolve_place
from envctl.domain.release.rendering.root_override import find_json_providers
from envctl.domain.release.root_checks import (
    describe_file_sets,
    describe_findings,
    describe_overridden,
    find_provider_problems,
    to_scope,
)
from envctl.domain.release.root_code import describe_root
from envctl.domain.release.root_findings import RootFindings
from envctl.domain.release.wiring import StackWiring, Wiring
from envctl.domain.terraform.bundle_paths import UP, to_bundle_path, to_project_path
from envctl.domain.terraform.provider_lock import (
    find_version_mismatches,
    merge_locks,
    shorten_address,
    split_provider_blocks,
)
from envctl.domain.terraform.variables import Variable
from envctl.domain.terraform.workdir_names import (
    EXCLUDED_PARTS,
    GENERATED_FILES,
    LOCK_FILE,
    MADE_NAMES,
    REMOTE_MODULES_FOLDER,
    SESSION_VARIABLE,
)
from envctl.domain.text.lists import join_names
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.shared_code import is_above_project

_SETTINGS_SUFFIXES = (".tfvars", ".tfvars.json")
_LOADED_SETTINGS = re.compile(r"terraform\.tfvars(\.json)?|.*\.auto\.tfvars(\.json)?")
"""Settings files that Terraform reads without being told."""
_STATE = re.compile(r".*\.tfstate(\..*)?|.*\.tfplan|\.terraform\.tfstate\.lock\.info")
"""Local states and plans: they hold secrets, and no code reads them."""
_UNREADABLE_PARTS = EXCLUDED_PARTS - {"tests"}
STATES_FOLDER = "terraform.tfstate.d"
_PROJECT_FOLDER = "."


def select_root_files(project: Project, stack: str, folder: str, found: Mapping[str, File]) -> dict[str, File]:
    """Return the files of a root module for the release, out of all files below its folder."""
    selected = {path: file for path, file in found.items() if is_code(path)}
    return _drop_project_files(project, stack, selected) if folder == _PROJECT_FOLDER else selected


def select_module_files(project: Project, folder: str, found: Mapping[str, File]) -> dict[str, File]:
    """Return the files of a called module for the release. It may be the project folder, or hold a root module."""
    roots = [each.folder for each in project.every_stack.values() if each.root is not None]
    inside = tuple(f"{root}/" for root in roots if root.startswith(f"{folder}/") or folder == _PROJECT_FOLDER)
    # Terraform would read the settings files of that root in every environment.
    selected = {path: file for path, file in found.items() if is_code(path) or not path.startswith(inside)}
    return _drop_project_files(project, "", selected) if folder == _PROJECT_FOLDER else selected


def _drop_project_files(project: Project, stack: str, selected: Mapping[str, File]) -> dict[str, File]:
    """Return the files of the project folder that are code of this stack, or of a module if no stack is given."""
    others = {each.folder for name, each in project.every_stack.items() if name != stack}
    left_out = tuple(f"{path}/" for path in {ENVIRONMENTS_FOLDER, *others} if path != _PROJECT_FOLDER)
    return {
        path: file
        for path, file in selected.items()
        if not path.startswith((".", *left_out)) and path not in (PROJECT_FILE, LOCK_FILE)
    }


def is_code(path: str) -> bool:
    """Tell if a file counts as code of a root: settings files and local states do not."""
    name = path.rpartition("/")[2]
    return not (name.endswith(_SETTINGS_SUFFIXES) or _STATE.fullmatch(name) or STATES_FOLDER in path.split("/"))


def find_loaded_settings(known: Collection[str], folder: str, found: Mapping[str, File]) -> Iterator[Problem]:
    """Yield a problem for each settings file that Terraform would read in a root, unless it is known to the project."""
    for path in sorted(found):
        at, name = (dirname(path) or "."), path.rpartition("/")[2]
        if at == folder and _LOADED_SETTINGS.fullmatch(name) and path not in known:
            message = f"Terraform reads {name} in {folder} by itself: the same values in every environment, unseen"
            hint = f'list it in envctl.toml: [settings] files = ["{path}", …]; or move its values to the settings'
            yield Problem("E152", message, hint, Location(path))


def complete_roots(context: Context, release: Release) -> Release:
    """Return the release of a working tree with what it has to know about its root modules, and the files they read.

    Raises ConfigurationError for code that envctl can't run as it is.
    """
    if not any(stack.is_root for stack in release.wiring.stacks.values()):
        return release
    files, stacks = dict(release.files), dict(release.wiring.stacks)
    problems: list[Problem] = []
    findings = _search_with_reads(context.ports, release)
    for name, (found, read) in findings.items():
        files |= read
        code = describe_root(found, _list_tree(release, files, stacks[name], found))
        stacks[name] = replace(stacks[name], root_code=code)
    wiring = replace(release.wiring, stacks=stacks)
    for name, (found, _) in findings.items():
        # The code sees the workspace of the state, if the project names it.
        seen = replace(found, workspaces=()) if names_workspace(context.project, name) else found
        problems += describe_findings(name, stacks[name].module, seen)
        problems += _find_file_set_problems(context, wiring, name, found)
        problems += _find_left_out_reads(found)
        problems += find_reserved_variables(release.wiring.schema[name])
    if problems:
        raise ConfigurationError(*problems)
    return replace(release, files=files, wiring=wiring)


def _find_file_set_problems(
    context: Context, wiring: Wiring, stack: str, found: RootFindings, environments: Sequence[str] = ()
) -> Iterator[Problem]:
    """Yield the problems of sets of files that would hold files of envctl, by default in any environment."""
    code, needing = wiring.stacks[stack].root_code, set[str]()
    if found.file_sets and code is not None:
        for environment in environments or context.project.environments:
            needing.update(find_json_providers(wiring, stack, resolve_place(context.project, environment), code))
    return describe_file_sets(stack, found.file_sets, needing)


def _find_left_out_reads(found: RootFindings) -> Iterator[Problem]:
    """Yield a problem for each read of a settings file or of a local state: no release holds them."""
    for path, place in found.reads.items():
        if not is_code(path):
            message = f"the code reads {path}: settings and states are in no release"
            hint = (
                'for an output of another stack: [stacks.STACK] inputs = { VARIABLE = "OTHER.OUTPUT" } in envctl.toml'
            )
            yield Problem("E162", message, hint, place)


def search_roots(
    ports: Ports, release: Release, files: Mapping[str, File], stacks: Iterable[str] | None = None
) -> dict[str, RootFindings]:
    """Search the code of root modules, by default of all: at once, as each search goes through all paths."""
    # By their paths in the repository: code outside of the project may be read too.
    # A stored release may be of a project that was moved since.
    project = max(ports.tree.locate_project() or "", release.wiring.base, key=len)
    locate = partial(to_bundle_path, project)
    wiring = release.wiring
    names = [name for name, wired in wiring.stacks.items() if wired.is_root] if stacks is None else stacks
    folders = {name: [locate(wiring.stacks[name].module)] for name in names}
    for module in wiring.modules:
        if module.stack_name in folders:
            folders[module.stack_name].append(locate(module.folder))
    data = {locate(path): file.data for path, file in files.items()}
    found = dict(ports.config_reader.find_roots(data, folders))
    back = partial(to_project_path, project)
    return {name: each.relocate(back) for name, each in found.items()} if project else found


def _search_with_reads(ports: Ports, release: Release) -> dict[str, tuple[RootFindings, dict[str, File]]]:
    """Search all roots; return the findings of each with the files that it reads, of which a template may read more."""
    found: dict[str, tuple[RootFindings, dict[str, File]]] = {}
    files, waiting = dict(release.files), None
    while waiting is None or waiting:
        known, searched = len(files), search_roots(ports, release, files, waiting)
        for name, each in searched.items():
            # A file that the release has by now is no read any more: those of each pass count.
            before = found[name][1] if name in found else {}
            found[name] = each, before | _list_read_files(ports, each)
            files |= found[name][1]
        waiting = [name for name, each in searched.items() if each.reads and len(files) > known]
    return found


def _list_read_files(ports: Ports, found: RootFindings) -> dict[str, File]:
    """Return the files of the project read by the code outside of its folders. Missing ones are left to Terraform."""
    files: dict[str, File] = {}
    for path in found.reads:
        # A folder of tests is left out, unless the code reads it.
        if _UNREADABLE_PARTS.intersection(path.split("/")) or is_above_project(path):
            continue
        below = ports.tree.read_folder(path, without=_UNREADABLE_PARTS)
        if below is not None:
            files.update({name: file for name, file in below.items() if is_code(name)})
        elif (file := ports.tree.read_file(path)) is not None:
            files[path] = file
    return files


def _list_tree(release: Release, files: Mapping[str, File], wired: StackWiring, found: RootFindings) -> tuple[str, ...]:
    """Return the folders and files of the tree of a root, without the remote modules."""
    modules = (module.folder for module in release.wiring.modules)
    # A stack with a remote module lists its local ones too.
    remote = {folder for folder in modules if folder.startswith(f"{REMOTE_MODULES_FOLDER}/")}
    reads = {path for path in found.reads if not _UNREADABLE_PARTS.intersection(path.split("/"))}
    folders = {*(folder for folder in found.folders if folder not in remote), *reads}
    if _PROJECT_FOLDER in (wired.module, *folders):
        others = {each.module for each in release.wiring.stacks.values() if each is not wired} - set(found.folders)
        away = tuple(f"{folder}/" for folder in others)
        tops = {path.split("/")[0] for path in files if not path.startswith(away)} - {UP}
        return tuple(sorted({wired.module, *folders, *tops} - {LOCK_FILE, _PROJECT_FOLDER}))
    return tuple(sorted({wired.module, *folders}))


def check_tree_roots(context: Context, release: Release) -> None:
    """Raise ConfigurationError if a root module of the working tree could act elsewhere than in its environment."""
    found = search_roots(context.ports, release, release.files)
    if problems := [*_find_account_problems(context, release, found, context.project.pipeline.order)]:
        raise ConfigurationError(*dict.fromkeys(problems))


def find_stored_problems(context: Context, release: Release, environment: str) -> Iterator[Problem]:
    """Yield the problems of the root modules in a stored release: the tables of providers may have changed since."""
    found = search_roots(context.ports, release, release.files)
    yield from _find_account_problems(context, release, found, (environment,))
    for stack, each in found.items():
        yield from _find_file_set_problems(context, release.wiring, stack, each, (environment,))


def _find_account_problems(
    context: Context, release: Release, findings: Mapping[str, RootFindings], environments: Sequence[str]
) -> Iterator[Problem]:
    """Yield the problems of root modules, and of their modules, that could act elsewhere than in these environments."""
    places = [resolve_place(context.project, each) for each in environments]
    called = {folder for found in findings.values() for folder in found.folders}
    data = {path: file.data for path, file in release.files.items()} if called else {}
    blocks = context.ports.config_reader.find_account_blocks(data, sorted(called)) if called else AccountBlocks()
    for stack, found in findings.items():
        yield from find_provider_problems(release.wiring, stack, found, places)
        yield from _check_modules(release.wiring.stacks[stack].module, blocks, found, places)


def report_overridden(context: Context, release: Release) -> None:
    """Say what of the root modules envctl replaces."""
    places = [resolve_place(context.project, each) for each in context.project.pipeline.order]
    for name, found in search_roots(context.ports, release, release.files).items():
        for message in describe_overridden(name, found, places, has_place=name not in context.project.unplaced_roots):
            context.ports.observer.on_message(message)


def _check_modules(root: str, blocks: AccountBlocks, found: RootFindings, places: Sequence[Place]) -> Iterator[Problem]:
    """Yield the problems of provider blocks in the modules of a root: no override reaches them."""
    folders = {*found.folders} - {root}
    blocks = replace(
        blocks,
        providers=tuple(each for each in blocks.providers if (dirname(each.location.file) or ".") in folders),
        # Terraform reads other states with the credentials that it has.
        remote_states=(),
    )
    yield from describe_account_mismatches(blocks, [to_scope(place) for place in places])


def adopt_lock(context: Context) -> None:
    """Give the project the provider versions of its root modules, if it has no lock of its own: they must not jump."""
    ports = context.ports
    # The sandbox has provider versions of its own.
    if ports.sandbox or split_provider_blocks(ports.tree.read_contents(ports.provider_lock) or b""):
        return
    lock: bytes | None = None
    for stack in context.project.stacks.values():
        path = f"{stack.folder}/{LOCK_FILE}"
        if stack.root is None or path == f"./{ports.provider_lock}":
            continue
        own = ports.tree.read_contents(path)
        if own is None or not split_provider_blocks(own):
            continue
        if lock is not None and (differing := find_version_mismatches(lock, own)):
            known = set(split_provider_blocks(lock))
            if others := [shorten_address(each) for each in differing if each in known]:
                names = join_names(others)
                ports.observer.on_message(f"{path} has other versions of {names}: those of the first root are taken")
            lock = merge_locks(own, lock)
        else:
            lock = merge_locks(lock, own)
        ports.observer.on_message(f"{path}: its provider versions are now in {ports.provider_lock}")
    if lock is not None:
        ports.tree.write_contents(ports.provider_lock, lock)


def find_reserved_variables(variables: Sequence[Variable]) -> Iterator[Problem]:
    """Yield a problem for each variable of a root that envctl declares beside it."""
    for variable in variables:
        if variable.name == SESSION_VARIABLE:
            hint = "rename it: envctl declares a variable of that name beside the code"
            yield Problem("E153", f"{variable.name} is a name that envctl needs", hint, variable.location)


def find_name_clashes(folder: str, paths: Iterable[str]) -> Iterator[Problem]:
    """Yield a problem for each file or folder in a root with a name that envctl or Terraform needs there, and for each
    file that would be read after the override file of envctl. `paths` are the files below the folder.
    """
    top = "" if folder == _PROJECT_FOLDER else f"{folder}/"
    below = [path.removeprefix(top) for path in paths]
    for name in sorted({path.partition("/")[0] for path in below}):
        # A disk may ignore case.
        if name.casefold() in {*GENERATED_FILES, *MADE_NAMES}:
            hint = "rename it: envctl writes a file of that name beside the code"
            yield Problem("E153", f"{name} is a name that envctl needs in {folder}", hint, Location(f"{top}{name}"))
    for name in sorted(path for path in below if "/" not in path and path.casefold() not in GENERATED_FILES):
        if name.endswith((".tofu", ".tofu.json")):
            message = f"{name}: Terraform does not read it, and OpenTofu reads it in place of a .tf file"
            hint = "rename it to .tf: a release means the same to both"
            yield Problem("E154", message, hint, Location(f"{top}{name}"))
        elif name.endswith(("_override.tf", "_override.tf.json")) and name > GENERATED_FILES[0]:
            hint = "rename it: the file of envctl has to be the last one"
            message = f"{name} would be read after the override file of envctl"
            yield Problem("E153", message, hint, Location(f"{top}{name}"))
