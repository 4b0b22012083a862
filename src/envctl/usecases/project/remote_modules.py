"""Code of modules with a remote address: fetched at the entry and carried in the release."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from posixpath import dirname, join, normpath

from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.release import remote_modules
from envctl.domain.release.bundle import File, Release
from envctl.domain.release.remote_modules import ResolvedModule, is_local_source, is_pinned_call
from envctl.domain.terraform.variables import ModuleCall
from envctl.domain.text.lists import join_first
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import module_checks, root_modules, shared_code

MAX_NAMED = 3


@dataclass(frozen=True)
class CompletedRelease:
    """A release with all its code. `floating` are keys of modules with an unpinned address."""

    release: Release
    floating: tuple[str, ...] = ()


def complete_release(context: Context, release: Release) -> CompletedRelease:
    """Return the release of a working tree with all its code, fetching only modules not in the cache."""
    ports = context.ports
    if not release.missing:
        return CompletedRelease(release)
    binary = context.project.terraform.binary or ""
    walk = _walk_stacks(_ModuleWalk(ports=ports, binary=binary, release=release))
    if walk.unfetched:
        unfetched = [f"{key} ({_describe_source(call)})" for key, call in walk.unfetched.items()]
        ports.observer.on_message(f"downloading the code of {join_first(unfetched, MAX_NAMED)}")
        fetched = ports.remote_modules.fetch_modules(binary, release, walk.found, walk.called_at)
        walk = _walk_stacks(_ModuleWalk(ports=ports, binary=binary, release=release, fetched=fetched))
        _cache_modules(ports, binary, walk, fetched)
    roots = [name for name, stack in release.wiring.stacks.items() if stack.is_root]
    modules, files = remote_modules.bundle_modules(walk.found, roots)
    wiring = replace(release.wiring, modules=modules)
    moving = {key: call for key, call in walk.calls.items() if not is_pinned_call(call)}
    for key, call in moving.items():
        if version := walk.found[key].version:
            ports.observer.on_message(f"{key}: {_describe_source(call)} is {version} today")
    made = root_modules.complete_roots(context, Release(wiring, {**release.files, **files}))
    made = shared_code.set_base(ports, made)
    module_checks.check_tree_reads(ports, made)
    module_checks.check_tree_accounts(context, made)
    root_modules.check_tree_roots(context, made)
    return CompletedRelease(made, (*moving, *walk.unreadable))


def list_missing_modules(release: Release) -> tuple[str, ...]:
    """Describe the modules still to be fetched."""
    return tuple(dict.fromkeys(f"{call.name} ({_describe_source(call)})" for call in release.missing))


@dataclass(kw_only=True)
class _ModuleWalk:
    """Traversal from the stacks to every module called, as far as its code is known."""

    ports: Ports
    binary: str
    release: Release
    fetched: Mapping[str, ResolvedModule] = field(default_factory=dict)
    found: dict[str, ResolvedModule] = field(default_factory=dict)  # modules by key
    calls: dict[str, ModuleCall] = field(default_factory=dict)  # calls of a remote address, by key
    unfetched: dict[str, ModuleCall] = field(default_factory=dict)  # those without code yet
    called_at: dict[str, Location] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)  # keys of modules with code that can't be parsed

    def visit_module(self, key: str, module: ResolvedModule, ancestors: tuple[tuple[str, str], ...] = ()) -> None:
        here = (module.package.digest if module.package else "", module.folder)
        if here in ancestors:
            at = self.called_at.get(key)
            raise ConfigurationError(Problem("E111", f"module {key} calls itself", "remove one of the calls", at))
        for call in self._list_calls(key, module):
            below = f"{key}.{call.name}"
            self.called_at[below] = self.called_at[key] if module.package else call.location
            if not is_local_source(call.source):
                self.calls[below] = call
            if (found := self._find_module(below, call, module)) is not None:
                self.found[below] = found
                self.visit_module(below, found, (*ancestors, here))
            elif not self.fetched:
                self.unfetched[below] = call

    def _find_module(self, key: str, call: ModuleCall, caller: ResolvedModule) -> ResolvedModule | None:
        if self.fetched:
            return self.fetched.get(key)
        if is_local_source(call.source):
            folder = normpath(join(caller.folder, call.source))
            if caller.package is None:
                # The only spelling of a path of the project: it may lead up and back into it.
                wiring = self.release.wiring
                folder = wiring.to_project_path(wiring.to_bundle_path(folder))
            return ResolvedModule(remote_modules.normalize_local_source(call.source), "", folder, caller.package)
        return self.ports.remote_modules.load_cached(self.binary, call) if is_pinned_call(call) else None

    def _list_calls(self, key: str, module: ResolvedModule) -> tuple[ModuleCall, ...]:
        files: Mapping[str, File] = module.package.files if module.package else self.release.files
        folder = "" if module.folder == "." else module.folder
        code = {path.rpartition("/")[2]: file.data for path, file in files.items() if dirname(path) == folder}
        try:
            return self.ports.config_reader.parse_module_calls(code, module.folder)
        except ConfigurationError:
            if module.package is None:
                raise
            # Terraform itself may read it; its calls are unknown until then.
            self.unreadable.append(key)
            return ()


def _walk_stacks(walk: _ModuleWalk) -> _ModuleWalk:
    for stack, wired in walk.release.wiring.stacks.items():
        if wired.kubernetes is None:
            walk.visit_module(stack, ResolvedModule("", "", wired.module))
    if walk.fetched:
        walk.found = dict(walk.fetched)
    return walk


def _cache_modules(ports: Ports, binary: str, walk: _ModuleWalk, fetched: Mapping[str, ResolvedModule]) -> None:
    for key, call in walk.calls.items():
        module = fetched.get(key)
        readable = not any(other == key or other.startswith(f"{key}.") for other in walk.unreadable)
        if module and module.package and is_pinned_call(call) and readable:
            ports.remote_modules.save_cached(binary, call, module)


def _describe_source(call: ModuleCall) -> str:
    return remote_modules.redact_credentials(f"{call.source} {call.version}".strip())
