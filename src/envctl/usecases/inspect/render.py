"""`envctl render ENV`: the root modules for Terraform, and the objects for Kubernetes, of code or of a release."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from envctl.domain.release.bundle import Release
from envctl.domain.release.rendering.root_module import RootModule
from envctl.domain.release_label import ReleaseLabel
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.domain.terraform.workdir_names import ROOT_MODULE_FILE, join_workdir
from envctl.domain.text.lists import join_names
from envctl.usecases.concurrency.dag_runner import ALL_STACKS, StackSelection, select_stacks
from envctl.usecases.deployment import prepare
from envctl.usecases.inspect.preview import load_stored_release
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import working_tree
from envctl.usecases.project.environment_selection import load_context
from envctl.usecases.project.settings.artifact_values import report_image_tags
from envctl.usecases.project.settings.environment_settings import load_settings
from envctl.usecases.release import deploy_request

OBJECTS_FILE = "objects.yaml"


@dataclass(frozen=True)
class RenderedRoots:
    """The texts of root modules and of Kubernetes objects, by path below the working directory."""

    environment: str
    files: dict[str, str]
    release: str = ""  # the id of a release that was asked for; empty for the working tree and for the running release
    label: ReleaseLabel | None = None  # what people know that release by


def render_environment(
    ports: Ports, environment: str, selection: StackSelection | None = None, *, release_name: str | None = None
) -> RenderedRoots:
    """Render the working tree in the entry environment, and the deployed release in others. Without one, use the wiring
    of the working tree. `release_name` is any name of a stored release to render instead, with today's settings.

    Raises UsageError (E029) for an unknown stack, and for an unknown release; OperationFailedError for a bundle that
    can't be read.
    """
    context, target = load_context(ports, environment)
    stored = load_stored_release(ports, release_name) if release_name is not None else None
    release = stored.release if stored else _load_release(context, target)
    needs = release.wiring.needs
    stacks = select_stacks(selection or ALL_STACKS, needs)
    resolved = load_settings(context, target, release.wiring)
    live = prepare.load_traffic(context, release, target)
    roots = prepare.render_stacks(context.project, release, resolved, live)
    files = dict(file for root in roots if root.stack in stacks for file in _list_files(target, root))
    files |= _render_objects(context, release, resolved, stacks)
    return RenderedRoots(target, files, stored.identity, stored.label) if stored else RenderedRoots(target, files)


def _render_objects(
    context: Context, release: Release, settings: EnvironmentSettings, stacks: Collection[str]
) -> dict[str, str]:
    """Return the texts of Kubernetes objects. Imported late: many projects have none."""
    chosen = [name for name in stacks if release.wiring.stacks[name].kubernetes is not None]
    if not chosen:
        return {}
    from envctl.usecases.project.manifests import format_manifests, list_notes, render_manifests

    found = list(render_manifests(context, release, settings, chosen))
    for name in chosen:
        # No rendering without a state can know these values.
        if sources := join_names(tuple(dict.fromkeys(release.wiring.stacks[name].inputs.values()))):
            note = f"{name}: {sources} is shown by an example: a plan reads the output of the stack"
            context.ports.observer.on_message(note)
    for note in list_notes(found):
        context.ports.observer.on_message(note)
    environment = settings.environment
    return {
        f"{join_workdir(environment, each.stack)}/{OBJECTS_FILE}": format_manifests(context.ports, each)
        for each in found
    }


def _list_files(target: str, root: RootModule) -> Iterator[tuple[str, str]]:
    """Yield the paths and texts of the rendered files. A root module that runs as it is has those that envctl adds."""
    if root.generated is None:
        yield f"{join_workdir(target, root.stack)}/{ROOT_MODULE_FILE}", root.encode().decode()
        return
    for name, data in sorted(root.generated.encode().items()):
        yield f"{join_workdir(target, root.stack, root.root)}/{name}", data.decode()


def _load_release(context: Context, target: str) -> Release:
    if target != context.project.entry:
        candidate = deploy_request.build_redeployment(context, journal.load(context.ports), target=target)
        if candidate.release is not None:
            return candidate.release
    release = working_tree.build_release(context)
    report_image_tags(context, release)
    return release
