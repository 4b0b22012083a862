"""`envctl render ENV`: the root modules that Terraform gets."""

from dataclasses import dataclass

from envctl.domain.config.project import Project
from envctl.domain.release.contents import Release
from envctl.usecases.deployment.traffic import rendering
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import image_tags, load, working_tree
from envctl.usecases.release import deploy_request


@dataclass(frozen=True)
class Rendered:
    """The root modules by their path below the working directory, as text."""

    environment: str
    files: dict[str, str]


def render(ports: Ports, environment: str) -> Rendered:
    """What would be rendered: of the working tree in the entry, of the deployed release in the others.

    Where another environment has no release yet, the working tree's wiring is shown.
    """
    project, target = load.seen_from(ports, environment)
    release = _code(ports, project, target)
    resolved = load.settings(ports, project, target, release.wiring)
    live = rendering.known(ports, project, release, target)
    roots = rendering.root_modules(project, release, resolved, live)
    return Rendered(target, {f"{target}/{root.stack}/main.tf.json": root.encode().decode() for root in roots})


def _code(ports: Ports, project: Project, target: str) -> Release:
    if target != project.entry:
        candidate = deploy_request.redeployment(ports, project, journal.present(ports), target=target)
        if candidate.release is not None:
            return candidate.release
    release = working_tree.release(ports, project)
    image_tags.tell_tags(ports, project, release)
    return release
