"""Render the `provider` blocks of a stack: account, region, role and default tags of its environment."""

from collections.abc import Mapping
from typing import Any

from envctl.domain.plan.provider_accounts import find_provider_kind, find_provider_source
from envctl.domain.release.bundle import Wiring
from envctl.domain.release.place import Place
from envctl.domain.terraform.json_syntax import escape_templates
from envctl.domain.terraform.workdir_names import SESSION_VARIABLE


def render_provider_blocks(wiring: Wiring, place: Place, stack: str) -> dict[str, Any]:
    providers: dict[str, Any] = {
        name: {
            key: escape_templates(_replace_role(value, place) if key == "assume_role" else value)
            for key, value in provider.items()
            if key not in ("source", "version")
        }
        for name, provider in wiring.providers.items()
    }
    if place.region:
        named = wiring.stacks[stack].region
        where: dict[str, Any] = {"region": place.regions[named] if named else place.region}
        # The same bytes for all users: the session name is passed when Terraform starts.
        assume_role = render_assume_role(place, f"${{var.{SESSION_VARIABLE}}}") if place.assume_role else {}
        aws = {**where, "assume_role": [assume_role]} if assume_role else dict(where)
        if place.account_id:
            aws["allowed_account_ids"] = [place.account_id]
        # Never the release: each promotion would change every resource.
        tags = {"project": wiring.project, "environment": place.environment, "stack": stack, "managed_by": "envctl"}
        aws["default_tags"] = [{"tags": tags}]
        providers["aws"] = {**aws, **providers.get("aws", {})}
        for name in wiring.providers:
            if find_provider_kind(find_provider_source(name, wiring.providers)) == "awscc":
                # It has no account check and no default tags, and takes one role as an object.
                role_block = {"assume_role": assume_role} if assume_role else {}
                providers[name] = {**where, **role_block, **providers[name]}
    return providers


def _replace_role(value: object, place: Place) -> object:
    """Return an `assume_role` of `[providers]` with the role to look with in place of the deployer's."""
    match value:
        case Mapping() if place.replaced_role and value.get("role_arn") == place.replaced_role:
            return {**value, "role_arn": place.assume_role}
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
