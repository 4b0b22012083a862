"""`envctl render ENV`: the root modules for Terraform."""

from collections.abc import Iterator
from dataclasses import dataclass

from envctl.domain.release.bundle import Release
from envctl.domain.release.root_module import RootModule
from envctl.domain.terraform.workdir_names import ROOT_MODULE_FILE, join_workdir
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
    return Rendered(target, dict(file for root in roots for file in _list_files(target, root)))


def _list_files(target: str, root: RootModule) -> Iterator[tuple[str, str]]:
    """Yield the paths and texts of the rendered files. A root module that runs as it is has those that envctl adds."""
    if not root.root:
        yield f"{join_workdir(target, root.stack)}/{ROOT_MODULE_FILE}", root.encode().decode()
    for name, data in sorted(root.files.items()):
        yield f"{join_workdir(target, root.stack, root.root)}/{name}", data.decode()


def _load_release(context: Context, target: str) -> Release:
    if target != context.project.entry:
        candidate = deploy_request.build_redeployment(context, journal.load(context.ports), target=target)
        if candidate.release is not None:
            return candidate.release
    release = working_tree.build_release(context)
    image_tags.report_image_tags(context, release)
    return release
