"""Runs of `terraform providers lock`: hashes of providers for any platforms.

The command ignores plugin cache and mirrors of the CLI configuration, so it gets the mirrors as flags. It adds all
hashes or none, so after a missing package each provider and platform is tried alone.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from envctl.adapters.disk.files import write_bytes
from envctl.adapters.terraform.environment import cli_configuration
from envctl.adapters.terraform.init.init_stamp import read_optional
from envctl.adapters.terraform.launcher import Launcher, check_result
from envctl.adapters.terraform.process.arguments import Command
from envctl.adapters.terraform.process.disk_errors import translate_disk_errors
from envctl.adapters.terraform.process.json_events import Transcript
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.command_lines import format_command
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.terraform.provider_lock import keep_providers, read_version, shorten_address, split_provider_blocks
from envctl.domain.terraform.version_constraints import is_version_allowed
from envctl.domain.terraform.workdir_names import LOCK_FILE, PLUGIN_VIEW_FOLDER
from envctl.usecases.ports.terraform import HashedProviders

_MODULE = re.compile(r"^(?P<indent>[│├└─\s]*)module\.(?P<name>\S+)$")
_PROVIDER = re.compile(r"provider\[(?P<address>[^\]]+)\] ?(?P<asked>.*)$")
_FLAGS = {"filesystem": "-fs-mirror", "network": "-net-mirror"}
_BUILT_IN = "terraform.io/builtin/"
_NO_PACKAGE = re.compile(r"does not have a package of|is not available for")
_NO_VERSION = re.compile(r"no available releases match|does not match configured version|is no longer available")
_CONFLICT_HINT = "make their constraints agree: a project has one lock, with one version of each provider"


_Constraints = Mapping[str, Mapping[str, Sequence[str]]]
"""Provider constraints of all stacks, by stack and by provider address."""


def lock_providers(launcher: Launcher, site: Site, known: bytes, platforms: Sequence[str]) -> HashedProviders:
    """Return a provider lock with hashes of all platforms, and the missing platforms by provider.

    Raises OperationFailedError if the versions in `known` (E348) or any versions (E349) conflict with a constraint.
    """
    with translate_disk_errors(site.directory):
        # With a lock, `terraform providers` demands installed providers.
        (site.directory / LOCK_FILE).unlink(missing_ok=True)
        # Terraform demands an existing plugin cache. This empty one stays unused.
        plugins = site.directory / PLUGIN_VIEW_FOLDER
        plugins.mkdir(exist_ok=True)
    site = replace(site, plugins=plugins)
    _capture_command(launcher, site, "get")
    locking = _LockBuilder(launcher, site, _parse_constraints(_capture_command(launcher, site, "providers")))
    if known:
        with translate_disk_errors(site.directory):
            write_bytes(site.directory / LOCK_FILE, known)
    missing: dict[str, tuple[str, ...]] = {}
    for source, addresses in _group_by_source(launcher, site, locking.addresses).items():
        if not locking.add_hashes(source, addresses, platforms):
            for address in addresses:
                failed = [each for each in platforms if not locking.add_hashes(source, [address], [each])]
                missing[address] = tuple(failed)
    needed, lock = locking.addresses, read_optional(site.directory / LOCK_FILE)
    return HashedProviders(keep_providers(lock, needed), needed, {name: each for name, each in missing.items() if each})


@dataclass(frozen=True)
class _LockBuilder:
    launcher: Launcher
    site: Site
    constraints: _Constraints

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(sorted({address for each in self.constraints.values() for address in each}))

    def add_hashes(self, source: Sequence[str], addresses: Sequence[str], platforms: Sequence[str]) -> bool:
        """Add hashes to the lock. Return False, without any, if one provider has no package for one platform."""
        words = [*source, *(f"-platform={platform}" for platform in platforms), *addresses]
        result, _ = self.launcher.capture_command(self.site, "providers lock", *words, alone=True, no_color=True)
        # Errors are wrapped at 78 characters.
        output = " ".join(result.errors.split())
        if result.code and not result.interrupted:
            if _NO_VERSION.search(output):
                raise OperationFailedError(*self._explain_conflicts(output))
            if _NO_PACKAGE.search(output):
                return False
        check_result(result, Transcript(), self.site, "providers lock")
        return True

    def _explain_conflicts(self, output: str) -> list[Problem]:
        """Return a problem for each provider without a version for all stacks, with their constraints."""
        blocks = split_provider_blocks(read_optional(self.site.directory / LOCK_FILE))
        locked = {address: read_version(block) for address, block in blocks.items()}
        named = [address for address in self.addresses if f"- {address}: " in output]
        problems = [_conflict_problem(address, self.constraints, locked.get(address, ""), output) for address in named]
        return problems or [Problem("E349", f"no provider versions match all stacks: {output}", _CONFLICT_HINT)]


def _conflict_problem(address: str, constraints: _Constraints, pinned: str, output: str) -> Problem:
    name = shorten_address(address)
    if pinned and "no longer available" in output:
        message = f"{name} {pinned} in the lock is not available from the provider source"
        return Problem("E348", message, format_command("lock-providers", upgrade=True))
    asks = sorted((stack, asked) for stack, each in constraints.items() for asked in each.get(address, ()) if asked)
    asks = [(stack, asked) for stack, asked in asks if not (pinned and is_version_allowed(asked, pinned))]
    text = "; ".join(f"{stack} asks for {asked}" for stack, asked in dict.fromkeys(asks))
    reasons = f": {text}" if text else ""
    if pinned:
        message = f"the lock pins {name} {pinned}, but not all stacks accept it{reasons}"
        return Problem("E348", message, format_command("lock-providers", upgrade=True))
    return Problem("E349", f"no available version of {name} matches all stacks{reasons}", _CONFLICT_HINT)


def _group_by_source(launcher: Launcher, site: Site, addresses: Sequence[str]) -> dict[tuple[str, ...], list[str]]:
    """Group provider addresses by the flag for their mirror, empty for the registry."""
    methods = cli_configuration.parse_install_methods(launcher.build_environment(site.stack))
    found: dict[tuple[str, ...], list[str]] = {}
    for address in addresses:
        method = next((each for each in methods if each.can_provide(address)), None)
        flag = _FLAGS.get(method.kind) if method else None
        found.setdefault((f"{flag}={method.where}",) if method and flag else (), []).append(address)
    return found


def _parse_constraints(text: str) -> _Constraints:
    """Parse the tree of `terraform providers`. Its first level are the stacks."""
    asked: dict[str, dict[str, list[str]]] = {}
    stack = ""
    for line in text.splitlines():
        if (module := _MODULE.match(line)) and len(module["indent"]) <= len("├── "):
            stack = module["name"]
        elif (found := _PROVIDER.search(line)) and not found["address"].startswith(_BUILT_IN):
            # Providers of the root module come before all stacks.
            at_root = line.startswith(("├── provider", "└── provider"))
            needed = asked.setdefault("the project" if at_root else stack, {})
            needed.setdefault(found["address"], []).append(found["asked"].strip())
    return asked


def _capture_command(launcher: Launcher, site: Site, command: Command) -> str:
    result, output = launcher.capture_command(site, command, alone=True, no_color=True)
    check_result(result, Transcript(), site, command)
    return output
