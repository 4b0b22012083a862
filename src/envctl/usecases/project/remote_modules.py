"""The code of modules that are called by an address: it is fetched where code enters, and travels in the release."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from posixpath import dirname, join, normpath

from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, Location, OperationFailedError, Problem
from envctl.domain.release.contents import File, Release
from envctl.domain.release.remote_modules import (
    FoundModule,
    carried,
    decode,
    is_local,
    local_source,
    manifest,
    settled,
    shown,
)
from envctl.domain.settings.settings import ModuleCall
from envctl.domain.terraform.workdir_names import MANIFEST
from envctl.domain.text.lists import first_of
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import provider_accounts, self_contained

NAMED = 3


@dataclass(frozen=True)
class Completed:
    """`moving` are the modules, by their keys, whose address may mean something else by the next time."""

    release: Release
    moving: tuple[str, ...] = ()


def complete(ports: Ports, project: Project, release: Release) -> Completed:
    """The release of a working tree with all of its code. Nothing is fetched that was kept and can't have changed."""
    if not release.missing:
        return Completed(release)
    binary = project.terraform.binary or ""
    walk = _walked(_Walk(ports, binary, release))
    if walk.open:
        ports.observer.said(f"fetching the code of {_named(walk.open)}")
        fetched = ports.modules.fetch(binary, release, walk.found, walk.called_at)
        walk = _walked(_Walk(ports, binary, release, fetched))
        _keep(ports, binary, walk, fetched)
    modules, files = carried(walk.found)
    wiring = replace(release.wiring, modules=modules)
    moving = {key: call for key, call in walk.calls.items() if not settled(call)}
    for key, call in moving.items():
        if version := walk.found[key].version:
            ports.observer.said(f"{key}: {_spelled(call)} is {version} today")
    made = Release(wiring, {**release.files, **files})
    self_contained.check_tree(ports, made)
    provider_accounts.check_tree(ports, project, made)
    return Completed(made, (*moving, *walk.unread))


def called(release: Release) -> tuple[str, ...]:
    """The modules whose code is still to be brought, in words."""
    return tuple(dict.fromkeys(f"{call.name} ({_spelled(call)})" for call in release.missing))


def demand_carried(ports: Ports, release: Release, environment: str, stack: str) -> None:
    """Raises OperationFailedError where Terraform has fetched a module beside those that the release carries."""
    if not manifest(release.wiring, stack):
        return
    record = ports.workspace.modules(environment, stack) or b'{"Modules": []}'
    fetched = [key for key, _, _, folder in decode(record) if folder.startswith(dirname(MANIFEST))]
    if fetched:
        message = f"stack {stack}: the code of {', '.join(fetched)} was fetched, though the release carries it"
        hint = "deploy with the program that the release was made with, terraform or tofu; nothing was changed"
        raise OperationFailedError(Problem("E344", message, hint))


@dataclass
class _Walk:
    """From the stacks to every module that is called on the way, as far as it is there: `found`, by their keys. `calls`
    are those by an address, `open` those of them whose code is not there. `unread` is code that can't be read here.
    """

    ports: Ports
    binary: str
    release: Release
    fetched: Mapping[str, FoundModule] = field(default_factory=dict)
    found: dict[str, FoundModule] = field(default_factory=dict)
    calls: dict[str, ModuleCall] = field(default_factory=dict)
    open: dict[str, ModuleCall] = field(default_factory=dict)
    called_at: dict[str, Location] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)

    def into(self, key: str, module: FoundModule, way: tuple[tuple[str, str], ...] = ()) -> None:
        here = (module.package.digest if module.package else "", module.folder)
        if here in way:
            at = self.called_at.get(key)
            raise ConfigurationError(Problem("E111", f"module {key} calls itself", "let it end somewhere", at))
        for call in self._calls(key, module):
            below = f"{key}.{call.name}"
            self.called_at[below] = self.called_at[key] if module.package else call.location
            if not is_local(call.source):
                self.calls[below] = call
            if (found := self._find(below, call, module)) is not None:
                self.found[below] = found
                self.into(below, found, (*way, here))
            elif not self.fetched:
                self.open[below] = call

    def _find(self, key: str, call: ModuleCall, caller: FoundModule) -> FoundModule | None:
        if self.fetched:
            return self.fetched.get(key)
        if is_local(call.source):
            folder = normpath(join(caller.folder, call.source))
            return FoundModule(local_source(call.source), "", folder, caller.package)
        return self.ports.modules.kept(self.binary, call) if settled(call) else None

    def _calls(self, key: str, module: FoundModule) -> tuple[ModuleCall, ...]:
        files: Mapping[str, File] = module.package.files if module.package else self.release.files
        folder = "" if module.folder == "." else module.folder
        code = {path.rpartition("/")[2]: file.data for path, file in files.items() if dirname(path) == folder}
        try:
            return self.ports.reader.calls(code, module.folder)
        except ConfigurationError:
            if module.package is None:
                raise
            # Terraform reads it, and so will it be; only what it calls is not known before.
            self.unread.append(key)
            return ()


def _walked(walk: _Walk) -> _Walk:
    for stack, wired in walk.release.wiring.stacks.items():
        walk.into(stack, FoundModule("", "", wired.module))
    if walk.fetched:
        walk.found = dict(walk.fetched)
    return walk


def _keep(ports: Ports, binary: str, walk: _Walk, fetched: Mapping[str, FoundModule]) -> None:
    for key, call in walk.calls.items():
        module = fetched.get(key)
        readable = not any(other == key or other.startswith(f"{key}.") for other in walk.unread)
        if module and module.package and settled(call) and readable:
            ports.modules.keep(binary, call, module)


def _named(calls: Mapping[str, ModuleCall]) -> str:
    return first_of([f"{key} ({_spelled(call)})" for key, call in calls.items()], NAMED, len(calls))


def _spelled(call: ModuleCall) -> str:
    return shown(f"{call.source} {call.version}".strip())
