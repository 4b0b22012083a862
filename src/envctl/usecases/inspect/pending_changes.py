"""What of the working tree is other than what an environment runs: its settings, and its code where code enters.

No Terraform, no network, and no HCL of modules where none comes from elsewhere: files are compared as bytes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from posixpath import dirname, normpath
from typing import Literal

from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError
from envctl.domain.guards import Bundle
from envctl.domain.images.image_reference import Image
from envctl.domain.ledger.state import Deployment, Present
from envctl.domain.release.contents import File, Release
from envctl.domain.release.remote_modules import settled
from envctl.domain.settings.comparison import compare
from envctl.domain.settings.values import EnvironmentSettings
from envctl.domain.terraform.workdir_names import LEFT_OUT, LOCK_FILE, REMOTE
from envctl.domain.text.short_ids import short
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load, working_tree
from envctl.usecases.release import settings_store

ReadBundle = Callable[[str], tuple[Bundle, Release | None]]
Comparison = Literal["same", "changed", "unknown"]


@dataclass(frozen=True)
class Part:
    """How the settings, or the code, of the working tree compare with what runs.

    Attributes:
        state: `unknown` where it can't be told without the network, or because something can't be read.
        names: the settings, or the files and keys of envctl.toml, that differ, as far as they are known.
        why: the reason where the state is `unknown`.
    """

    state: Comparison = "same"
    names: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class PendingChanges:
    """What is other in the working tree than what an environment runs.

    Attributes:
        settings: those of the environment, read for the release that runs there.
        code: None where no code comes from the working tree.
    """

    settings: Part
    code: Part | None = None

    @property
    def nothing(self) -> bool:
        return self.settings.state == "same" and (self.code is None or self.code.state == "same")


def find_pending_changes(
    ports: Ports, project: Project, present: Present, environment: str, read: ReadBundle
) -> PendingChanges | None:
    """None where nothing runs. `read` gives a release by its name, and whether it can be believed."""
    current = present.of(environment).current
    if current is None:
        return None
    enters = environment == project.entry
    state, release = read(current.release)
    if release is None:
        unread = Part("unknown", why=f"the bundle of release {short(current.release)} is {state}")
        return PendingChanges(unread, unread if enters else None)
    settings = _compare_settings(ports, project, environment, current, release)
    return PendingChanges(settings, _compare_code(ports, project, release) if enters else None)


def _compare_settings(ports: Ports, project: Project, environment: str, current: Deployment, release: Release) -> Part:
    try:
        today = load.settings(ports, project, environment, release.wiring)
    except ConfigurationError as error:
        return Part("unknown", why=error.problems[0].message)
    if today.digest() == current.settings:
        return Part()
    before = settings_store.look(ports, environment, current.settings)
    return Part("changed", _changed_names(before, today) if before else ())


def _changed_names(before: EnvironmentSettings, today: EnvironmentSettings) -> tuple[str, ...]:
    """Without what is sensitive: of that no value was kept."""
    unequal = compare(before, today).unequal
    open_ones = (pair for pair in unequal if not any(each and each.sensitive for each in (pair.first, pair.second)))
    return tuple(dict.fromkeys(pair.name for pair in open_ones))


def _compare_code(ports: Ports, project: Project, release: Release) -> Part:
    try:
        changed = (*_changed_keys(ports, project, release), *_changed_files(ports, release))
        if changed:
            return Part("changed", changed)
        why = next(_unsettled(ports, project, release), "")
    except ConfigurationError as error:
        # What can't be deployed is at any rate not what runs.
        return Part("unknown", why=error.problems[0].message)
    return Part("unknown", why=why) if why else Part()


def _changed_keys(ports: Ports, project: Project, release: Release) -> Iterator[str]:
    """What of envctl.toml travels with a release."""
    wiring = release.wiring
    stacks = {name: working_tree.wire_stack(each) for name, each in project.stacks.items()}
    yield from (
        f"stacks.{name}" for name in sorted({*stacks, *wiring.stacks}) if stacks.get(name) != wiring.stacks.get(name)
    )
    said = working_tree.list_removed(project)
    yield from (
        f"removed.{name}" for name in sorted({*said, *wiring.removed}) if said.get(name) != wiring.removed.get(name)
    )
    if project.name != wiring.project:
        yield "project.name"
    if project.terraform.version != wiring.terraform:
        yield "terraform.version"
    if project.providers != wiring.providers:
        yield "providers"
    carried = working_tree.read_artifacts(ports, project, wiring.schema)
    for variable in sorted({*carried, *wiring.artifacts}):
        if carried.get(variable) != wiring.artifacts.get(variable) and not _is_tag(project, variable, carried):
            yield variable


def _changed_files(ports: Ports, release: Release) -> Iterator[str]:
    there = {path: file for path, file in release.files.items() if not path.startswith((f"{REMOTE}/", LOCK_FILE))}
    here: dict[str, File] = {}
    for folder in sorted({dirname(path) for path in there if path.endswith((".tf", ".tf.json"))}):
        found = ports.tree.folder(folder) or {}
        here |= {path: file for path, file in found.items() if not LEFT_OUT.intersection(path.split("/"))}
    yield from (path for path in sorted({*there, *here}) if there.get(path) != here.get(path))
    if ports.tree.read(ports.provider_lock) != release.lock():
        yield ports.provider_lock


def _unsettled(ports: Ports, project: Project, release: Release) -> Iterator[str]:
    """Why equal files may be other code all the same."""
    carried = working_tree.read_artifacts(ports, project, release.wiring.schema)
    for artifact in project.artifacts.values():
        if _is_tag(project, artifact.variable, carried):
            yield f"{carried[artifact.variable]} is a tag, and the registry was not asked what it means now"
    if not release.wiring.modules:
        return
    folders = {normpath(each.folder) for each in release.wiring.modules} | {
        dirname(path) for path in release.files if path.endswith((".tf", ".tf.json"))
    }
    for folder in sorted(folders):
        code = {path.rpartition("/")[2]: each.data for path, each in release.files.items() if dirname(path) == folder}
        for call in ports.reader.module(code, folder).calls:
            if call.source and not call.source.startswith(("./", "../")) and not settled(call):
                yield f"module {call.name} may mean other code by now, and its address was not asked"


def _is_tag(project: Project, variable: str, carried: dict[str, object]) -> bool:
    """Whether the artifact is an image by a tag: a release holds the digest that it meant."""
    kinds = {artifact.variable: artifact.kind for artifact in project.artifacts.values()}
    if kinds.get(variable) != "oci" or variable not in carried:
        return False
    return not Image.parse(str(carried[variable])).digest
