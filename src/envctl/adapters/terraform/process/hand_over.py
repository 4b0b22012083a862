"""Interface between a Terraform process and the providers that run already for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from envctl.adapters.terraform.process.process import ProcessResult
    from envctl.adapters.terraform.process.stack_lock import Site


@dataclass(frozen=True)
class HandOver:
    """What one Terraform process gets: variables, descriptors, and its providers. Without any, it starts its own.

    Attributes:
        words: further words of the command line.
        on_start: to be called once the process runs. Raises ProviderNotReadyError.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    descriptors: tuple[int, ...] = ()
    processes: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    on_start: Callable[[], None] = lambda: None


class ProviderNotReadyError(Exception):
    """A provider did not start, or ended, before its use. Nothing has happened; the next run goes the ordinary way."""


@dataclass(frozen=True)
class CachedPackages:
    """Packages in the plugin cache for the init of a stack.

    Attributes:
        lock: the provider lock, which holds their hashes.
        folders: the packages by provider address.
        likely: the addresses that the code very likely uses.
    """

    lock: bytes
    folders: Mapping[str, Path]
    likely: Collection[str]


class RunningProviders(Protocol):
    def hand_over(
        self, site: Site, command: str, program: Sequence[str], variables: Mapping[str, str]
    ) -> AbstractContextManager[HandOver]:
        """Return what this process gets, for its life."""

    def explain_failure(self, site: Site, result: ProcessResult) -> ProcessResult:
        """Return the failed result with the reports of providers that ended by themselves, and end the others."""

    def leave_unused(self, site: Site) -> str:
        """End the providers of a stack of which one ended unused; the next run goes the ordinary way. Return why."""

    def prepare_stack(
        self,
        site: Site,
        program: Sequence[str],
        variables: Mapping[str, str],
        packages: CachedPackages,
    ) -> bool:
        """Return whether the packages match the lock by all bytes; then start the likely ones: a plan follows."""

    def start_early(self, site: Site, program: Sequence[str], variables: Mapping[str, str]) -> None:
        """Start the providers of an initialized stack for its next run, and do not wait for them."""

    def release_stack(self, site: Site) -> None:
        """Let the providers of a stack end while its Terraform still runs; `explain_failure` still knows them."""

    def end_stack(self, site: Site) -> None:
        """End all providers of a stack."""

    def record_program(self, program: Path, version: str) -> None:
        """Remember that a program reported itself as this version of Terraform."""
