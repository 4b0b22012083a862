"""The place of an environment: the account, the region, the role and the backend of an apply."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from envctl.domain.aws.access import DEFAULT_REGION
from envctl.domain.config.project import Project
from envctl.domain.release.place.backend import Backend, build_backend
from envctl.domain.terraform.workdir_names import USUAL_SESSION


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


def render_assume_role(place: Place, session: str) -> dict[str, object]:
    """Return the `assume_role` block of provider and backend. Both renew the session, so no duration is set."""
    block: dict[str, object] = {"role_arn": place.assume_role, "session_name": session}
    if place.external_id:
        block["external_id"] = place.external_id
    if place.session_tags:
        block["tags"] = dict(place.session_tags)
    return block


def resolve_place(
    project: Project, environment: str, under: Mapping[str, str] | None = None, *, acting: bool = False
) -> Place:
    """Return the place of a deployment. With `acting`, return that of this command: it may have the role to look with.
    `under` maps stacks to the old names still holding their state.
    """
    there, looks = project.environments[environment], acting and project.looks_with_role(environment)
    where = Place(
        environment=environment,
        backend=Backend("local", {}, environment),
        account_id=there.account_id,
        region=there.region,
        assume_role=there.look_role if looks else there.assume_role,
        external_id=there.external_id,
        session_tags=there.session_tags,
        regions=there.regions,
        other_accounts=there.other_accounts,
        providers=there.providers,
        replaced_roles=_list_replaced_roles(project, environment) if looks else {},
    )
    only_looks = acting and project.only_looks_in(environment)
    backend = build_backend(project, environment, _find_s3_defaults(where), only_looks=only_looks)
    return replace(where, backend=replace(backend, under=under or {}))


def _list_replaced_roles(project: Project, environment: str) -> dict[str, dict[str, str]]:
    """Return the roles to look with by the roles of deployers, of all environments: a provider may act in several."""
    others = [each for name, each in project.environments.items() if name != environment]
    return {
        each.assume_role: {"role_arn": each.look_role} | ({"external_id": each.external_id} if each.external_id else {})
        # Its own role to look with counts, if environments share a deployer.
        for each in (*others, project.environments[environment])
        if each.assume_role and each.look_role
    }


def _find_s3_defaults(where: Place) -> dict[str, object]:
    settings: dict[str, object] = {"region": where.region or DEFAULT_REGION, "encrypt": True, "use_lockfile": True}
    if where.assume_role:
        settings["assume_role"] = render_assume_role(where, USUAL_SESSION)
    if where.account_id:
        settings["allowed_account_ids"] = [where.account_id]
    return settings


def list_state_buckets(project: Project, environment: str) -> tuple[tuple[str, str], ...]:
    """Return name and region of each bucket with states of the environment, in S3."""
    backend = resolve_place(project, environment).backend
    places = map(backend.settings_for_stack, project.view_for(environment).stacks)
    return tuple(dict.fromkeys((str(each["bucket"]), str(each["region"])) for each in places))
