"""Check that AWS providers act in the account of their environment, before any plan."""

from collections.abc import Iterator
from dataclasses import replace

from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.plan.account_blocks import AccountBlocks, describe_account_mismatches, describe_ignored_blocks
from envctl.domain.plan.provider_accounts import (
    AccountScope,
    find_account_mismatches,
    find_provider_kind,
    find_provider_source,
    suggest_fix,
    to_provider_configuration,
)
from envctl.domain.release.contents import Release
from envctl.domain.release.root_module import render_place
from envctl.domain.terraform.workdir_names import REMOTE_MODULES_FOLDER
from envctl.domain.text.short_ids import shorten_id
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.load import locate_key
from envctl.usecases.project.state_location import resolve_place


def check_tree(ports: Ports, project: Project, release: Release) -> None:
    """Raise ConfigurationError if the working tree could act outside the accounts of its environments."""
    blocks = _read_account_blocks(ports, release)
    homes = [_to_home(project, environment) for environment in project.pipeline.order]
    ignored = list(describe_ignored_blocks(blocks))
    problems = [
        *_check_provider_keys(ports, project),
        *_check_rendered_providers(ports, project, release, homes),
        *describe_account_mismatches(blocks, homes),
        *(problem for problem in ignored if not _is_remote_module(problem)),
    ]
    if problems:
        raise ConfigurationError(*dict.fromkeys(problems))
    for problem in filter(_is_remote_module, ignored):
        # Remote code, without effect: a warning is enough.
        ports.observer.on_message(f"{problem.location}: {problem.message}")


def check_stored(ports: Ports, project: Project, release: Release, identity: str, environment: str) -> None:
    """Raise ConfigurationError if a stored release could act outside the account: it may predate this rule."""
    problems = _describe_stored(ports, project, release, identity, environment)
    if problems:
        hint = f"make a new release: envctl apply {project.entry}"
        raise ConfigurationError(*(replace(each, hint=f"{each.hint}; then {hint}") for each in problems))


def warn_stored(ports: Ports, project: Project, release: Release, identity: str, environment: str) -> None:
    """Warn only: a rollback must stay possible."""
    for problem in _describe_stored(ports, project, release, identity, environment):
        ports.observer.on_message(problem.message)


def _describe_stored(
    ports: Ports, project: Project, release: Release, identity: str, environment: str
) -> tuple[Problem, ...]:
    found = describe_account_mismatches(_read_account_blocks(ports, release), [_to_home(project, environment)])
    return tuple(
        replace(each, message=f"release {shorten_id(identity)}: {each.location}: {each.message}", location=None)
        for each in found
    )


def _read_account_blocks(ports: Ports, release: Release) -> AccountBlocks:
    modules = [stack.module for stack in release.wiring.stacks.values()]
    carried = [module.folder for module in release.wiring.modules]
    return ports.config_reader.find_account_blocks(
        {path: file.data for path, file in release.files.items()}, [*modules, *carried]
    )


def _to_home(project: Project, environment: str) -> AccountScope:
    there = project.environments[environment]
    return AccountScope(environment, there.account_id or "", there.assume_role or "", there.other_accounts)


def _is_remote_module(problem: Problem) -> bool:
    return problem.location is not None and problem.location.file.startswith(f"{REMOTE_MODULES_FOLDER}/")


def _check_provider_keys(ports: Ports, project: Project) -> Iterator[Problem]:
    """Check the keys of `[providers.*]`. Imported late: many projects have none."""
    if not project.providers:
        return
    from envctl.domain.config.provider_keys import check_provider_keys

    for fault in check_provider_keys(project.providers, ports.tree.read_contents(ports.provider_lock)):
        yield Problem(fault.code, fault.message, fault.hint, locate_key(ports, *fault.path))


def _check_rendered_providers(
    ports: Ports, project: Project, release: Release, homes: list[AccountScope]
) -> Iterator[Problem]:
    """Check the provider configurations rendered from `[providers.*]`."""
    wiring = release.wiring
    for name in wiring.providers:
        kind = find_provider_kind(find_provider_source(name, wiring.providers))
        if kind is None:
            continue
        for home in homes:
            # The configurations of one environment differ in the region alone.
            stack = next(iter(wiring.stacks))
            said = render_place(wiring, stack, resolve_place(project, home.environment))["provider"].get(name, {})
            for stray in find_account_mismatches(to_provider_configuration(name, kind, said), home):
                message = f"provider {name} {stray.why} (G203 of {home.environment})"
                where = locate_key(ports, "providers", name, stray.key)
                yield Problem("E133", message, suggest_fix(stray, home.environment), where)
