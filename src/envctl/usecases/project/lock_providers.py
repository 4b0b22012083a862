"""`envctl lock-providers`: the provider lock of the project, for all stacks and platforms."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from envctl.domain.command_lines import format_command
from envctl.domain.errors import EnvctlError, OperationFailedError, Problem, UsageError
from envctl.domain.release.bundle import Release
from envctl.domain.release.rendering import lockfile_root
from envctl.domain.terraform import provider_lock
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import HashedProviders, PreparedStack
from envctl.usecases.project import project_file, remote_modules, working_tree

_LEAVE_OUT_HINT = "leave those platforms out: --platform, or use a provider source with all of them"
_ONE_PLATFORM_HINT = "the sandbox has packages for one platform; to lock all, leave --sandbox out"
_PLATFORM = re.compile(r"[a-z0-9]+_[a-z0-9]+")


@dataclass(frozen=True)
class LockedProvider:
    """A provider's change; versions are empty if absent. Hashes are for `platforms`; `lacking` have no package."""

    provider: str
    before: str
    after: str
    platforms: tuple[str, ...]
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True)
class LockedProviders:
    """Result. `changed` compares the lock before and after. `hint` tells how to fill the gaps."""

    file: str
    changed: bool
    dry_run: bool
    platforms: tuple[str, ...]
    providers: tuple[LockedProvider, ...]
    hint: str = ""


def lock_providers(
    ports: Ports, platforms: Sequence[str] = (), *, upgrade: bool = False, dry_run: bool = False
) -> tuple[LockedProviders, EnvctlError | None]:
    """Update the provider lock; with `upgrade`, to the newest versions fitting all stacks. Returns an error if a
    provider has no package for a named platform.
    """
    wanted = _select_platforms(platforms)
    project = project_file.load_project(ports)
    before = ports.tree.read_contents(ports.provider_lock) or b""
    with ports.workspace.lock_environment(lockfile_root.ENVIRONMENT_NAME, format_command("lock-providers")):
        stack = _write_lock_root(Context(ports, project))
        known = b"" if upgrade else before
        hashed = ports.terraform.hash_providers(lockfile_root.ENVIRONMENT_NAME, stack, known, wanted)
        after = provider_lock.keep_known_hashes(before, hashed.lock)
        if after != before and not dry_run:
            ports.tree.write_contents(ports.provider_lock, after)
    found = tuple(_compare_locks(before, after, hashed, wanted))
    hint = _ONE_PLATFORM_HINT if ports.sandbox and any(each.lacking for each in found) else ""
    result = LockedProviders(ports.provider_lock, after != before, dry_run, wanted, found, hint)
    return result, _missing_platforms_error(result, named=bool(platforms))


def _select_platforms(named: Sequence[str]) -> tuple[str, ...]:
    for platform in named:
        if not _PLATFORM.fullmatch(platform):
            hint = f"use OS_ARCH, for example: --platform {provider_lock.PLATFORMS[0]}"
            raise UsageError(Problem("E347", f"unknown platform {platform!r}", hint))
    return tuple(dict.fromkeys(named)) or provider_lock.PLATFORMS


def _write_lock_root(context: Context) -> PreparedStack:
    """Write all stacks of the working tree, standalone ones too, as one root module."""
    ports, project = context.ports, context.project
    releases: dict[str, Release] = {}
    for view in (*((project,) if project.stacks else ()), *map(project.view_for, project.standalone)):
        release = remote_modules.complete_release(
            Context(ports, view), working_tree.build_release(Context(ports, view))
        ).release
        releases[view.pipeline.standalone_name] = release
    regions = any(each.region for each in project.environments.values())
    root = lockfile_root.render_lockfile_root(releases, ("aws",) if regions else ())
    place = (lockfile_root.ENVIRONMENT_NAME, lockfile_root.STACK_NAME)
    ports.workspace.write_code(lockfile_root.ENVIRONMENT_NAME, lockfile_root.collect_code(releases))
    ports.workspace.write_stack(*place, root)
    ports.workspace.write_module_record(*place, lockfile_root.merge_module_records(releases))
    return PreparedStack(lockfile_root.STACK_NAME, binary=project.terraform.binary or "")


def _compare_locks(
    before: bytes, after: bytes, hashed: HashedProviders, wanted: Sequence[str]
) -> Iterator[LockedProvider]:
    """Compare both locks, by provider name, including providers no longer needed."""
    old, new = parse_versions(before), parse_versions(after)
    for address in sorted({*old, *new, *hashed.needed}):
        lacking = hashed.lacking.get(address, ())
        had = tuple(p for p in wanted if p not in lacking) if address in hashed.needed else ()
        yield LockedProvider(address, old.get(address, ""), new.get(address, ""), had, lacking)


def parse_versions(lock: bytes) -> dict[str, str]:
    """Return the locked version of each provider, by its address."""
    return {
        address: provider_lock.read_version(block)
        for address, block in provider_lock.split_provider_blocks(lock).items()
    }


def _missing_platforms_error(result: LockedProviders, *, named: bool) -> EnvctlError | None:
    problems = []
    for each in result.providers:
        if each.lacking and (named or not each.after):
            provider = f"{provider_lock.shorten_address(each.provider)} {each.after}".strip()
            message = f"no package of {provider} for {', '.join(each.lacking)}"
            problems.append(Problem("E347", message, result.hint or _LEAVE_OUT_HINT))
    return OperationFailedError(*problems) if problems else None
