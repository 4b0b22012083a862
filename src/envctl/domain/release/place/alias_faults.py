"""Compare the aliases that the code of a stack needs with those that the project gives it."""

from collections.abc import Iterator, Mapping

from envctl.domain.config.fields import Fault
from envctl.domain.config.project import Project
from envctl.domain.plan.provider_accounts import find_provider_kind, find_provider_source
from envctl.domain.terraform.variables import ModuleInterface, RequiredProvider
from envctl.domain.text.lists import join_names
from envctl.domain.text.suggestions import find_nearest

_HOSTS = ("registry.terraform.io/", "registry.opentofu.org/")


def check_stack_aliases(project: Project, interfaces: Mapping[str, ModuleInterface]) -> Iterator[Fault]:
    """Yield faults: alias missing (E180) or unknown (E182), or another source (E184). `interfaces` are by stack."""
    for stack, table in project.stacks.items():
        if table.is_kubernetes:
            continue
        required = {each.name: each for each in interfaces[stack].providers}
        given = [name for name in table.providers if "." in name]
        if table.root:
            known = {alias for each in required.values() for alias in each.configured}
            yield from _find_unknown(stack, table.folder, given, known, is_root=True)
            continue
        wanted = {alias for each in required.values() for alias in each.aliases}
        yield from _find_missing(stack, table.folder, sorted(wanted - set(given)), table.providers)
        yield from _find_unknown(stack, table.folder, given, wanted, is_root=False)
        used = {name.partition(".")[0] for name in (*table.providers, *wanted)}
        yield from _find_other_sources(
            stack, table.folder, [required[name] for name in sorted(used & required.keys())], project
        )


def _find_missing(
    stack: str, folder: str, missing: list[str], tables: Mapping[str, Mapping[str, object]]
) -> Iterator[Fault]:
    if missing:
        keys = [f'"{name}" = {{{_suggest_keys(name)}}}' for name in missing]
        message = f"stack {stack}: {folder} needs the provider configurations {join_names(missing)}"
        if len(missing) == 1:
            message = f"stack {stack}: {folder} needs the provider configuration {missing[0]}"
        hint = f"add [stacks.{stack}.providers] with {', '.join(keys)}"
        # Without quotes, TOML reads the alias as a key of the main configuration.
        if unquoted := [name for name in missing if name.partition(".")[2] in tables.get(name.partition(".")[0], {})]:
            hint = f'put the name in quotes: "{unquoted[0]}" = {{ … }}'
        yield Fault("E180", message, hint, ("stacks", stack, "providers"))


def _suggest_keys(name: str) -> str:
    base, _, alias = name.partition(".")
    if find_provider_kind(base) is None:
        return " … "
    region = alias.replace("_", "-")
    # Many aliases are named for their region.
    return f' region = "{region}" ' if region.count("-") > 1 else ' region = "us-east-1" '


def _find_unknown(stack: str, folder: str, given: list[str], known: set[str], *, is_root: bool) -> Iterator[Fault]:
    for name in given:
        if name in known:
            continue
        near = find_nearest(name, known)
        block = "has no provider block with that alias" if is_root else "does not list it in configuration_aliases"
        message = f"stack {stack}: the provider configuration {name} is given, but {folder} {block}"
        base = name.partition(".")[0]
        hint = f"did you mean {near}?" if near else f"add it there: {base} = {{ configuration_aliases = [{name}] }}"
        if is_root and not near:
            hint = "correct the name, or remove it"
        yield Fault("E182", message, hint, ("stacks", stack, "providers", name))


def _find_other_sources(stack: str, folder: str, required: list[RequiredProvider], project: Project) -> Iterator[Fault]:
    """Without the same source in both, Terraform passes no configuration on."""
    for each in required:
        source = each.source or f"hashicorp/{each.name}"
        ours = find_provider_source(each.name, project.providers)
        if _shorten_source(source) != _shorten_source(ours):
            message = f"stack {stack}: {each.name} is {source} in {folder}, and {ours} in the project"
            yield Fault(
                "E184", message, f'write source = "{source}" in [providers.{each.name}]', ("stacks", stack, "providers")
            )


def _shorten_source(source: str) -> str:
    source = source.lower()
    for host in _HOSTS:
        source = source.removeprefix(host)
    return source
