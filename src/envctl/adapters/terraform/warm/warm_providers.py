"""The warm providers of one command: started for a stack, shared by its Terraform processes, and ended."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from envctl.adapters.terraform.process.hand_over import CachedPackages, HandOver, ProviderNotReadyError
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.adapters.terraform.scheduler.usage_meter import UsageMeter
from envctl.adapters.terraform.warm.choice import Chooser
from envctl.adapters.terraform.warm.configurations import UncertainError
from envctl.adapters.terraform.warm.gate import Gate
from envctl.adapters.terraform.warm.handshake import KnownProtocols, ProviderAddress, format_addresses
from envctl.adapters.terraform.warm.known_programs import KnownPrograms
from envctl.adapters.terraform.warm.package import CheckedPackage, FileHashes
from envctl.adapters.terraform.warm.provider_process import WarmProvider
from envctl.adapters.terraform.warm.waiting_providers import EarlyProviders, WaitingStacks
from envctl.usecases.ports.terraform import Tracer

if TYPE_CHECKING:
    from envctl.adapters.terraform.process.process import ProcessResult

# Commands that need the schema of a provider. After the first two, another command of the stack may follow.
_LASTING = ("plan", "show")
_USING = (*_LASTING, "apply", "import")
# Not for a provider: values of variables, and what differs between a plan and an apply without a meaning for it.
_WITHHELD_PREFIX = "TF_VAR_"
_TUNING = frozenset({"GOGC", "GOMEMLIMIT", "GOMAXPROCS"})


@dataclass
class _StackProviders:
    site: Site
    variables: Mapping[str, str]
    packages: tuple[CheckedPackage, ...]
    providers: tuple[WarmProvider, ...]
    addresses: tuple[ProviderAddress, ...] = ()  # empty until all of them listen
    _is_closed: bool = False

    def await_addresses(self, is_stopped: Callable[[], bool]) -> None:
        """Raises OSError or UncertainError if a provider does not start, and ends all of them."""
        try:
            found = tuple(filter(None, (each.await_address(is_stopped) for each in self.providers)))
            if len(found) < len(self.providers):
                raise UncertainError("a provider did not start, or its package changed")
            self.addresses = found
        finally:
            self.close_packages()

    def link_addresses(self) -> tuple[ProviderAddress, ...]:
        """Return the addresses for one Terraform. Without a link, Terraform reports that the provider has ended."""
        try:
            return tuple(map(WarmProvider.link_address, self.providers, self.addresses))
        except OSError:
            return self.addresses

    def close_packages(self) -> None:
        """Close the programs, which are needed until all providers listen."""
        if not self._is_closed:
            self._is_closed = True
            for package in self.packages:
                package.close()

    def is_usable(self, variables: Mapping[str, str]) -> bool:
        return self.variables == variables and all(each.is_alive() for each in self.providers)


class WarmProviders:
    """Start and end the warm providers of a command.

    Args:
        cache: the folder for what one command remembers for the next.
        meter: counts the memory of providers that wait.
        max_waiting: how many stacks may keep providers between two commands, such as their plan and their apply.
        is_stopped: whether the user has stopped the command.
        is_enabled: whether providers may be started at all.
    """

    def __init__(
        self,
        cache: Path,
        trace: Tracer,
        meter: UsageMeter,
        max_waiting: int,
        is_stopped: Callable[[], bool],
        *,
        is_enabled: bool = True,
    ) -> None:
        programs, hashes = KnownPrograms(cache / "programs.json"), FileHashes(cache / "hashes.json")
        self._chooser = Chooser(hashes, programs, is_enabled)
        self.explain_start, self.record_program = self._chooser.explain_start, programs.add_program
        # The next comparison of a package remembers its hash.
        self.hash_package, self.hash_file = hashes.hash_package, hashes.hash_file
        self._protocols = KnownProtocols(cache / "protocols.json")
        self._refused: dict[Path, UncertainError] = {}
        self._trace = trace
        self._meter = meter
        self._is_stopped = is_stopped
        self._running: dict[Path, _StackProviders] = {}
        self._early: dict[Path, EarlyProviders] = {}
        self._max_waiting = max_waiting
        self._waiting = WaitingStacks(meter, max_waiting)
        # The stacks whose state is refreshed after their apply.
        self._refreshed: set[Path] = set()
        self._ending: list[WarmProvider] = []
        self._lock = threading.RLock()

    def __del__(self) -> None:
        # A process may create several drivers: the providers end with theirs.
        self.end_all()

    @contextlib.contextmanager
    def hand_over(
        self, site: Site, command: str, program: Sequence[str], variables: Mapping[str, str]
    ) -> Iterator[HandOver]:
        """Yield what this process gets. After a command that none of the same stack follows, the providers end."""
        stack = self._find_stack(site, command, program, variables) if command in _USING else None
        if stack is None:
            yield HandOver()
            return
        lifelines = tuple(each.lifeline for each in stack.providers)
        try:
            if stack.addresses:
                processes = tuple(each.pid for each in stack.addresses)
                yield HandOver(format_addresses(stack.link_addresses()), lifelines, processes)
                return
            versions = [self._protocols.find_version(each.provider) for each in stack.packages]
            announced = tuple(
                provider.announce_address(version or 0)
                for provider, version in zip(stack.providers, versions, strict=True)
            )
            with contextlib.closing(Gate()) as gate:
                yield HandOver(
                    format_addresses(announced),
                    (*lifelines, gate.reader),
                    tuple(each.pid for each in announced),
                    gate.words,
                    partial(self._open_gate, stack, gate, announced),
                )
        finally:
            stack.close_packages()
            if not (command in _LASTING or (command == "apply" and self._keep_for_refresh(site))):
                self.end_stack(site)

    def _open_gate(self, stack: _StackProviders, gate: Gate, announced: Sequence[ProviderAddress]) -> None:
        """Let Terraform go on once all providers listen as announced."""
        try:
            stack.await_addresses(self._is_stopped)
            for provider, address, expected in zip(stack.providers, stack.addresses, announced, strict=True):
                if address.protocol != expected.protocol:
                    self._record_protocols(stack)
                    raise UncertainError("a provider has another protocol than in an earlier run")  # noqa: TRY301
                provider.link_address(address)
        except (OSError, UncertainError) as error:
            gate.refuse()
            self._leave_to_terraform(stack.site, UncertainError(str(error)))
            raise ProviderNotReadyError(str(error)) from None
        gate.release()

    def leave_unused(self, site: Site) -> str:
        reason = UncertainError("a provider ended before Terraform used it")
        self._leave_to_terraform(site, reason)
        return str(reason)

    def _leave_to_terraform(self, site: Site, reason: UncertainError) -> None:
        self._refused[site.directory] = reason
        self.end_stack(site)

    def prepare_stack(
        self,
        site: Site,
        program: Sequence[str],
        variables: Mapping[str, str],
        packages: CachedPackages,
    ) -> bool:
        """Return whether the packages match the lock. Then start the likely ones, if few others wait."""
        given, compared = _select_variables(variables)
        unit = site.unit
        try:
            with self._trace.span("comparison of packages", unit):
                checked = self._chooser.compare_packages(site, program, given, packages)
        except (OSError, UncertainError) as reason:
            with self._trace.span(f"ordinary init: {reason}", unit):
                return False
        wanted = [each.provider for each in checked if each.provider.address in packages.likely]
        is_early = bool(wanted) and self._chooser.may_start_early(site, program, wanted)
        with self._lock:
            waiting = len(self._waiting) + len(self._early)
            if is_early and waiting < self._max_waiting and site.directory not in {*self._early, *self._running}:
                started = [each for each in checked if each.provider in wanted]
                self._add_early(EarlyProviders.start(site, started, given, compared))
                checked = tuple(each for each in checked if each.provider not in wanted)
        for each in checked:
            each.close()
        return True

    def start_early(self, site: Site, program: Sequence[str], variables: Mapping[str, str]) -> None:
        """Start the providers of an initialized stack for its next run, which decides anew whether it takes them."""
        given, compared = _select_variables(variables)
        if len(self._early) >= self._max_waiting:
            return
        try:
            packages = self._chooser.choose_packages(site, program, given)
            self._add_early(EarlyProviders.start(site, packages, given, compared))
        except (OSError, UncertainError):
            # The run names the reason.
            return

    def _add_early(self, early: EarlyProviders) -> None:
        with self._lock:
            self._early[early.site.directory] = early
            self._meter.waiting[_name_early(early.site)] = early.processes

    def explain_failure(self, site: Site, result: ProcessResult) -> ProcessResult:
        """Return the failed result with the words of Terraform for providers that ended by themselves."""
        with self._lock:
            stack = self._running.get(site.directory)
        if stack is None:
            return result
        from envctl.adapters.terraform.warm.death_reports import add_reports

        deaths = [each.find_death() for each in stack.providers]
        self.end_stack(site)
        return add_reports(result, filter(None, deaths))

    def keep_stack(self, site: Site) -> None:
        """Keep the providers of a planned stack for its apply, if few others wait."""
        with self._lock:
            applied = None if self._waiting.has_room else self._waiting.find_applied()
            if applied:
                self._end_running(self._running[applied].site)
            if self._add_waiting(site, planned=True):
                return
        self.end_stack(site)

    def expect_refresh(self, site: Site) -> None:
        """Keep the providers of a stack after its next apply too, if few others wait."""
        with self._lock:
            self._refreshed.add(site.directory)

    def _keep_for_refresh(self, site: Site) -> bool:
        with self._lock:
            if site.directory not in self._refreshed:
                return False
            self._refreshed.discard(site.directory)
            return self._add_waiting(site, planned=False)

    def _add_waiting(self, site: Site, *, planned: bool) -> bool:
        stack = self._running.get(site.directory)
        if stack is None or not self._waiting.has_room:
            return False
        self._waiting.add_stack(site.directory, [each.pid for each in stack.addresses], planned=planned)
        return True

    def end_stack(self, site: Site) -> None:
        self._end_early(site)
        self._end_running(site)

    def release_stack(self, site: Site) -> None:
        with self._lock:
            stack = self._running.get(site.directory)
        for each in stack.providers if stack else ():
            each.release()

    def end_environment(self, environment: str) -> None:
        for site in self._list_sites():
            if site.environment == environment:
                self.end_stack(site)
        self._await_ends()

    def end_unkept(self) -> None:
        """End the providers of all stacks that nothing follows: neither an apply nor the first plan after an init."""
        with self._lock:
            sites = [stack.site for directory, stack in self._running.items() if directory not in self._waiting]
        for site in sites:
            self._end_running(site)
        self._await_ends()

    def end_all(self) -> None:
        """End all providers, and wait until they are gone."""
        for site in self._list_sites():
            self.end_stack(site)
        self._await_ends()

    def _await_ends(self) -> None:
        with self._lock:
            ending, self._ending = self._ending, []
        for each in ending:
            each.await_end()

    def _list_sites(self) -> list[Site]:
        with self._lock:
            return [*(each.site for each in self._running.values()), *(each.site for each in self._early.values())]

    def _end_early(self, site: Site) -> None:
        with self._lock:
            early = self._early.pop(site.directory, None)
            self._meter.waiting.pop(_name_early(site), None)
        if early:
            self._end_providers(early.release_all())

    def _end_running(self, site: Site) -> None:
        with self._lock:
            self._waiting.remove_stack(site.directory)
            stack = self._running.pop(site.directory, None)
        self._end_providers(stack.providers if stack else ())

    def _end_providers(self, providers: Sequence[WarmProvider]) -> None:
        with self._lock:
            self._ending = [each for each in self._ending if not each.has_ended()]
            self._ending += providers
        for each in providers:
            each.end()

    def _find_stack(
        self, site: Site, command: str, program: Sequence[str], variables: Mapping[str, str]
    ) -> _StackProviders | None:
        given, compared = _select_variables(variables)
        with self._lock:
            self._waiting.remove_stack(site.directory)
            running = self._running.get(site.directory)
        # Other commands than `show` read the code anew, which may have changed.
        is_usable = running is not None and running.is_usable(compared)
        if running and is_usable and (command == "show" or self._is_choice(running.packages, site, program, given)):
            return running
        self._end_running(site)
        unit = site.unit
        try:
            # A provider of this stack did not start beside its Terraform.
            if reason := self._refused.pop(site.directory, None):
                raise reason
            with self._trace.span("check of providers", unit):
                packages = self._chooser.choose_packages(site, program, given)
            with self._trace.span("providers", unit):
                stack = self._start_stack(site, packages, given, compared)
                if command != "plan" or not all(
                    map(self._protocols.find_version, (each.provider for each in packages))
                ):
                    self._await_addresses(stack)
        except UncertainError as reason:
            with self._trace.span(f"ordinary start of providers: {reason}", unit):
                return None
        finally:
            # What the init did not need after all.
            self._end_early(site)
        with self._lock:
            self._running[site.directory] = stack
        return stack

    def _is_choice(
        self, packages: Sequence[CheckedPackage], site: Site, program: Sequence[str], given: Mapping[str, str]
    ) -> bool:
        """Return whether the packages would be chosen now."""
        try:
            chosen = self._chooser.choose_packages(site, program, given)
        except (OSError, UncertainError):
            return False
        for each in chosen:
            each.close()
        return len(chosen) == len(packages) and all(map(CheckedPackage.is_same, chosen, packages))

    def _start_stack(
        self, site: Site, packages: Sequence[CheckedPackage], given: Mapping[str, str], compared: Mapping[str, str]
    ) -> _StackProviders:
        providers: list[WarmProvider] = []
        try:
            # One by one: those that run must be known if the next one can't be started.
            for package in packages:
                early = self._early.get(site.directory)
                provider = early.take_provider(package, compared) if early else None
                providers.append(provider or WarmProvider(package, site.directory, given))
        except OSError as error:
            self._end_providers(providers)
            for package in packages:
                package.close()
            raise UncertainError(str(error)) from None
        return _StackProviders(site, compared, tuple(packages), tuple(providers))

    def _await_addresses(self, stack: _StackProviders) -> None:
        try:
            stack.await_addresses(self._is_stopped)
        except (OSError, UncertainError) as error:
            self._end_providers(stack.providers)
            raise UncertainError(str(error)) from None
        self._record_protocols(stack)

    def _record_protocols(self, stack: _StackProviders) -> None:
        for package, address in zip(stack.packages, stack.addresses, strict=True):
            self._protocols.add_version(package.provider, address.protocol)


def _name_early(site: Site) -> str:
    """Return the name of the early providers of a stack for the meter; those that wait for its apply have another."""
    return f"{site.directory} early"


def _select_variables(variables: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the variables for a provider, and those of them that make a difference for it."""
    given = {name: value for name, value in variables.items() if not name.startswith(_WITHHELD_PREFIX)}
    return given, {name: value for name, value in given.items() if name not in _TUNING}
