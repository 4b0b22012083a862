"""The role, the account and the region that a provider configuration, or an alias of one, gets in an environment."""

from collections.abc import Mapping
from typing import Any

from envctl.domain.plan.provider_accounts import find_last_role, parse_role_account
from envctl.domain.release.place.default_tags import list_default_tags
from envctl.domain.release.place.environment_place import Place, render_assume_role
from envctl.domain.release.root_code import RootProvider
from envctl.domain.release.wiring import StackWiring, Wiring
from envctl.domain.terraform.workdir_names import SESSION_VARIABLE


def render_aws_keys(wiring: Wiring, place: Place, stack: str, own: Mapping[str, object]) -> dict[str, Any]:
    """Return the keys that envctl adds. `own` are those of an alias: a role in another account brings that account."""
    wired, keys = wiring.stacks[stack], dict[str, Any]()
    if region := require_region(place, wired):
        keys["region"] = region
    if role := render_role(place):
        keys["assume_role"] = [role]
    if account_id := find_role_account(own) or place.account_id:
        keys["allowed_account_ids"] = [account_id]
    if wired.has_default_tags:
        keys["default_tags"] = [{"tags": list_default_tags(wiring, place, stack)}]
    return keys


def render_role(place: Place) -> dict[str, object]:
    """Return the `assume_role` of providers; empty without a role."""
    # The same bytes for all users: the session name is passed when Terraform starts.
    return render_assume_role(place, f"${{var.{SESSION_VARIABLE}}}") if place.assume_role else {}


def require_region(place: Place, wired: StackWiring) -> str:
    """Return the region of a stack; empty if its environment has none. Raises KeyError for an unknown name."""
    return (place.regions[wired.region] if wired.region else place.region) or ""


def find_region(wiring: Wiring, stack: str, place: Place) -> str | None:
    """Return the region of a stack in an environment, if it has one."""
    named = wiring.stacks[stack].region
    return place.regions.get(named) if named else place.region


def find_role_account(arguments: Mapping[str, object]) -> str:
    """Return the account of the role in `assume_role`; empty without one."""
    role = find_last_role(arguments.get("assume_role"))
    return parse_role_account(role) if isinstance(role, str) else ""


def adapt_value(key: str, value: object, place: Place) -> object:
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


def is_of_environment(provider: RootProvider, place: Place) -> bool:
    """Tell if a configuration gets the credentials of the environment; others name an account by themselves."""
    if not provider.is_separate:
        return True
    home = place.account_id or parse_role_account(place.assume_role or "")
    return provider.allowed == (home,) and not provider.role and not provider.credentials and not provider.unresolved


def restrict_to_account(place: Place, provider: RootProvider) -> dict[str, Any]:
    """Return the override of a configuration with credentials of its own: they stay, in the account that it names."""
    account = parse_role_account(provider.role)
    if provider.kind != "aws":
        return {}
    override: dict[str, Any] = {}
    if replaced := place.replaced_roles.get(provider.role):
        if replaced["role_arn"] == place.assume_role:
            override["assume_role"] = [render_role(place)]
        else:
            override["assume_role"] = [dict(replaced)]
    if account and not provider.allowed:
        override["allowed_account_ids"] = [account]
    return override


def name_account(provider: RootProvider, tables: Mapping[str, object]) -> dict[str, Any]:
    """Return the account of a role that the project gives to the configuration."""
    account = find_role_account(tables)
    return {"allowed_account_ids": [account]} if account and provider.kind == "aws" else {}
