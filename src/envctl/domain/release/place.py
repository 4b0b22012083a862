"""The place of an apply, and the blocks of Terraform that say it: the backend, and the provider configurations.

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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from posixpath import isabs, join, normpath
from typing import Any

from envctl.domain.plan.provider_accounts import (
    find_last_role,
    find_provider_kind,
    find_provider_source,
    parse_role_account,
)
from envctl.domain.release.bundle import StackWiring, Wiring
from envctl.domain.terraform.expressions import escape_templates
from envctl.domain.terraform.workdir_names import SESSION_VARIABLE, climb_to_stack

HOME_FOLDER = ".envctl"
FIND_NO_KEYS: Callable[[str], Mapping[str, object]] = lambda _: {}  # noqa: E731
FIND_NO_WORKSPACE: Callable[[str], str] = lambda _: ""  # noqa: E731
# Not needed to read the outputs of another stack.
_WRITING_KEYS = ("acl", "allowed_account_ids", "dynamodb_table", "encrypt", "kms_key_id", "use_lockfile")
RELEASE_KEYS = frozenset({"source", "version"})
"""Keys of a provider for all its configurations; no keys of a `provider` block."""
# Not in `${env}`, which is text here. Other names in braces stay: a table may hold JSON.
_PLACEHOLDER = re.compile(r"(?<!\$)\{(project|env|stack|account_id|region)\}")


@dataclass(frozen=True)
class Backend:
    """The location of the states of an environment."""

    kind: str
    settings: Mapping[str, object]  # shared by all stacks
    environment: str
    under: Mapping[str, str] = field(default_factory=dict)  # renamed stacks, each with the old name of its state
    # the keys of the project file by stack, over `settings`; a local path is relative to the project
    find_keys: Callable[[str], Mapping[str, object]] = field(default=FIND_NO_KEYS, compare=False)
    find_workspace: Callable[[str], str] = field(default=FIND_NO_WORKSPACE, compare=False)

    def settings_for_stack(self, stack: str, *, root: str = "") -> dict[str, object]:
        """Return the arguments of the backend. `root` is the root module that has them, as in PreparedStack."""
        called = self.under.get(stack, stack)
        name = f"{self.environment}/{called}.tfstate"
        keys = dict(self.find_keys(called))
        if self.kind == "local":
            keys.setdefault("path", f"{HOME_FOLDER}/state/{name}")
            return {**self.settings, **keys, **_from_workdir(keys, root)}
        if self.kind == "s3":
            keys.setdefault("key", name)
        found = {**self.settings, **keys}
        if "dynamodb_table" in keys and "use_lockfile" not in keys:
            # Two locks at once would need the permissions of both.
            found.pop("use_lockfile", None)
        return found

    def workspace_for_stack(self, stack: str) -> str:
        """Return the workspace that holds the state of a stack; empty for the default one."""
        return self.find_workspace(self.under.get(stack, stack))

    def is_same_state(self, stack: str, other: str) -> bool:
        """Check if two names of a stack have one state, because the project file names it without them."""
        plain = replace(self, under={})
        here, there = ((plain.settings_for_stack(name), plain.workspace_for_stack(name)) for name in (stack, other))
        return here == there

    def render_remote_state(self, stack: str) -> dict[str, object]:
        """Return the arguments of `terraform_remote_state`, which reads the outputs of a stack."""
        # For reading alone, without locking, encryption and the account check.
        config = {key: each for key, each in self.settings_for_stack(stack).items() if key not in _WRITING_KEYS}
        workspace = self.workspace_for_stack(stack)
        return {"backend": self.kind, "config": config, **({"workspace": workspace} if workspace else {})}


def _from_workdir(keys: Mapping[str, object], root: str) -> dict[str, object]:
    """Return the paths of a local state from the folder where Terraform runs: no path of a machine is rendered."""
    found, up = dict[str, object](), climb_to_stack(root) if root else ""
    for key in ("path", "workspace_dir"):
        path = str(keys.get(key, ""))
        if path.startswith(f"{HOME_FOLDER}/"):
            found[key] = f"{up}../../..{path.removeprefix(HOME_FOLDER)}"
        elif path:
            found[key] = path if isabs(path) else normpath(join(f"{up}../../../..", path))
    return found


@dataclass(frozen=True, kw_only=True)
class Place:
    """The target of an apply in one environment: account, region, role and backend."""

    environment: str
    backend: Backend
    account_id: str | None = None
    region: str | None = None
    assume_role: str | None = None
    external_id: str | None = None
    session_tags: Mapping[str, str] = field(default_factory=dict)
    regions: Mapping[str, str] = field(default_factory=dict)  # additional regions by the names used in stacks
    other_accounts: tuple[str, ...] = ()  # permitted to providers, never rendered
    # keys of providers by name, or by name and alias, over those of the release
    providers: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    # keys of `assume_role` in place of those with the role of a deployer, by that role: of each environment with a role
    # to look with, if `assume_role` is one
    replaced_roles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


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
    return _merge(tables, place, known)


def _merge(tables: Sequence[Mapping[str, object]], place: Place, known: Mapping[str, str]) -> dict[str, Any]:
    return {
        key: escape_templates(_adapt_value(key, fill_placeholders(value, known), place))
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


def find_role_account(arguments: Mapping[str, object]) -> str:
    """Return the account of the role in `assume_role`; empty without one."""
    role = find_last_role(arguments.get("assume_role"))
    return parse_role_account(role) if isinstance(role, str) else ""


def _render_configuration(wiring: Wiring, place: Place, stack: str, name: str) -> dict[str, Any]:
    wired, base = wiring.stacks[stack], name.partition(".")[0]
    written = merge_tables(wiring, place, stack, name)
    if name == base and not place.region:
        return written
    kind = "aws" if base == "aws" else find_provider_kind(find_provider_source(base, wiring.providers))
    if kind == "aws":
        own = {*wired.providers.get(name, {}), *place.providers.get(name, {})} if name != base else ()
        return {
            **_render_aws_keys(wiring, place, stack, {key: written[key] for key in own if key in written}),
            **written,
        }
    if kind == "awscc":
        # It has no account check and no default tags, and takes one role as an object.
        region, role = _find_region(place, wired), _render_role(place)
        return {**({"region": region} if region else {}), **({"assume_role": role} if role else {}), **written}
    return written


def _render_aws_keys(wiring: Wiring, place: Place, stack: str, own: Mapping[str, object]) -> dict[str, Any]:
    """Return the keys that envctl adds. `own` are those written for an alias alone: a role in another account brings
    that account.
    """
    wired, keys = wiring.stacks[stack], dict[str, Any]()
    if region := _find_region(place, wired):
        keys["region"] = region
    if role := _render_role(place):
        keys["assume_role"] = [role]
    if account_id := find_role_account(own) or place.account_id:
        keys["allowed_account_ids"] = [account_id]
    if wired.has_default_tags:
        keys["default_tags"] = [{"tags": list_default_tags(wiring, place, stack)}]
    return keys


def list_default_tags(wiring: Wiring, place: Place, stack: str) -> dict[str, str]:
    # Never the release: each promotion would change every resource.
    return {"project": wiring.project, "environment": place.environment, "stack": stack, "managed_by": "envctl"}


def _find_region(place: Place, wired: StackWiring) -> str:
    return (place.regions[wired.region] if wired.region else place.region) or ""


def _render_role(place: Place) -> dict[str, object]:
    # The same bytes for all users: the session name is passed when Terraform starts.
    return render_assume_role(place, f"${{var.{SESSION_VARIABLE}}}") if place.assume_role else {}


def _adapt_value(key: str, value: object, place: Place) -> object:
    """Return the value of a key of `[providers]` as the environment needs it: its region by name, its acting role."""
    match key:
        case "region":
            return place.regions.get(value, value) if isinstance(value, str) else value
        case "assume_role":
            return _replace_role(value, place)
        case _:
            return value


def _replace_role(value: object, place: Place) -> object:
    """Return an `assume_role` of `[providers]` with the role to look with in place of that of a deployer."""
    match value:
        case Mapping() if value.get("role_arn") in place.replaced_roles:
            return {**value, **place.replaced_roles[str(value["role_arn"])]}
        case list() | tuple():
            return [_replace_role(each, place) for each in value]
        case _:
            return value


def render_assume_role(place: Place, session: str) -> dict[str, object]:
    """Return the `assume_role` block of provider and backend. Both renew the session, so no duration is set."""
    block: dict[str, object] = {"role_arn": place.assume_role, "session_name": session}
    if place.external_id:
        block["external_id"] = place.external_id
    if place.session_tags:
        block["tags"] = dict(place.session_tags)
    return block
