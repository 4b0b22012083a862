"""The keys of provider configurations, from what envctl adds and from the tables of `envctl.toml`.

A configuration is named as in Terraform: `aws` is the main one, `aws.us_east_1` that of an alias. Its keys come from
these tables; a later one replaces whole keys of an earlier one:

1. what envctl adds to AWS providers: account, region, role and default tags of the environment
2. `[providers.aws]`
3. `[stacks.STACK.providers] aws`
4. `[environments.ENV.providers.aws]`
5. for an alias: `[stacks.STACK.providers] "aws.us_east_1"`
6. for an alias: `[environments.ENV.providers."aws.us_east_1"]`

Texts in these tables may hold placeholders such as `{env}`: one table serves all environments, and their own accounts.
"""

import re
from collections.abc import Mapping
from typing import Any

from envctl.domain.plan.provider_accounts import find_provider_kind, find_provider_source
from envctl.domain.release.place.environment_place import Place
from envctl.domain.release.place.provider_roles import adapt_value, render_aws_keys, render_role, require_region
from envctl.domain.release.wiring import Wiring
from envctl.domain.terraform.expressions import escape_templates

RELEASE_KEYS = frozenset({"source", "version"})
"""Keys of a provider for all its configurations; no keys of a `provider` block."""
# Not in `${env}`, which is text here. Other names in braces stay: a table may hold JSON.
_PLACEHOLDER = re.compile(r"(?<!\$)\{(project|env|stack|account_id|region)\}")


def render_provider_blocks(wiring: Wiring, place: Place, stack: str) -> dict[str, Any]:
    """Return the `provider` blocks of a stack by provider: a list, if it has aliases."""
    blocks: dict[str, Any] = {}
    aliases: dict[str, list[dict[str, Any]]] = {}
    for full_name, arguments in sorted(render_configurations(wiring, place, stack).items()):
        name, _, alias = full_name.partition(".")
        if alias:
            aliases.setdefault(name, []).append({"alias": alias, **arguments})
        else:
            blocks[name] = arguments
    for name, each in aliases.items():
        blocks[name] = [*([blocks[name]] if name in blocks else []), *each]
    return blocks


def render_configurations(wiring: Wiring, place: Place, stack: str) -> dict[str, dict[str, Any]]:
    """Return the arguments of each provider configuration of a stack, by its name."""
    wired = wiring.stacks[stack]
    names = {*wiring.providers, *wired.providers, *(("aws",) if place.region else ())}
    return {name: _render_configuration(wiring, place, stack, name) for name in sorted(names)}


def _render_configuration(wiring: Wiring, place: Place, stack: str, name: str) -> dict[str, Any]:
    wired, base = wiring.stacks[stack], name.partition(".")[0]
    written = merge_tables(wiring, place, stack, name)
    if name == base and not place.region:
        return written
    kind = "aws" if base == "aws" else find_provider_kind(find_provider_source(base, wiring.providers))
    if kind == "aws":
        own = {*wired.providers.get(name, {}), *place.providers.get(name, {})} if name != base else ()
        return {
            **render_aws_keys(wiring, place, stack, {key: written[key] for key in own if key in written}),
            **written,
        }
    if kind == "awscc":
        # It has no account check and no default tags, and takes one role as an object.
        region, role = require_region(place, wired), render_role(place)
        return {**({"region": region} if region else {}), **({"assume_role": role} if role else {}), **written}
    return written


def list_project_tables(stack: str, environment: str, name: str) -> tuple[tuple[str, ...], ...]:
    """Return the paths in envctl.toml that may have set a key of the configuration, the strongest first."""
    base = name.partition(".")[0]
    paths: list[tuple[str, ...]] = []
    for each in dict.fromkeys((name, base)):
        paths += [("environments", environment, "providers", each), ("stacks", stack, "providers", each)]
    return (*paths, ("providers", base))


def merge_tables(wiring: Wiring, place: Place, stack: str, name: str) -> dict[str, Any]:
    """Return the keys of a configuration that the tables of the project have, for Terraform's JSON syntax."""
    base = name.partition(".")[0]
    wired = wiring.stacks[stack].providers
    tables = [wiring.providers.get(base, {}), wired.get(base, {}), place.providers.get(base, {})]
    if name != base:
        tables += [wired.get(name, {}), place.providers.get(name, {})]
    known = {"project": wiring.project, "env": place.environment, "stack": stack}
    known |= {"account_id": place.account_id or "", "region": place.region or ""}
    return {
        key: escape_templates(adapt_value(key, fill_placeholders(value, known), place))
        for table in tables
        for key, value in table.items()
        if key not in RELEASE_KEYS
    }


def fill_placeholders(value: object, known: Mapping[str, str]) -> object:
    """Return a value of a table with the placeholders in its texts filled; those without a value stay."""
    match value:
        case str():
            return _PLACEHOLDER.sub(lambda found: known.get(found[1]) or found[0], value)
        case Mapping():
            return {key: fill_placeholders(each, known) for key, each in value.items()}
        case list() | tuple():
            return [fill_placeholders(each, known) for each in value]
        case _:
            return value
