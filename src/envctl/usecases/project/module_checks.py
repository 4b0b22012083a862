"""Checks of the code of a release: files outside of it, accounts of providers, replaced providers, fetched modules."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from envctl.domain.command_lines import format_command
from envctl.domain.config.fields import TomlPath
from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, Location, OperationFailedError, Problem
from envctl.domain.plan import provider_accounts
from envctl.domain.plan.provider_accounts import AccountScope
from envctl.domain.release import remote_modules
from envctl.domain.release.bundle import Release
from envctl.domain.release.code_search import (
    AccountBlocks,
    OutsideRead,
    describe_account_mismatches,
    describe_ignored_blocks,
    list_release_problems,
    list_tree_problems,
)
from envctl.domain.release.place.environment_place import resolve_place
from envctl.domain.release.place.provider_keys import list_project_tables, render_configurations
from envctl.domain.release.rendering import root_module
from envctl.domain.terraform.workdir_names import INSTALLED_MODULES_FOLDER, REMOTE_MODULES_FOLDER
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import UnpinnedProvider
from envctl.usecases.project.project_file import locate_faults, locate_key


def check_tree_reads(ports: Ports, release: Release) -> None:
    """Raise ConfigurationError if the code of the working tree reads outside of the release."""
    if reads := _find_outside_reads(ports, release):
        raise ConfigurationError(*list_tree_problems(reads))


def check_stored_reads(context: Context, release: Release, identity: str) -> None:
    """Raise ConfigurationError if a stored release reads outside of itself: it may predate this rule."""
    if reads := _find_outside_reads(context.ports, release):
        raise ConfigurationError(*list_release_problems(reads, shorten_id(identity), context.project.entry))


def warn_stored_reads(ports: Ports, release: Release, identity: str) -> None:
    """Warn only: a rollback must stay possible, even if the file read has changed."""
    for read in _find_outside_reads(ports, release):
        where = f"release {shorten_id(identity)}: {read.location}"
        ports.observer.on_message(f"{where}: {read.what}, which is not in the release")


def collect_code(release: Release) -> tuple[dict[str, bytes], list[str]]:
    """Return the files of a release by path from the top of its bundle, and the folders of the modules of its rendered
    stacks: nothing is above them.
    """
    modules = [stack.module for stack in release.wiring.stacks.values() if stack.is_module]
    rendered = {name for name, stack in release.wiring.stacks.items() if stack.is_module}
    carried = [module.folder for module in release.wiring.modules if module.stack_name in rendered]
    code = {path: file.data for path, file in release.bundled_files.items()}
    return code, [release.wiring.to_bundle_path(folder) for folder in (*modules, *carried)]


def _find_outside_reads(ports: Ports, release: Release) -> tuple[OutsideRead, ...]:
    found = ports.config_reader.find_outside_reads(*collect_code(release))
    return tuple(replace(each, location=_name_project_path(release, each.location)) for each in found)


def _find_account_blocks(ports: Ports, release: Release) -> AccountBlocks:
    found = ports.config_reader.find_account_blocks(*collect_code(release))
    if not release.wiring.base:
        return found
    return AccountBlocks(
        tuple(replace(each, location=_name_project_path(release, each.location)) for each in found.providers),
        tuple(replace(each, location=_name_project_path(release, each.location)) for each in found.remote_states),
        tuple(replace(each, location=_name_project_path(release, each.location)) for each in found.states),
    )


def _name_project_path(release: Release, location: Location) -> Location:
    return replace(location, file=release.wiring.to_project_path(location.file))


def check_tree_accounts(context: Context, release: Release) -> None:
    """Raise ConfigurationError if the working tree could act outside the accounts of its environments."""
    blocks = _find_account_blocks(context.ports, release)
    homes = [_to_home(context.project, environment) for environment in context.project.pipeline.order]
    ignored = list(describe_ignored_blocks(blocks))
    folder = f"{REMOTE_MODULES_FOLDER}/"
    remote = [each for each in ignored if each.location is not None and each.location.file.startswith(folder)]
    problems = [
        *_check_provider_keys(context),
        *_check_rendered_providers(context, release, homes),
        *describe_account_mismatches(blocks, homes),
        *(problem for problem in ignored if problem not in remote),
    ]
    if problems:
        raise ConfigurationError(*dict.fromkeys(problems))
    for problem in remote:
        # Remote code, without effect: a warning is enough.
        context.ports.observer.on_message(f"{problem.location}: {problem.message}")


def check_stored_accounts(context: Context, release: Release, identity: str, environment: str) -> None:
    """Raise ConfigurationError if a stored release could act outside the account: it may predate this rule."""
    problems = _describe_stored(context, release, identity, environment)
    if problems:
        hint = f"make a new release: {format_command('apply', context.project.entry)}"
        raise ConfigurationError(*(replace(each, hint=f"{each.hint}; then {hint}") for each in problems))


def warn_stored_accounts(context: Context, release: Release, identity: str, environment: str) -> None:
    """Warn only: a rollback must stay possible."""
    for problem in _describe_stored(context, release, identity, environment):
        context.ports.observer.on_message(problem.message)


def _describe_stored(context: Context, release: Release, identity: str, environment: str) -> tuple[Problem, ...]:
    blocks = _find_account_blocks(context.ports, release)
    found = [*_describe_stored_roots(context, release, environment)]
    if blocks.providers or blocks.remote_states:
        found += describe_account_mismatches(blocks, [_to_home(context.project, environment)])
    return tuple(
        replace(each, message=f"release {shorten_id(identity)}: {each.location}: {each.message}", location=None)
        for each in found
    )


def _describe_stored_roots(context: Context, release: Release, environment: str) -> Iterator[Problem]:
    """Yield the problems of the root modules in a stored release. Imported late: many projects have none."""
    if not any(stack.is_root for stack in release.wiring.stacks.values()):
        return
    from envctl.usecases.project.root_modules import find_stored_problems

    yield from find_stored_problems(context, release, environment)


def _to_home(project: Project, environment: str) -> AccountScope:
    there = project.environments[environment]
    return AccountScope(environment, there.account_id or "", there.assume_role or "", there.other_accounts)


def _check_provider_keys(context: Context) -> Iterator[Problem]:
    """Check the keys of all tables of providers. Imported late: many projects have none."""
    ports = context.ports
    project = context.project
    further: list[tuple[TomlPath, Mapping[str, object]]] = [
        ((kind, owner, "providers", name), table)
        for kind, owners in (("stacks", project.every_stack), ("environments", project.environments))
        for owner, section in owners.items()
        for name, table in section.providers.items()
    ]
    if not project.providers and not further:
        return
    from envctl.domain.config.providers.provider_keys import check_provider_keys

    lock = ports.tree.read_contents(ports.provider_lock)
    yield from locate_faults(ports, check_provider_keys(project.providers, lock, further))


def _check_rendered_providers(context: Context, release: Release, homes: list[AccountScope]) -> Iterator[Problem]:
    """Check each provider configuration that envctl renders: of every stack, in every environment."""
    wiring, project = release.wiring, context.project
    if not (
        wiring.providers
        or any(stack.providers for stack in wiring.stacks.values())
        or any(each.providers for each in project.environments.values())
    ):
        return
    seen: set[tuple[str, str, str]] = set()
    for home in homes:
        place = resolve_place(project, home.environment)
        for stack, wired in wiring.stacks.items():
            if not wired.is_module:
                # Only parts of its configurations are rendered; the plan shows them completely.
                continue
            for name, arguments in render_configurations(wiring, place, stack).items():
                source = provider_accounts.find_provider_source(name.partition(".")[0], wiring.providers)
                if (kind := provider_accounts.find_provider_kind(source)) is None:
                    continue
                found = provider_accounts.to_provider_configuration(name, kind, arguments)
                for stray in provider_accounts.find_account_mismatches(found, home, is_ours=True):
                    if (home.environment, name, stray.why) not in seen:
                        seen.add((home.environment, name, stray.why))
                        yield _describe_rendered_mismatch(context, home, stack, stray)


def _describe_rendered_mismatch(
    context: Context, home: AccountScope, stack: str, stray: provider_accounts.AccountMismatch
) -> Problem:
    project, name = context.project, stray.configuration.name
    tables = list_project_tables(stack, home.environment, name)
    # A role in another account brings that account.
    keys = dict.fromkeys((stray.key, "assume_role") if stray.key == "allowed_account_ids" else (stray.key,))
    written = ((path, key) for key in keys for path in tables if key in _find_keys(project, path))
    table, key = next(written, (tables[-1], stray.key))
    message = f"provider {name} {stray.why} (G203 of {home.environment})"
    section = ".".join(f'"{part}"' if "." in part else part for part in table)
    hint = provider_accounts.suggest_fix(stray, home.environment, section)
    return Problem("E133", message, hint, locate_key(context.ports, *table, key))


def _find_keys(project: Project, path: tuple[str, ...]) -> Mapping[str, object]:
    match path:
        case ("stacks", stack, _, name):
            return project.stacks[stack].providers.get(name, {}) if stack in project.stacks else {}
        case ("environments", environment, _, name):
            return project.environments[environment].providers.get(name, {})
        case _:
            return project.providers.get(path[-1], {})


def require_pinned(context: Context, environment: str) -> None:
    """Raise ConfigurationError if a provider is overridden; only warn in the entry environment."""
    found = context.ports.terraform.find_unpinned_providers()
    if found and environment != context.project.entry:
        raise ConfigurationError(*(_override_problem(each, environment) for each in found))
    for each in found:
        at = f" ({each.location})" if each.location else ""
        message = f"{each.said_by} replaces the provider {each.address}{at}"
        context.ports.observer.on_message(f"{message}: deployments with it can't be verified")


def require_pinned_for_evidence(ports: Ports, environment: str) -> None:
    """Raise ConfigurationError if a provider is overridden, in any environment: results are recorded."""
    if found := ports.terraform.find_unpinned_providers():
        raise ConfigurationError(*(_override_problem(each, environment) for each in found))


def find_unpinned(ports: Ports) -> tuple[str, ...]:
    """Return the distinct addresses of overridden providers."""
    return tuple(sorted({each.address for each in ports.terraform.find_unpinned_providers()}))


def _override_problem(each: UnpinnedProvider, environment: str) -> Problem:
    message = f"{each.said_by} replaces the provider {each.address}: {environment} allows only pinned providers"
    name = "TF_CLI_CONFIG_FILE=/dev/null for this command" if each.location else f"unset {each.said_by}"
    hint = f"remove it, or set {name}" if each.location else name
    return Problem("E041", message, hint, each.location)


def require_carried_modules(ports: Ports, release: Release, environment: str, stack: str) -> None:
    """Raise OperationFailedError if Terraform fetched a module beyond those in the release."""
    rendered = root_module.render_module_record(release.wiring, stack)
    if not rendered:
        return
    carried = set(remote_modules.decode_module_record(rendered))
    found = ports.workspace.read_module_record(environment, stack, release.wiring.find_root_folder(stack))
    entries = remote_modules.decode_module_record(found) if found else ()
    # Terraform records what it downloads: another source or version, or a module that the release has not.
    others = [each for each in entries if each not in carried and each[3].startswith(INSTALLED_MODULES_FOLDER)]
    if fetched := [key for key, *_ in others]:
        message = f"stack {stack}: the code of {', '.join(fetched)} was downloaded, although it is in the release"
        hint = "use the program of the release, terraform or tofu; no changes were made"
        raise OperationFailedError(Problem("E344", message, hint))
