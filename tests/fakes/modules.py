"""The Modules port in memory: what lies where, by address and version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from posixpath import normpath

from envctl.cli.wiring.readers import Languages
from envctl.domain.errors import Location, OperationFailedError, Problem
from envctl.domain.release.contents import File, Release
from envctl.domain.release.remote_modules import FoundModule, Package, is_local
from envctl.domain.settings.settings import ModuleCall


@dataclass
class MemoryModules:
    """`there` is the code of addresses as they are called, and `versions` what a registry has for a constraint. `asked`
    are the keys that were fetched. Where there is no `network`, nobody answers.
    """

    there: dict[str, Mapping[str, str]] = field(default_factory=dict)
    versions: dict[tuple[str, str], str] = field(default_factory=dict)
    network: bool = True
    cache: dict[tuple[str, str, str], FoundModule] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def kept(self, binary: str, call: ModuleCall) -> FoundModule | None:
        return self.cache.get((binary, call.source, call.version))

    def keep(self, binary: str, call: ModuleCall, module: FoundModule) -> None:
        self.cache[binary, call.source, call.version] = module

    def fetch(
        self, binary: str, release: Release, known: Mapping[str, FoundModule], called_at: Mapping[str, Location]
    ) -> Mapping[str, FoundModule]:
        if not self.network:
            raise OperationFailedError(Problem("E340", "nobody answers", location=next(iter(called_at.values()))))
        found: dict[str, FoundModule] = {}
        for stack, wired in release.wiring.stacks.items():
            self._below(stack, FoundModule("", "", wired.module), release, known, found)
        return found

    def _below(
        self,
        key: str,
        caller: FoundModule,
        release: Release,
        known: Mapping[str, FoundModule],
        found: dict[str, FoundModule],
    ) -> None:
        files = caller.package.files if caller.package else release.files
        path = normpath(f"{caller.folder}/main.tf")
        for call in Languages(sandbox=False).calls({"main.tf": files[path].data}, caller.folder):
            below = f"{key}.{call.name}"
            found[below] = known.get(below) or self._fetched(below, call, caller)
            self._below(below, found[below], release, known, found)

    def _fetched(self, key: str, call: ModuleCall, caller: FoundModule) -> FoundModule:
        if is_local(call.source):
            return FoundModule(call.source, "", normpath(f"{caller.folder}/{call.source}"), caller.package)
        self.asked.append(key)
        version = self.versions.get((call.source, call.version), call.version)
        code = self.there[f"{call.source} {version}".strip()]
        package = Package(call.source, {name: File(text.encode()) for name, text in code.items()})
        return FoundModule(call.source, version, ".", package)
