"""Providers that wait: started ahead of a plan, or kept for an apply or a refresh."""

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from envctl.adapters.terraform.process.stack_lock import Site
from envctl.adapters.terraform.scheduler.usage_meter import UsageMeter
from envctl.adapters.terraform.warm.configurations import UncertainError
from envctl.adapters.terraform.warm.package import CheckedPackage
from envctl.adapters.terraform.warm.provider_process import WarmProvider


@dataclass
class EarlyProviders:
    """The providers of a stack, started while its `init` runs or credentials are checked, each with its open package.

    `variables` are those that make a difference for them.
    """

    site: Site
    variables: Mapping[str, str]
    started: dict[str, tuple[CheckedPackage, WarmProvider]] = field(default_factory=dict)

    @staticmethod
    def start(
        site: Site, packages: Iterable[CheckedPackage], given: Mapping[str, str], compared: Mapping[str, str]
    ) -> "EarlyProviders":
        """Start the providers of these packages. One that can't be started is left to the plan."""
        early = EarlyProviders(site, compared)
        for package in packages:
            try:
                package.require_native()
                early.started[package.provider.address] = package, WarmProvider(package, site.directory, given)
            except (OSError, UncertainError):
                package.close()
        return early

    @property
    def processes(self) -> tuple[int, ...]:
        """The keepers, which are the parents of the providers."""
        return tuple(provider.keeper for _, provider in self.started.values())

    def take_provider(self, package: CheckedPackage, variables: Mapping[str, str]) -> WarmProvider | None:
        """Return the provider with these variables and with the very files of this package, now checked against it."""
        known, provider = self.started.get(package.provider.address, (None, None))
        if known is None or provider is None or self.variables != variables or known.files != package.files:
            return None
        del self.started[package.provider.address]
        provider.replace_package(package)
        known.close()
        return provider

    def release_all(self) -> list[WarmProvider]:
        """Close the packages, and return the providers for their end."""
        providers = []
        while self.started:
            package, provider = self.started.popitem()[1]
            with contextlib.suppress(OSError):
                package.close()
            providers.append(provider)
        return providers


class WaitingStacks:
    """The stacks whose providers are kept for a later command, at most `most`, by their folders.

    `meter` counts their processes. Call it under a lock.
    """

    def __init__(self, meter: UsageMeter, most: int) -> None:
        self._meter = meter
        self._most = most
        # Whether a stack is planned, and not applied: its apply needs the providers more than a refresh does.
        self._planned: dict[Path, bool] = {}

    def __contains__(self, directory: Path) -> bool:
        return directory in self._planned

    def __len__(self) -> int:
        return len(self._planned)

    @property
    def has_room(self) -> bool:
        return len(self) < self._most

    def find_applied(self) -> Path | None:
        """Return the stack that waits longest for a refresh alone."""
        return next((directory for directory, planned in self._planned.items() if not planned), None)

    def add_stack(self, directory: Path, processes: Sequence[int], *, planned: bool) -> None:
        self._planned[directory] = planned
        self._meter.waiting[os.fspath(directory)] = tuple(processes)

    def remove_stack(self, directory: Path) -> None:
        self._planned.pop(directory, None)
        self._meter.waiting.pop(os.fspath(directory), None)
