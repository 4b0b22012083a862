"""Find the images and secrets of a deployment in the target's account."""

from dataclasses import replace

from envctl.domain.guards import Request
from envctl.domain.release.bundle import Release
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.usecases.account import image_check, secret_check
from envctl.usecases.ports.context import Context
from envctl.usecases.project import load


def add_findings(
    context: Context, request: Request, release: Release, settings: EnvironmentSettings | None = None
) -> Request:
    """Return the request with the images and secrets found, except for `destroy`. Check the account before."""
    if request.action == "destroy":
        return request
    target, wiring = request.target, release.wiring
    given = settings or load.load_settings(context, target, wiring)
    return replace(
        request,
        images=image_check.find_images(context, target, release),
        secrets=secret_check.find_secrets(context, target, given, wiring.schema),
    )
