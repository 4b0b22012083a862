"""Differences of the working tree from a running release: settings, and code in the entry environment.

Files are compared as bytes, without Terraform or network. HCL is read only for remote modules.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from posixpath import dirname, normpath
from typing import Literal

from envctl.domain.config.project import Project
from envctl.domain.config.stacks import Stack
from envctl.domain.errors import ConfigurationError
from envctl.domain.guards import BundleState
from envctl.domain.images.image_reference import Image
from envctl.domain.ledger.state import Deployment, LedgerState
from envctl.domain.release.bundle import File, Release
from envctl.domain.release.remote_modules import is_pinned_call
from envctl.domain.release.root_code import RootCode
from envctl.domain.release.wiring import StackWiring
from envctl.domain.settings.comparison import compare_settings
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.domain.terraform.workdir_names import LOCK_FILE, REMOTE_MODULES_FOLDER
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.ports.context import Context
from envctl.usecases.project import working_tree
from envctl.usecases.project.settings.artifact_values import read_artifacts
from envctl.usecases.project.settings.environment_settings import load_settings
from envctl.usecases.release import release_store

ReadBundle = Callable[[str], tuple[BundleState, Release | None]]
Comparison = Literal["same", "changed", "unknown"]


@dataclass(frozen=True)
class Part:
    """A comparison of the settings, or the code, of the working tree with the running release."""

    state: Comparison = "same"  # `unknown` if it takes the network, or a file is unreadable
    names: tuple[str, ...] = ()  # the known different settings, files, or keys of envctl.toml
    why: str = ""  # the reason for an `unknown` state


@dataclass(frozen=True)
class PendingChanges:
    """Differences of the working tree from an environment. `code` is None outside the entry environment."""

    settings: Part
    code: Part | None = None

    @property
    def is_empty(self) -> bool:
        return self.settings.state == "same" and (self.code is None or self.code.state == "same")


def find_pending_changes(
    context: Context, present: LedgerState, environment: str, read: ReadBundle
) -> PendingChanges | None:
    """Return the differences, or None without a running release. `read` loads a bundle with its verdict."""
    current = present.find_environment(environment).current
    if current is None:
        return None
    enters = environment == context.project.entry
    state, release = read(current.release)
    if release is None:
        unread = Part("unknown", why=f"the bundle of release {shorten_id(current.release)} is {state}")
        return PendingChanges(unread, unread if enters else None)
    settings = _compare_settings(context, environment, current, release)
    return PendingChanges(settings, _compare_code(context, release) if enters else None)


def _compare_settings(context: Context, environment: str, current: Deployment, release: Release) -> Part:
    try:
        today = load_settings(context, environment, release.wiring)
    except ConfigurationError as error:
        return Part("unknown", why=error.problems[0].message)
    if today.digest({current.settings}) == current.settings:
        return Part()
    before = release_store.load_settings(context.ports, environment, current.settings)
    return Part("changed", _changed_names(before, today) if before else ())


def _changed_names(before: EnvironmentSettings, today: EnvironmentSettings) -> tuple[str, ...]:
    """Return the names of changed settings, except sensitive ones: their values are not stored."""
    unequal = compare_settings(before, today).unequal_pairs
    visible = (pair for pair in unequal if not any(each and each.sensitive for each in (pair.first, pair.second)))
    return tuple(dict.fromkeys(pair.name for pair in visible))


def _compare_code(context: Context, release: Release) -> Part:
    try:
        changed = (*_changed_keys(context, release), *_changed_files(context, release))
        if changed:
            return Part("changed", changed)
        why = next(_list_uncertainties(context, release), "")
    except ConfigurationError as error:
        # The tree can't be deployed as it is.
        return Part("unknown", why=error.problems[0].message)
    return Part("unknown", why=why) if why else Part()


def _changed_keys(context: Context, release: Release) -> Iterator[str]:
    """Yield the different keys of envctl.toml, among those carried by a release."""
    project = context.project
    wiring = release.wiring
    stacks = {name: _wire_stack(context, each) for name, each in project.stacks.items()}
    released = {name: _drop_code(each) for name, each in wiring.stacks.items()}
    yield from (f"stacks.{name}" for name in _list_unequal(stacks, released))
    removed = working_tree.list_removed_stacks(project)
    yield from (f"removed.{name}" for name in _list_unequal(removed, wiring.removed))
    if project.name != wiring.project:
        yield "project.name"
    if project.terraform.version != wiring.terraform:
        yield "terraform.version"
    if project.providers != wiring.providers:
        yield "providers"
    carried = read_artifacts(context, wiring.schema)
    for key in _list_unequal(carried, wiring.artifacts):
        if not _is_tag(project, key, carried):
            yield key


def _wire_stack(context: Context, stack: Stack) -> StackWiring:
    """Return the stack as envctl.toml has it, without a look at its code. Kubernetes is imported late: few have it."""
    wired = _drop_code(working_tree.wire_stack(stack))
    if not stack.is_kubernetes:
        return wired
    from envctl.usecases.project.kubernetes_stacks import describe_code

    return replace(wired, kubernetes=describe_code(context, stack))


def _list_unequal(one: Mapping[str, object], other: Mapping[str, object]) -> list[str]:
    """Return the sorted keys with different values, or in one mapping alone."""
    return [key for key in sorted({*one, *other}) if one.get(key) != other.get(key)]


def _drop_code(stack: StackWiring) -> StackWiring:
    """Return the stack without what is known from its files and from the tools: the files are compared."""
    code = stack.kubernetes and replace(stack.kubernetes, tree=(), tools={})
    return replace(stack, root_code=stack.root_code and RootCode(), kubernetes=code)


def _changed_files(context: Context, release: Release) -> Iterator[str]:
    ports, others = context.ports, (f"{REMOTE_MODULES_FOLDER}/", LOCK_FILE)
    released = {path: file for path, file in release.files.items() if not path.startswith(others)}
    current: dict[str, File] = {}
    if any(stack.module is None for stack in context.project.stacks.values()):
        # Which files belong to a root, or to Kubernetes objects, depends on their code.
        made = working_tree.collect_release(context).files
        current = {path: file for path, file in made.items() if not path.startswith(others)}
    else:
        for folder in sorted({dirname(path) for path in released if path.endswith((".tf", ".tf.json"))}):
            current |= working_tree.drop_excluded_files(ports.tree.read_folder(folder) or {})
    yield from _list_unequal(released, current)
    if ports.tree.read_contents(ports.provider_lock) != release.lock_bytes():
        yield ports.provider_lock


def _list_uncertainties(context: Context, release: Release) -> Iterator[str]:
    """Yield the reasons for different code in spite of equal files: image tags and remote modules."""
    carried = read_artifacts(context, release.wiring.schema)
    for artifact in context.project.artifacts.values():
        key = artifact.keys[0]
        if _is_tag(context.project, key, carried):
            yield f"{carried[key]} is a tag, and its current digest was not checked"
    if not release.wiring.modules:
        return
    folders = {normpath(each.folder) for each in release.wiring.modules} | {
        dirname(path) for path in release.files if path.endswith((".tf", ".tf.json"))
    }
    for folder in sorted(folders):
        code = {path.rpartition("/")[2]: each.data for path, each in release.files.items() if dirname(path) == folder}
        for call in context.ports.config_reader.parse_module(code, folder).calls:
            if call.source and not call.source.startswith(("./", "../")) and not is_pinned_call(call):
                yield f"module {call.name} may have new code, and its address was not checked"


def _is_tag(project: Project, key: str, carried: dict[str, object]) -> bool:
    """Tell whether the artifact is an image with a tag. A release holds its digest instead."""
    kinds = {each: artifact.kind for artifact in project.artifacts.values() for each in artifact.keys}
    if kinds.get(key) != "oci" or key not in carried:
        return False
    return not Image.parse(str(carried[key])).digest
