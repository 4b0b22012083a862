"""Account, region and state backend of an environment, by the project file."""

from collections.abc import Mapping
from dataclasses import replace

from envctl.domain.aws.access import DEFAULT_REGION
from envctl.domain.config.project import Project
from envctl.domain.release.approval_place import BoundPlace, bind_place
from envctl.domain.release.artifacts import resolve_placeholders
from envctl.domain.release.bundle import Wiring
from envctl.domain.release.root_module import Backend, Place, render_assume_role


def resolve_place(project: Project, environment: str, under: Mapping[str, str] | None = None) -> Place:
    """Return the place of an environment. `under` maps stacks to the old names still holding their state."""
    there = project.environments[environment]
    where = Place(
        environment,
        Backend("local", {}, environment),
        there.account_id,
        there.region,
        there.assume_role,
        there.external_id,
        there.session_tags,
        there.regions,
        there.other_accounts,
    )
    return replace(where, backend=replace(_build_backend(project, where), under=under or {}))


def resolve_bound_place(project: Project, environment: str, wiring: Wiring) -> BoundPlace:
    """Return the place for an apply of a release with that wiring."""
    return bind_place(wiring, resolve_place(project, environment))


def _build_backend(project: Project, where: Place) -> Backend:
    state = project.state
    if state.backend == "local":
        return where.backend
    settings: dict[str, object] = {
        "bucket": state.bucket.format(**resolve_placeholders(project, where.environment)).strip("-"),
        "region": where.region or DEFAULT_REGION,
        "encrypt": True,
        "use_lockfile": True,
    }
    if where.assume_role:
        # The session name marks accesses to the state: a backend knows no variables.
        settings["assume_role"] = render_assume_role(where, "envctl")
    if where.account_id:
        settings["allowed_account_ids"] = [where.account_id]
    return Backend("s3", settings, where.environment)
