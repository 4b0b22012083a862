"""Check that AWS providers act in the account of their environment, before any plan."""

from collections.abc import Iterator
from dataclasses import replace

from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.plan import provider_accounts
from envctl.domain.plan.account_blocks import describe_account_mismatches, describe_ignored_blocks
from envctl.domain.plan.provider_accounts import AccountScope
from envctl.domain.release.bundle import Release
from envctl.domain.release.root_module import render_place
from envctl.domain.terraform.workdir_names import REMOTE_MODULES_FOLDER
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.ports.context import Context
from envctl.usecases.project.load import locate_faults, locate_key
from envctl.usecases.project.self_contained import collect_code
from envctl.usecases.project.state_location import resolve_place


def check_tree(context: Context, release: Release) -> None:
    """Raise ConfigurationError if the working tree could act outside the accounts of its environments."""
    blocks = context.ports.config_reader.find_account_blocks(*collect_code(release))
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


def check_stored(context: Context, release: Release, identity: str, environment: str) -> None:
    """Raise ConfigurationError if a stored release could act outside the account: it may predate this rule."""
    problems = _describe_stored(context, release, identity, environment)
    if problems:
        hint = f"make a new release: envctl apply {context.project.entry}"
        raise ConfigurationError(*(replace(each, hint=f"{each.hint}; then {hint}") for each in problems))


def warn_stored(context: Context, release: Release, identity: str, environment: str) -> None:
    """Warn only: a rollback must stay possible."""
    for problem in _describe_stored(context, release, identity, environment):
        context.ports.observer.on_message(problem.message)


def _describe_stored(context: Context, release: Release, identity: str, environment: str) -> tuple[Problem, ...]:
    blocks = context.ports.config_reader.find_account_blocks(*collect_code(release))
    found = describe_account_mismatches(blocks, [_to_home(context.project, environment)])
    return tuple(
        replace(each, message=f"release {shorten_id(identity)}: {each.location}: {each.message}", location=None)
        for each in found
    )


def _to_home(project: Project, environment: str) -> AccountScope:
    there = project.environments[environment]
    return AccountScope(environment, there.account_id or "", there.assume_role or "", there.other_accounts)


def _check_provider_keys(context: Context) -> Iterator[Problem]:
    """Check the keys of `[providers.*]`. Imported late: many projects have none."""
    ports = context.ports
    if not context.project.providers:
        return
    from envctl.domain.config.provider_keys import check_provider_keys

    yield from locate_faults(
        ports, check_provider_keys(context.project.providers, ports.tree.read_contents(ports.provider_lock))
    )


def _check_rendered_providers(context: Context, release: Release, homes: list[AccountScope]) -> Iterator[Problem]:
    """Check the provider configurations rendered from `[providers.*]`."""
    wiring = release.wiring
    for name in wiring.providers:
        kind = provider_accounts.find_provider_kind(provider_accounts.find_provider_source(name, wiring.providers))
        if kind is None:
            continue
        for home in homes:
            # The configurations of one environment differ in the region alone.
            stack = next(iter(wiring.stacks))
            said = render_place(wiring, stack, resolve_place(context.project, home.environment))["provider"].get(
                name, {}
            )
            for stray in provider_accounts.find_account_mismatches(
                provider_accounts.to_provider_configuration(name, kind, said), home
            ):
                message = f"provider {name} {stray.why} (G203 of {home.environment})"
                where = locate_key(context.ports, "providers", name, stray.key)
                yield Problem("E133", message, provider_accounts.suggest_fix(stray, home.environment), where)
