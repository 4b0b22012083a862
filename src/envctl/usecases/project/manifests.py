"""Objects of a release rendered without a cluster and without outputs: for people, and for checks."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.kubernetes.manifests.manifest_checks import redact_secrets
from envctl.domain.kubernetes.manifests.rendered import RenderedManifests
from envctl.domain.kubernetes.manifests.value_paths import ANY, format_value
from envctl.domain.kubernetes.objects import CRD_TYPE, identify
from envctl.domain.release.bundle import Release
from envctl.domain.release.place.environment_place import resolve_place
from envctl.domain.release.workload import build_workload, list_workload_files
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.domain.text.lists import join_names
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports

_RENDERING_FAILED = "E606"


@dataclass(frozen=True)
class StackManifests:
    """The rendered objects of one stack."""

    stack: str
    version: str  # of Kubernetes, which they are for; empty if it is unknown
    rendered: RenderedManifests
    namespace: str = ""  # of the stack
    is_rendered: bool = True  # false for a chart that needs outputs of other stacks; the note says so


def render_manifests(
    context: Context, release: Release, settings: EnvironmentSettings, stacks: Collection[str] = ()
) -> Iterator[StackManifests]:
    """Yield the objects of the stacks for Kubernetes; of these ones alone, if any are given.

    Values that come from outputs are the examples in the code; in charts, the names of the outputs. Raises
    ConfigurationError.
    """
    for name, wired in release.wiring.stacks.items():
        if wired.kubernetes is None or (stacks and name not in stacks):
            continue
        yield _render_stack(context, release, settings, name)


def _render_stack(context: Context, release: Release, settings: EnvironmentSettings, name: str) -> StackManifests:
    wired = release.wiring.stacks[name]
    backend = resolve_place(context.project, settings.environment).backend
    workload = build_workload(release.wiring, name, context.project, backend, settings)
    values = dict(workload.values)
    if workload.is_chart:
        values |= {path: format_value(f"({text})", ANY) for path, text in wired.inputs.items()}
    files = list_workload_files(release, name)
    try:
        rendered = context.ports.manifests.render(files, workload, values, with_examples=True)
    except ConfigurationError as error:
        problems = [replace(each, stack=name, location=_move(release, each.location)) for each in error.problems]
        if workload.is_chart and wired.inputs and all(each.code == _RENDERING_FAILED for each in problems):
            message = f"{name} can't be checked before the outputs that it reads are known: {problems[0].message}"
            nothing = RenderedManifests((), notes=(message,))
            return StackManifests(name, workload.kubernetes_version, nothing, workload.namespace, is_rendered=False)
        raise ConfigurationError(*problems) from None
    places = {identity: _move(release, place) or place for identity, place in rendered.places.items()}
    return StackManifests(name, workload.kubernetes_version, replace(rendered, places=places), workload.namespace)


def _move(release: Release, location: Location | None) -> Location | None:
    """Return a location in a tree as one in the project."""
    return location and replace(location, file=release.wiring.to_project_path(location.file))


def format_manifests(ports: Ports, manifests: StackManifests) -> str:
    """Return the objects of a stack as YAML, without the values of Secrets."""
    return ports.manifests.format_objects([redact_secrets(each) for each in manifests.rendered.objects])


def find_schema_problems(ports: Ports, found: Collection[StackManifests]) -> Iterator[Problem]:
    """Yield a problem (E612) for each part of an object that its schema does not allow, in the version of its cluster.
    Kinds that CustomResourceDefinitions among the objects bring are known.

    Raises ConfigurationError (E614) without the package that has the schemas.
    """
    ports.manifests.require_schemas()
    # A package of its own, which projects without such stacks don't need.
    from kube_api_emulator.schemas.schema_check import check_object, format_path

    definitions = [each for stack in found for each in stack.rendered.objects if identify(each).type == CRD_TYPE]
    for stack in found:
        schemas = ports.manifests.load_schemas(stack.version).add_custom_kinds(definitions)
        for each in stack.rendered.objects:
            identity = identify(each)
            for problem in check_object(schemas, each) or ():
                message = (
                    f"{identity}: {format_path(problem.path)}: {problem.message}"
                    if problem.path
                    else (f"{identity}: {problem.message}")
                )
                # As `kubectl explain` names the field, up to the part that may be unknown.
                steps = (str(each["kind"]).lower(), *(step for step in problem.path[:-1] if isinstance(step, str)))
                hint = f"correct it for Kubernetes {schemas.version}: kubectl explain {'.'.join(steps)}"
                place = stack.rendered.locate(identity, problem.path)
                yield Problem("E612", message, hint, place, stack=stack.stack, address=str(identity))


def list_unknown_versions(ports: Ports, found: Collection[StackManifests]) -> Iterator[str]:
    """Yield a note for each version of Kubernetes whose types are not known: those of another one were checked."""
    from kube_api_emulator.schemas.schemas import read_minor_version

    for version in dict.fromkeys(stack.version for stack in found if stack.version):
        checked = ports.manifests.load_schemas(version).version
        if checked != read_minor_version(version):
            names = tuple(stack.stack for stack in found if stack.version == version)
            label = "stack" if len(names) == 1 else "stacks"
            yield f"{label} {join_names(names)}: no types of Kubernetes {version}: checked against {checked}"


def list_notes(found: Collection[StackManifests]) -> Mapping[str, None]:
    """Return what a person should know of the renderings."""
    return dict.fromkeys(note for stack in found for note in stack.rendered.notes)
