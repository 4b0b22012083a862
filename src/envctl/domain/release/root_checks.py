"""Rules for the code of root modules that run as they are: what is refused, and what is said about it."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from envctl.domain.errors import Problem
from envctl.domain.plan.provider_accounts import (
    AccountMismatch,
    AccountScope,
    find_account_mismatches,
    name_configuration,
    suggest_fix,
)
from envctl.domain.release.place.environment_place import Place
from envctl.domain.release.place.provider_overrides import to_effective_configuration
from envctl.domain.release.place.provider_roles import find_region, is_of_environment
from envctl.domain.release.root_code import RootCode, describe_root
from envctl.domain.release.root_findings import FileSet, ProviderDeclaration, RootFindings
from envctl.domain.release.wiring import Wiring
from envctl.domain.terraform.workdir_names import JSON_OVERRIDE_FILE
from envctl.domain.text.lists import join_names

_READ_HINT = "put the file into the project, and read it by a path that begins with ${path.module}"
_WORKSPACE_HINT = (
    'if the states are in workspaces named like the environments, write [state] workspace = "{env}" in envctl.toml;'
    ' if `default` is right everywhere, workspace = "default"; else declare a variable, such as environment'
)


def describe_findings(stack: str, folder: str, found: RootFindings) -> Iterator[Problem]:
    """Yield the problems of code that can't run as it is in any environment."""
    for block in found.overrides:
        message = f"an override file of the stack {stack} has a {block.kind} block: envctl overrides that itself"
        yield Problem("E151", message, f"move the block to another file of {folder}", block.location)
    for place in found.workspaces:
        message = f"the stack {stack} reads terraform.workspace, which is `default` in every environment"
        yield Problem("E155", message, _WORKSPACE_HINT, place)
    for read in found.outside:
        yield Problem("E123", f"{read.what}: it is not part of the release", _READ_HINT, read.location)


def describe_file_sets(stack: str, file_sets: Sequence[FileSet], json_providers: Collection[str]) -> Iterator[Problem]:
    """Yield the problems of sets of files that hold files of envctl. `json_providers` need a file in JSON."""
    for each in file_sets:
        names = [name for name in each.names if name != JSON_OVERRIDE_FILE or json_providers]
        if not names:
            continue
        hint = 'write a pattern without files of Terraform, such as "policies/*.json"'
        if names[0] == JSON_OVERRIDE_FILE:
            tables = join_names([f"[providers.{name}]" for name in sorted(json_providers)])
            hint += f"; or move the nested tables of {tables} from envctl.toml to the provider block of {stack}"
        message = (
            f'fileset() with "{each.pattern}" also finds {names[0]}, which envctl writes beside the code of {stack}'
        )
        yield Problem("E381", message, hint, each.location)


def find_provider_problems(
    wiring: Wiring, stack: str, found: RootFindings, places: Sequence[Place]
) -> Iterator[Problem]:
    """Yield the problems of providers that would act elsewhere than in these environments."""
    code = wiring.stacks[stack].root_code or RootCode()
    blocks = {f"{each.name}.{each.alias}" if each.alias else each.name: each for each in found.providers}
    for provider in code.providers:
        block = blocks.get(provider.address)
        at = block.location if block else None
        if not provider.alias and provider.region:
            yield from _check_region(wiring, stack, provider.region, places, block)
        if provider.takes_web_identity and not provider.is_separate and any(place.assume_role for place in places):
            message = f"provider {provider.address} takes a web identity, which no override can remove"
            yield Problem("E159", message, "remove assume_role_with_web_identity from the provider block", at)
        if wiring.stacks[stack].default_tags and block and block.has_default_tags:
            message = f"provider {provider.address} has default_tags of its own: envctl would replace them"
            hint = f"remove them, or remove default_tags = true from [stacks.{stack}]"
            yield Problem("E161", message, hint, at)
        mismatches = [
            (place, mismatch)
            for place in places
            for mismatch in find_account_mismatches(
                to_effective_configuration(wiring, stack, place, provider), to_scope(place)
            )
        ]
        for why in dict.fromkeys(mismatch.why for _, mismatch in mismatches):
            alike = [(place, mismatch) for place, mismatch in mismatches if mismatch.why == why]
            environments = join_names([place.environment for place, _ in alike])
            message = f"{name_configuration(alike[0][1].configuration)} {why} (G203 of {environments})"
            yield Problem("E157", message, _suggest_account(stack, *alike[0]), at)


