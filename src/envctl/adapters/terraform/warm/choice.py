"""Choice between warm providers and the ordinary way, on which Terraform starts its providers itself."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from envctl.adapters.disk.files import read_bytes
from envctl.adapters.terraform.environment.provider_overrides import find_overrides
from envctl.adapters.terraform.environment.variables import LOG_VARIABLE, PROVIDER_LOG
from envctl.adapters.terraform.init.init_stamp import INSTALLED_FOLDER, list_called_code, list_code, read_optional
from envctl.adapters.terraform.init.plugin_cache import PinnedProvider, list_packages, parse_pinned
from envctl.adapters.terraform.process.binary import is_embedded
from envctl.adapters.terraform.process.hand_over import CachedPackages
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.adapters.terraform.warm.configurations import UncertainError, require_single_configurations
from envctl.adapters.terraform.warm.known_programs import KnownPrograms, is_native
from envctl.adapters.terraform.warm.package import CheckedPackage, FileHashes, open_package
from envctl.domain.terraform.provider_lock import H1_PREFIX, shorten_address, split_provider_blocks
from envctl.domain.terraform.workdir_names import LOCK_FILE

# It runs programs on this machine, and hands them its environment.
_PROGRAM_PROVIDER = "/external"


@dataclass(frozen=True)
class Chooser:
    """Finds the packages to start for a stack. `hashes` and `programs` remember what earlier commands found.

    `is_enabled` is False after `--no-warm`.
    """

    hashes: FileHashes
    programs: KnownPrograms
    is_enabled: bool = True

    def choose_packages(
        self, site: Site, binary: Sequence[str], variables: Mapping[str, str]
    ) -> tuple[CheckedPackage, ...]:
        """Return the checked packages of all providers in the lock. Raises UncertainError for the ordinary way."""
        self._require_asked(site)
        self._require_machine(variables)
        self._require_terraform(binary)
        pinned = _read_lock(site)
        _require_usual_providers(site, pinned)
        places = ((each, _find_package(site, each)) for each in pinned)
        return self._open_packages(places, CheckedPackage.require_native)

    def compare_packages(
        self, site: Site, binary: Sequence[str], variables: Mapping[str, str], packages: CachedPackages
    ) -> tuple[CheckedPackage, ...]:
        """Return the checked packages. Raises UncertainError if one of them does not match the lock."""
        self._require_asked(site)
        self._require_machine(variables)
        if not (is_embedded(binary) or is_native(Path(binary[0]))):
            raise UncertainError("the program is a script")
        wanted = [each for each in parse_pinned(packages.lock) if each.address in packages.folders]
        return self._open_packages((each, packages.folders[each.address]) for each in wanted)

    def may_start_early(self, site: Site, binary: Sequence[str], providers: Sequence[PinnedProvider]) -> bool:
        """Return False if `choose_packages` is going to refuse the stack, as far as that is known before its init."""
        try:
            self._require_terraform(binary)
            _require_usual_providers(site, providers)
        except UncertainError:
            return False
        return True

    def explain_start(self, site: Site, binary: Sequence[str], variables: Mapping[str, str]) -> str:
        """Return why Terraform starts the providers of a stack itself; empty if envctl can. Nothing is started."""
        try:
            packages = self.choose_packages(site, binary, variables)
        except UncertainError as reason:
            return str(reason)
        for each in packages:
            each.close()
        return ""

    def _require_asked(self, site: Site) -> None:
        if not self.is_enabled:
            raise UncertainError("--no-warm")
        if not site.stack.warm:
            raise UncertainError("[terraform] warm is false")

    def _require_terraform(self, binary: Sequence[str]) -> None:
        if not is_embedded(binary) and not self.programs.find_version(Path(binary[0])):
            raise UncertainError("the program is not known to be Terraform yet")

    def _require_machine(self, variables: Mapping[str, str]) -> None:
        if sys.platform != "linux" or not hasattr(os, "pidfd_open"):
            raise UncertainError("this system is not Linux")
        asked = {name: variables.get(name, "") for name in (LOG_VARIABLE, *PROVIDER_LOG, "TF_LOG_PATH")}
        if any(value and value != PROVIDER_LOG.get(name) for name, value in asked.items()):
            raise UncertainError("the log of Terraform is asked for (TF_LOG)")
        if find_overrides(variables):
            raise UncertainError("providers are replaced")

    def _open_packages(
        self,
        places: Iterable[tuple[PinnedProvider, Path]],
        check: Callable[[CheckedPackage], None] = lambda _: None,
    ) -> tuple[CheckedPackage, ...]:
        with contextlib.ExitStack() as opened:
            packages: list[CheckedPackage] = []
            for provider, folder in places:
                packages.append(open_package(provider, folder, self.hashes))
                opened.callback(packages[-1].close)
                check(packages[-1])
            opened.pop_all()
            return tuple(packages)


def _find_package(site: Site, provider: PinnedProvider) -> Path:
    name = shorten_address(provider.address)
    if not any(each.startswith(H1_PREFIX) for each in provider.hashes):
        raise UncertainError(f"the lock has no h1 hash of {name}")
    found = list_packages(site.directory / INSTALLED_FOLDER, provider)
    if len(found) != 1:
        raise UncertainError(f"{name} is not installed" if not found else f"{name} is installed twice")
    return found[0]


def _require_usual_providers(site: Site, pinned: Sequence[PinnedProvider]) -> None:
    if any(each.address.endswith(_PROGRAM_PROVIDER) for each in pinned):
        raise UncertainError("it runs a program on this machine (external)")
    try:
        root = {file.name: read_bytes(file) for file in list_code(site.directory)}
        called = [(file.name, read_bytes(file)) for file in list_called_code(site.directory)]
    except OSError:
        raise UncertainError("a code file can't be read") from None
    require_single_configurations(root, called)


def _read_lock(site: Site) -> tuple[PinnedProvider, ...]:
    try:
        lock = read_optional(site.directory / LOCK_FILE)
    except OSError:
        raise UncertainError("its lock can't be read") from None
    pinned = parse_pinned(lock)
    if not pinned:
        raise UncertainError("its lock names no provider")
    if len(pinned) != len(split_provider_blocks(lock)):
        raise UncertainError("its lock can't be read")
    return pinned
