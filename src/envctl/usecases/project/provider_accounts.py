"""AWS providers act in the account of their environment: what code and project file tell of it before a plan."""

from collections.abc import Iterator
from dataclasses import replace

from envctl.domain.config.project import PROJECT_FILE, Project
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.plan.account_blocks import AccountBlocks, describe_ignored, describe_strays
from envctl.domain.plan.provider_accounts import Home, advise, describe_configuration, find_strays, kind_of, source_of
from envctl.domain.release.contents import Release
from envctl.domain.release.root_module import render_place
from envctl.domain.terraform.workdir_names import REMOTE
from envctl.domain.text.short_ids import short
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.state_location import place


def check_tree(ports: Ports, project: Project, release: Release) -> None:
    """Raises ConfigurationError where the working tree could act elsewhere in any environment that it goes to."""
    blocks = _read(ports, release)
    homes = [_home(project, environment) for environment in project.pipeline.order]
    ignored = list(describe_ignored(blocks))
    problems = [
        *_check_tables(ports, project),
        *_check_rendered(ports, project, release, homes),
        *describe_strays(blocks, homes),
        *(problem for problem in ignored if not _is_foreign(problem)),
    ]
    if problems:
        raise ConfigurationError(*dict.fromkeys(problems))
    for problem in filter(_is_foreign, ignored):
        # It is not the project's code, and changes nothing.
        ports.observer.said(f"{problem.location}: {problem.message}")


def check_stored(ports: Ports, project: Project, release: Release, identity: str, environment: str) -> None:
    """Raises ConfigurationError where a stored release could act elsewhere there: it may be older than this rule."""
    problems = _describe_stored(ports, project, release, identity, environment)
    if problems:
        hint = f"make a new release: envctl apply {project.entry}"
        raise ConfigurationError(*(replace(each, hint=f"{each.hint}; then {hint}") for each in problems))


def remark_stored(ports: Ports, project: Project, release: Release, identity: str, environment: str) -> None:
    """For a way back, which must stay open."""
    for problem in _describe_stored(ports, project, release, identity, environment):
        ports.observer.said(problem.message)


def _describe_stored(
    ports: Ports, project: Project, release: Release, identity: str, environment: str
) -> tuple[Problem, ...]:
    found = describe_strays(_read(ports, release), [_home(project, environment)])
    return tuple(
        replace(each, message=f"release {short(identity)}: {each.location}: {each.message}", location=None)
        for each in found
    )


def _read(ports: Ports, release: Release) -> AccountBlocks:
    modules = [stack.module for stack in release.wiring.stacks.values()]
    carried = [module.folder for module in release.wiring.modules]
    return ports.reader.account_blocks({path: file.data for path, file in release.files.items()}, [*modules, *carried])


def _home(project: Project, environment: str) -> Home:
    there = project.environments[environment]
    return Home(environment, there.account_id or "", there.assume_role or "", there.other_accounts)


def _is_foreign(problem: Problem) -> bool:
    return problem.location is not None and problem.location.file.startswith(f"{REMOTE}/")


def _check_tables(ports: Ports, project: Project) -> Iterator[Problem]:
    """The keys of `[providers.*]`. Imported late: many projects have none."""
    if not project.providers:
        return
    from envctl.domain.config.provider_keys import check_keys

    for fault in check_keys(project.providers, ports.tree.read(ports.provider_lock)):
        yield Problem(fault.code, fault.message, fault.hint, _at(ports, *fault.path))


def _check_rendered(ports: Ports, project: Project, release: Release, homes: list[Home]) -> Iterator[Problem]:
    """What `[providers.*]` makes of the configurations that envctl renders."""
    wiring = release.wiring
    for name in wiring.providers:
        kind = kind_of(source_of(name, wiring.providers))
        if kind is None:
            continue
        for home in homes:
            # Of one environment they differ in the region alone.
            stack = next(iter(wiring.stacks))
            said = render_place(wiring, stack, place(project, home.environment))["provider"].get(name, {})
            for stray in find_strays(describe_configuration(name, kind, said), home):
                message = f"provider {name} {stray.why} (G203 of {home.environment})"
                where = _at(ports, "providers", name, stray.key)
                yield Problem("E133", message, advise(stray, home.environment), where)


def _at(ports: Ports, *path: str | int) -> Location:
    return ports.reader.place(ports.tree.read(PROJECT_FILE) or b"", path)