def to_scope(place: Place) -> AccountScope:
    return AccountScope(place.environment, place.account_id or "", place.assume_role or "", place.other_accounts)


def _suggest_account(stack: str, place: Place, mismatch: AccountMismatch) -> str:
    found = mismatch.configuration
    if mismatch.account or mismatch.key == "endpoints" or "." not in found.name:
        return suggest_fix(mismatch, place.environment)
    return (
        f'name its account in envctl.toml: [stacks.{stack}.providers] "{found.name}" ='
        ' { allowed_account_ids = ["ACCOUNT"] }, or ["{account_id}"] for that of each environment'
    )


def _check_region(
    wiring: Wiring, stack: str, region: str, places: Sequence[Place], block: ProviderDeclaration | None
) -> Iterator[Problem]:
    wanted = {place.environment: find_region(wiring, stack, place) for place in places}
    differing = {environment: found for environment, found in wanted.items() if found and found != region}
    if differing:
        environment, found = next(iter(differing.items()))
        message = f"the stack {stack} is in {region}, and {join_names(list(differing))} in {found}"
        hint = (
            f'give the stack its region: [environments.{environment}] regions = {{ NAME = "{region}" }}, and'
            f' [stacks.{stack}] region = "NAME"; or correct the provider block'
        )
        yield Problem("E156", message, hint, block.location if block else None)


def find_region_problems(
    wiring: Wiring, stack: str, place: Place, arguments: Mapping[str, object]
) -> Iterator[Problem]:
    """Yield a problem for each provider whose region is a setting with another value than the region of the stack."""
    defaults = {variable.name: variable.default for variable in wiring.schema[stack]}
    for provider in (wiring.stacks[stack].root_code or RootCode()).providers:
        name, region = provider.region_variable, find_region(wiring, stack, place)
        value = arguments.get(name, defaults.get(name))
        if not provider.alias and name and region and isinstance(value, str) and value != region:
            message = (
                f"the provider {provider.name} of the stack {stack} takes its region from {name}, which is {value};"
                f" {place.environment} has {region}"
            )
            hint = f"give both one value, or give the stack another region: [stacks.{stack}] region = NAME"
            yield Problem("E158", message, hint)


def describe_overridden(stack: str, found: RootFindings, places: Sequence[Place], *, has_place: bool) -> Iterator[str]:
    """Yield a message for each part of the root that envctl replaces. With `has_place`, the project file says where its
    states are.
    """
    by = "[state] of envctl.toml" if has_place else "the state that envctl keeps (envctl.toml has no [state])"
    for block in found.states:
        yield f"{block.location}: {by} replaces the {block.kind} block of the stack {stack}"
    for provider in describe_root(found, ()).providers:
        own = [key for key in provider.credentials if not provider.takes_web_identity]
        replaced = [*own, *(["assume_role"] if provider.role or "assume_role" in provider.unresolved else [])]
        if provider.allowed and any(p.account_id and provider.allowed != (p.account_id,) for p in places):
            replaced.append("allowed_account_ids")
        if not provider.alias and provider.has_region and not (provider.region or provider.region_variable):
            # What the expression stands for is known only to Terraform.
            replaced.append("region")
        taken = any((p.assume_role or p.account_id) and is_of_environment(provider, p) for p in places)
        if replaced and taken:
            keys = join_names(sorted(set(replaced)))
            yield f"provider {provider.address} of the stack {stack}: the environment replaces its {keys}"
