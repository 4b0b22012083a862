"""What only the target's own account can answer: whether the images and the secrets of a deployment are there."""

from dataclasses import replace

from envctl.domain.guards import Request
from envctl.domain.project import Project
from envctl.domain.release_contents import Release
from envctl.domain.settings_values import EnvironmentSettings
from envctl.usecases import images, load, secrets
from envctl.usecases.ports import Ports


def look(
    ports: Ports, project: Project, request: Request, release: Release, settings: EnvironmentSettings | None = None
) -> Request:
    """The request with what was seen there. What is taken away needs neither. It has to be the right account."""
    if request.action == "destroy":
        return request
    target, wiring = request.target, release.wiring
    given = settings or load.settings(ports, project, target, wiring)
    return replace(
        request,
        images=images.look(ports, project, target, release),
        secrets=secrets.look(ports, project, target, given, wiring.schema),
    )
