"""Where an environment is, and where its state lies, as the project file says it."""

from collections.abc import Mapping
from dataclasses import replace

from envctl.domain.aws.access import USUAL_REGION
from envctl.domain.config.project import Project
from envctl.domain.release.approval_place import BoundPlace, bind_place
from envctl.domain.release.contents import Wiring
from envctl.domain.release.image_repositories import placeholders
from envctl.domain.release.root_module import Backend, Place, role


def place(project: Project, environment: str, under: Mapping[str, str] | None = None) -> Place:
    """`under` names the stacks whose state still lies under another name, each with that name."""
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
    return replace(where, backend=replace(_backend(project, where), under=under or {}))


def bound(project: Project, environment: str, wiring: Wiring) -> BoundPlace:
    """Where an apply of a release with that wiring lands in the environment."""
    return bind_place(wiring, place(project, environment))


def _backend(project: Project, where: Place) -> Backend:
    state = project.state
    if state.backend == "local":
        return where.backend
    settings: dict[str, object] = {
        "bucket": state.bucket.format(**placeholders(project, where.environment)).strip("-"),
        "region": where.region or USUAL_REGION,
        "encrypt": True,
        "use_lockfile": True,
    }
    if where.assume_role:
        # A backend knows no variables: that it was the state that was read or written, its name says.
        settings["assume_role"] = role(where, "envctl")
    if where.account_id:
        settings["allowed_account_ids"] = [where.account_id]
    return Backend("s3", settings, where.environment)
