"""`envctl render ENV`: the root modules for Terraform."""

from dataclasses import dataclass

from envctl.domain.release.bundle import Release
from envctl.usecases.deployment import prepare
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import image_tags, load, working_tree
from envctl.usecases.release import deploy_request


@dataclass(frozen=True)
class Rendered:
    """The texts of root modules, by path below the working directory."""

    environment: str
    files: dict[str, str]


def render_environment(ports: Ports, environment: str) -> Rendered:
    """Render the working tree in the entry environment, and the deployed release in others. Without one, use the wiring
    of the working tree.
    """
    context, target = load.load_context(ports, environment)
    release = _load_release(context, target)
    resolved = load.load_settings(context, target, release.wiring)
    live = prepare.load_traffic(context, release, target)
    roots = prepare.render_stacks(context.project, release, resolved, live)
    return Rendered(target, {f"{target}/{root.stack}/main.tf.json": root.encode().decode() for root in roots})


def _load_release(context: Context, target: str) -> Release:
    if target != context.project.entry:
        candidate = deploy_request.build_redeployment(context, journal.load(context.ports), target=target)
        if candidate.release is not None:
            return candidate.release
    release = working_tree.build_release(context)
    image_tags.report_image_tags(context, release)
    return release
