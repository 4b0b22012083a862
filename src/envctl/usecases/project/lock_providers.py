"""`envctl lock-providers`: the project's provider lock, for all stacks and for all platforms that people work on."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from envctl.domain.config.project import Project
from envctl.domain.errors import EnvctlError, OperationFailedError, Problem, UsageError
from envctl.domain.release import lockfile_root
from envctl.domain.release.contents import Release
from envctl.domain.terraform.provider_lock import PLATFORMS, keeping, providers, short, version
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import HashedProviders, PreparedStack
from envctl.usecases.project import load, remote_modules, working_tree

_LEAVE_OUT = "leave those platforms out: --platform, or take providers from a source that has them"
_ONE_PLATFORM = (
    "the sandbox has packages for one platform; for all, and into the project's own lock: leave --sandbox out"
)
_PLATFORM = re.compile(r"[a-z0-9]+_[a-z0-9]+")


@dataclass(frozen=True)
class LockedProvider:
    """One provider, as the lock had it before and has it now; both empty where it has not. `platforms` are those whose
    hashes were fetched, and `lacking` those that it is not to be had for.
    """

    provider: str
    before: str
    after: str
    platforms: tuple[str, ...]
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True)
class LockedProviders:
    """`changed` says that the lock is another one now, or would be. `hint` is how there would be more in it."""

    file: str
    changed: bool
    dry_run: bool
    platforms: tuple[str, ...]
    providers: tuple[LockedProvider, ...]
    hint: str = ""


def lock_providers(
    ports: Ports, platforms: Sequence[str] = (), *, upgrade: bool = False, dry_run: bool = False
) -> tuple[LockedProviders, EnvctlError | None]:
    """An error where a platform that was asked for by its name is not to be had. With `upgrade` the newest versions are
    taken that suit all stacks.
    """
    wanted = _platforms(platforms)
    project = load.project(ports)
    before = ports.tree.read(ports.provider_lock) or b""
    with ports.workspace.lock(lockfile_root.PLACE, "envctl lock-providers"):
        stack = _lay_out(ports, project)
        hashed = ports.terraform.hash_providers(lockfile_root.PLACE, stack, b"" if upgrade else before, wanted)
        after = keeping(before, hashed.lock)
        if after != before and not dry_run:
            ports.tree.write(ports.provider_lock, after)
    found = tuple(_found(before, after, hashed, wanted))
    told = LockedProviders(ports.provider_lock, after != before, dry_run, wanted, found, _hint(ports, found))
    return told, _error(told, named=bool(platforms))


def _platforms(named: Sequence[str]) -> tuple[str, ...]:
    for platform in named:
        if not _PLATFORM.fullmatch(platform):
            hint = f"name an operating system and a processor: --platform {PLATFORMS[0]}"
            raise UsageError(Problem("E347", f"there is no platform {platform!r}", hint))
    return tuple(dict.fromkeys(named)) or PLATFORMS


def _lay_out(ports: Ports, project: Project) -> PreparedStack:
    """All stacks of the working tree, those beside the pipeline too, as one root module."""
    releases = {seen.pipeline.makes_for: _release(ports, seen) for seen in _views(project)}
    regions = any(each.region for each in project.environments.values())
    root = lockfile_root.root_module(releases, ("aws",) if regions else ())
    ports.workspace.lay_code(lockfile_root.PLACE, lockfile_root.code(releases))
    ports.workspace.lay_stack(lockfile_root.PLACE, lockfile_root.NAME, root)
    ports.workspace.lay_modules(lockfile_root.PLACE, lockfile_root.NAME, lockfile_root.record(releases))
    return PreparedStack(lockfile_root.NAME, binary=project.terraform.binary or "")


def _views(project: Project) -> Iterator[Project]:
    if project.stacks:
        yield project
    yield from (project.seen_from(name) for name in project.beside)


def _release(ports: Ports, project: Project) -> Release:
    return remote_modules.complete(ports, project, working_tree.release(ports, project)).release


def _found(before: bytes, after: bytes, hashed: HashedProviders, wanted: Sequence[str]) -> Iterator[LockedProvider]:
    """In the order of their names, with those that nobody needs any more."""
    old, new = _versions(before), _versions(after)
    for address in sorted({*old, *new, *hashed.needed}):
        lacking = hashed.lacking.get(address, ())
        had = tuple(p for p in wanted if p not in lacking) if address in hashed.needed else ()
        yield LockedProvider(address, old.get(address, ""), new.get(address, ""), had, lacking)


def _versions(lock: bytes) -> Mapping[str, str]:
    return {address: version(block) for address, block in providers(lock).items()}


def _hint(ports: Ports, found: Sequence[LockedProvider]) -> str:
    return _ONE_PLATFORM if ports.sandbox and any(each.lacking for each in found) else ""


def _error(told: LockedProviders, *, named: bool) -> EnvctlError | None:
    problems = [
        Problem("E347", f"{_spelled(each)} is not to be had for {', '.join(each.lacking)}", told.hint or _LEAVE_OUT)
        for each in told.providers
        if each.lacking and (named or not each.after)
    ]
    return OperationFailedError(*problems) if problems else None


def _spelled(each: LockedProvider) -> str:
    return f"{short(each.provider)} {each.after}".strip()
