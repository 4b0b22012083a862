"""`terraform providers lock`: the hashes of providers for platforms that this machine need not be one of.

It heeds neither the plugin cache nor the mirrors that Terraform's own configuration names, and so is told of those.
Where a platform can't be had for one provider, each is asked for alone: it gives all or nothing.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from envctl.adapters.disk.reading import read_bytes
from envctl.adapters.disk.writing import write_bytes
from envctl.adapters.terraform.environment import cli_configuration
from envctl.adapters.terraform.init.install import VIEW
from envctl.adapters.terraform.launcher import Launcher, check
from envctl.adapters.terraform.process.disk_errors import room
from envctl.adapters.terraform.process.json_events import Transcript
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.terraform.provider_lock import only, providers, short, version
from envctl.domain.terraform.version_constraints import allows
from envctl.domain.terraform.workdir_names import LOCK_FILE
from envctl.usecases.ports.terraform import HashedProviders

_MODULE = re.compile(r"^(?P<indent>[│├└─\s]*)module\.(?P<name>\S+)$")
_PROVIDER = re.compile(r"provider\[(?P<address>[^\]]+)\] ?(?P<asked>.*)$")
_FLAGS = {"filesystem": "-fs-mirror", "network": "-net-mirror"}
_BUILT_IN = "terraform.io/builtin/"
_NOT_THERE = re.compile(r"does not have a package of|is not available for")
_NO_VERSION = re.compile(r"no available releases match|does not match configured version|is no longer available")
_AGREE = "make their constraints agree: a project has one lock, and it holds one version of each provider"


@dataclass(frozen=True)
class _Needed:
    """What each stack asks for, as constraints by the address of the provider."""

    asked: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(sorted({address for each in self.asked.values() for address in each}))


def lock(launcher: Launcher, site: Site, known: bytes, platforms: Sequence[str]) -> HashedProviders:
    """For all that the root module needs. Raises OperationFailedError: E348 where the versions of `known` do not suit,
    E349 where none do.
    """
    with room(site.directory):
        # Terraform would want what it pins to be installed, only to say what is needed.
        (site.directory / LOCK_FILE).unlink(missing_ok=True)
        # One has to be there, and none is used.
        nothing = site.directory / VIEW
        nothing.mkdir(exist_ok=True)
    site = replace(site, plugins=nothing)
    _ask(launcher, site, "get")
    locking = _Locking(launcher, site, _read(_ask(launcher, site, "providers")))
    if known:
        with room(site.directory):
            write_bytes(site.directory / LOCK_FILE, known)
    lacking: dict[str, tuple[str, ...]] = {}
    for source, addresses in _by_source(launcher, site, locking.needed.addresses).items():
        if not locking.add(source, addresses, platforms):
            for address in addresses:
                lacking[address] = tuple(each for each in platforms if not locking.add(source, [address], [each]))
    needed = locking.needed.addresses
    return HashedProviders(
        only(locking.written(), needed), needed, {name: each for name, each in lacking.items() if each}
    )


@dataclass(frozen=True)
class _Locking:
    launcher: Launcher
    site: Site
    needed: _Needed

    def add(self, source: Sequence[str], addresses: Sequence[str], platforms: Sequence[str]) -> bool:
        """To the lock, unless one of them is not to be had for one of the platforms."""
        words = [*source, *(f"-platform={platform}" for platform in platforms), *addresses]
        ended, _ = self.launcher.ask(self.site, "providers lock", *words, alone=True, no_color=True)
        # It is told in lines of 78 letters.
        said = " ".join(ended.errors.split())
        if ended.code and not ended.interrupted:
            if _NO_VERSION.search(said):
                raise OperationFailedError(*self._unsuitable(said))
            if _NOT_THERE.search(said):
                return False
        check(ended, Transcript(), self.site, "providers lock")
        return True

    def written(self) -> bytes:
        file = self.site.directory / LOCK_FILE
        return read_bytes(file) if file.exists() else b""

    def _unsuitable(self, said: str) -> list[Problem]:
        """Which stacks stand against each other, or against the lock, in their own words."""
        locked = {address: version(block) for address, block in providers(self.written()).items()}
        named = [address for address in self.needed.addresses if f"- {address}: " in said]
        problems = [_problem(address, self.needed, locked.get(address, ""), said) for address in named]
        return problems or [Problem("E349", f"no versions of the providers suit all stacks: {said}", _AGREE)]


def _problem(address: str, needed: _Needed, pinned: str, said: str) -> Problem:
    if pinned and "no longer available" in said:
        message = f"{short(address)} {pinned}, which the lock pins, is not to be had where providers are taken from"
        return Problem("E348", message, "envctl lock-providers --upgrade")
    asking = sorted((stack, asked) for stack, each in needed.asked.items() for asked in each.get(address, ()) if asked)
    if pinned:
        told = _told((stack, asked) for stack, asked in asking if not allows(asked, pinned))
        message = f"the lock pins {short(address)} {pinned}, and that does not suit all stacks{told}"
        return Problem("E348", message, "envctl lock-providers --upgrade")
    return Problem("E349", f"no version of {short(address)} that can be had suits all stacks{_told(asking)}", _AGREE)


def _told(asking: Iterable[tuple[str, str]]) -> str:
    told = "; ".join(f"{stack} asks for {asked}" for stack, asked in dict.fromkeys(asking))
    return f": {told}" if told else ""


def _by_source(launcher: Launcher, site: Site, addresses: Sequence[str]) -> dict[tuple[str, ...], list[str]]:
    """What is told of where to look, with the providers to look for there: a mirror, or nothing of it."""
    methods = cli_configuration.methods(launcher.environment(site.stack))
    found: dict[tuple[str, ...], list[str]] = {}
    for address in addresses:
        method = next((each for each in methods if each.has(address)), None)
        flag = _FLAGS.get(method.kind) if method else None
        found.setdefault((f"{flag}={method.where}",) if method and flag else (), []).append(address)
    return found


def _read(told: str) -> _Needed:
    """From the tree that `terraform providers` draws. Its first level are the stacks."""
    asked: dict[str, dict[str, list[str]]] = {}
    stack = ""
    for line in told.splitlines():
        if (module := _MODULE.match(line)) and len(module["indent"]) <= len("├── "):
            stack = module["name"]
        elif (found := _PROVIDER.search(line)) and not found["address"].startswith(_BUILT_IN):
            # A provider of the root module itself stands before all of them.
            at_root = line.startswith(("├── provider", "└── provider"))
            of = asked.setdefault("the project" if at_root else stack, {})
            of.setdefault(found["address"], []).append(found["asked"].strip())
    return _Needed(asked)


def _ask(launcher: Launcher, site: Site, command: str) -> str:
    ended, said = launcher.ask(site, command, alone=True, no_color=True)
    check(ended, Transcript(), site, command)
    return said
