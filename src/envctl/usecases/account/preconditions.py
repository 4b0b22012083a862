"""What only the target's own account can answer: whether the images and the secrets of a deployment are there."""

from dataclasses import replace

from envctl.domain.config.project import Project
from envctl.domain.guards import Request
from envctl.domain.release.contents import Release
from envctl.domain.settings.values import EnvironmentSettings
from envctl.usecases.account import image_check, secret_check
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load


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
        images=image_check.look(ports, project, target, release),
        secrets=secret_check.look(ports, project, target, given, wiring.schema),
    )
