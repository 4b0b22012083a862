"""`envctl eject DIR`: plain root modules for Terraform alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from envctl.domain.config.settings_places import ENVIRONMENTS_FOLDER
from envctl.domain.errors import Problem, UsageError
from envctl.domain.ledger.state import LedgerState
from envctl.domain.release.bundle import File, Release
from envctl.domain.release.place import environment_place
from envctl.domain.release.place.backend import HOME_FOLDER
from envctl.domain.release.rendering.plain_readme import render_readme
from envctl.domain.release.rendering.plain_roots import (
    SHARED_CODE_FOLDER,
    Layout,
    PlainStack,
    build_plain_stack,
    collect_module_code,
)
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.deployment import prepare
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import AlreadyExistsError, Ports
from envctl.usecases.project import project_file, remote_modules, working_tree
from envctl.usecases.project.environment_selection import find_environments, load_context
from envctl.usecases.project.settings.environment_settings import load_valid_settings
from envctl.usecases.release import deploy_request, release_store
from envctl.usecases.release.release_names import find_release

README_FILE = "README.md"
WORKING_TREE = ""
_OCCUPIED_HINT = "choose another folder: eject never overwrites files"


@dataclass(frozen=True)
class EjectedStack:
    """A root module."""

    name: str
    folder: str  # where Terraform runs, in the new folder
    variables: tuple[str, ...]  # the sensitive variables to set; no file has their values


@dataclass(frozen=True)
class EjectedEnvironment:
    """An environment. `release` is empty for the working tree."""

    name: str
    release: str
    stacks: tuple[EjectedStack, ...]


@dataclass(frozen=True)
class EjectedProject:
    """A folder with root modules for plain Terraform, or a planned one in the mode `planned`."""

    mode: Literal["done", "planned"]
    folder: str
    environments: tuple[EjectedEnvironment, ...]
    files: tuple[str, ...]  # paths in the folder
    empty: tuple[str, ...] = ()  # environments without a release, which are left out


@dataclass(frozen=True)
class EjectOptions:
    """What to write."""

    environments: Sequence[str] = ()  # empty for all that run a release
    release: str = ""  # a name of a release for all of them, in place of the deployed ones
    from_tree: bool = False  # take the code of the working tree
    project: str = ".."  # the path from the new folder to the project, for local states
    typed: str = ""  # the new folder as the user typed it


def eject_project(ports: Ports, folder: str, options: EjectOptions, *, dry_run: bool = False) -> EjectedProject:
    """Write the root modules of each stack and environment into a new folder, or nothing.

    The states stay where they are. Values of secrets are written nowhere.
    """
    if options.release and options.from_tree:
        raise UsageError(Problem("E005", "--release and --working-tree name different code", "leave one of them out"))
    if there := ports.project_folder.explain_occupied(folder):
        raise UsageError(Problem("E193", there, _OCCUPIED_HINT))
    context = Context(ports, project_file.load_project(ports))
    # The path of the new folder in the project; empty for one outside. `project` leads from it to the project.
    ups = options.project.split("/")
    _require_no_code(context, "/".join(folder.split("/")[-len(ups) :]) if set(ups) == {".."} else "")
    present = journal.load(ports)
    names = find_environments(context, options.environments)
    named = find_release(present, options.release) if options.release else ""
    releases = {name: _find_identity(present, name, named, options) for name in names}
    empty = tuple(name for name, identity in releases.items() if identity is None)
    if empty and (options.environments or len(empty) == len(names)):
        message = f"no release runs in {', '.join(empty)}"
        hint = "leave it out; or take other code: --working-tree, or --release RELEASE"
        raise UsageError(Problem("E194", message, hint))
    chosen = {name: identity for name, identity in releases.items() if identity is not None}
    writer = _Writer(ports, present, options, len(set(chosen.values())) > 1)
    for name, identity in chosen.items():
        writer.add_environment(name, identity)
    if not any(writer.stacks.values()):
        message = "nothing to write: all stacks have Kubernetes objects, and no root module"
        raise UsageError(Problem("E196", message, "use their folders and charts with kubectl and helm as they are"))
    files = writer.finish()
    if not dry_run:
        try:
            ports.project_folder.create(folder, files)
        except AlreadyExistsError as error:
            raise UsageError(Problem("E193", str(error), _OCCUPIED_HINT)) from None
    ejected = tuple(
        EjectedEnvironment(name, chosen[name], tuple(EjectedStack(s.name, s.folder, s.variables) for s in stacks))
        for name, stacks in writer.stacks.items()
    )
    return EjectedProject(
        "planned" if dry_run else "done", options.typed or folder, ejected, tuple(sorted(files)), empty
    )


def _require_no_code(context: Context, inner: str) -> None:
    """Raise UsageError if files in this folder would be part of the next release, or among the settings."""
    folders = {"the settings": ENVIRONMENTS_FOLDER, "the files of envctl": HOME_FOLDER}
    folders |= {f"the code of {name}": stack.folder for name, stack in context.project.every_stack.items()}
    for what, folder in folders.items():
        if inner and (folder in (".", inner) or inner.startswith(f"{folder}/")):
            hint = "choose a folder without code, such as one beside the project: ../plain"
            raise UsageError(Problem("E391", f"the folder {inner} is among {what}", hint))


def _find_identity(present: LedgerState, environment: str, named: str, options: EjectOptions) -> str | None:
    """Return the release for an environment; None if it runs none, and an empty text for the working tree."""
    if options.from_tree:
        return WORKING_TREE
    current = present.find_environment(environment).current
    return named or (current.release if current else None)


class _Writer:
    def __init__(self, ports: Ports, present: LedgerState, options: EjectOptions, differ: bool) -> None:
        self._ports = ports
        self._present = present
        self._options = options
        self._differ = differ
        self._files: dict[str, File] = {}
        self._releases: dict[str, Release] = {}
        self.stacks: dict[str, tuple[PlainStack, ...]] = {}
        self._labels: dict[str, str] = {}

    def add_environment(self, environment: str, identity: str) -> None:
        context, _ = load_context(self._ports, environment)
        release = self._load_release(context, environment, identity)
        project, wiring = context.project, release.wiring
        over = deploy_request.find_changeover(context, self._present, environment, wiring, release=identity)
        settings = load_valid_settings(context, environment, release, moves=over.moves)
        live = prepare.load_traffic(context, release, environment, over)
        backend = environment_place.resolve_place(project, environment, over.moves).backend
        code = f"{SHARED_CODE_FOLDER}/{shorten_id(identity)}" if self._differ else SHARED_CODE_FOLDER
        home = ".envctl/sandbox" if self._ports.sandbox else ".envctl"
        layout = Layout(code, self._options.project, home)
        stacks = []
        for root in prepare.render_stacks(project, release, settings, live, over):
            secrets = tuple(settings.sources.get(root.stack, ()))
            stacks.append(build_plain_stack(release, root, backend, secrets, layout))
        self.stacks[environment] = tuple(stacks)
        self._labels[environment] = f"release {shorten_id(identity)}" if identity else "the working tree"
        for stack in stacks:
            self._files |= stack.files
        self._files |= {f"{code}/{path}": file for path, file in collect_module_code(release).items()}

    def _load_release(self, context: Context, environment: str, identity: str) -> Release:
        if not identity:
            made = remote_modules.complete_release(context, working_tree.build_release(context)).release
            self._releases[environment] = made
            return made
        if identity not in self._releases:
            state, release, _ = release_store.load_bundle(self._ports, identity)
            if release is None:
                raise release_store.unusable_bundle_error(identity, state)
            self._releases[identity] = release
        return self._releases[identity]

    def finish(self) -> Mapping[str, File]:
        wiring = next(iter(self._releases.values())).wiring
        readme = render_readme(wiring.project, wiring.terraform, self.stacks, self._labels)
        own = {README_FILE: File(readme.encode()), ".gitignore": File(b".terraform/\n")}
        objects = dict.fromkeys(
            (name, stack.module)
            for release in self._releases.values()
            for name, stack in release.wiring.stacks.items()
            if stack.kubernetes is not None
        )
        for name, path in objects:
            message = f"{name} has Kubernetes objects, which are not written: kubectl and helm use {path} as it is"
            self._ports.observer.on_message(message)
        return {**self._files, **own}
