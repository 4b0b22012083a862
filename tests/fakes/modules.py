"""The RemoteModules port in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from posixpath import normpath

from envctl.cli.wiring.readers import ProjectFileReader
from envctl.domain.errors import Location, OperationFailedError, Problem
from envctl.domain.release.bundle import File, Release
from envctl.domain.release.remote_modules import Package, ResolvedModule, is_local_source
from envctl.domain.terraform.variables import ModuleCall


@dataclass
class MemoryRemoteModules:
    """Remote modules by address and version."""

    there: dict[str, Mapping[str, str]] = field(default_factory=dict)  # code by `ADDRESS VERSION`
    versions: dict[tuple[str, str], str] = field(default_factory=dict)  # by address and constraint
    network: bool = True
    cache: dict[tuple[str, str, str], ResolvedModule] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)  # keys of the fetched calls

    def load_cached(self, binary: str, call: ModuleCall) -> ResolvedModule | None:
        return self.cache.get((binary, call.source, call.version))

    def save_cached(self, binary: str, call: ModuleCall, module: ResolvedModule) -> None:
        self.cache[binary, call.source, call.version] = module

    def fetch_modules(
        self, binary: str, release: Release, known: Mapping[str, ResolvedModule], called_at: Mapping[str, Location]
    ) -> Mapping[str, ResolvedModule]:
        if not self.network:
            raise OperationFailedError(Problem("E340", "nobody answers", location=next(iter(called_at.values()))))
        found: dict[str, ResolvedModule] = {}
        for stack, wired in release.wiring.stacks.items():
            self._visit_calls(stack, ResolvedModule("", "", wired.module), release, known, found)
        return found

    def _visit_calls(
        self,
        key: str,
        caller: ResolvedModule,
        release: Release,
        known: Mapping[str, ResolvedModule],
        found: dict[str, ResolvedModule],
    ) -> None:
        files = caller.package.files if caller.package else release.files
        path = normpath(f"{caller.folder}/main.tf")
        for call in ProjectFileReader(sandbox=False).parse_module_calls({"main.tf": files[path].data}, caller.folder):
            below = f"{key}.{call.name}"
            found[below] = known.get(below) or self._fetch_module(below, call, caller)
            self._visit_calls(below, found[below], release, known, found)

    def _fetch_module(self, key: str, call: ModuleCall, caller: ResolvedModule) -> ResolvedModule:
        if is_local_source(call.source):
            return ResolvedModule(call.source, "", normpath(f"{caller.folder}/{call.source}"), caller.package)
        self.asked.append(key)
        version = self.versions.get((call.source, call.version), call.version)
        code = self.there[f"{call.source} {version}".strip()]
        package = Package(call.source, {name: File(text.encode()) for name, text in code.items()})
        return ResolvedModule(call.source, version, ".", package)
