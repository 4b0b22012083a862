"""Working directories of stacks of Kubernetes objects: their code, and what their plan needs to render it."""

from envctl.domain.config.project import Project
from envctl.domain.release.bundle import Release
from envctl.domain.release.place.environment_place import resolve_place
from envctl.domain.release.place.provider_roles import find_region
from envctl.domain.release.rendering.root_override import list_stack_inputs
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.domain.terraform.generated_files import GeneratedFiles
from envctl.domain.terraform.workdir_names import WORKLOAD_ROOT
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack


def write_objects(
    ports: Ports,
    project: Project,
    release: Release,
    settings: EnvironmentSettings,
    name: str,
    *,
    needs: tuple[str, ...],
    after: tuple[str, ...] = (),
) -> PreparedStack:
    """Write the code of a stack of Kubernetes objects, and return the stack. It is rendered when it is planned: it may
    need outputs of other stacks. Raises ConfigurationError (E614) if this machine has no types of Kubernetes' kinds.
    """
    from envctl.domain.release.workload import build_workload, list_workload_files

    ports.manifests.require_schemas()
    wiring, environment = release.wiring, settings.environment
    place = resolve_place(project, environment, acting=True)
    ports.workspace.write_tree(environment, name, WORKLOAD_ROOT, list_workload_files(release, name), GeneratedFiles())
    return PreparedStack(
        name,
        upstream=needs,
        profile=project.environments[environment].profile or "",
        after=after,
        base=wiring.base,
        inputs=list_stack_inputs(wiring, name, place.backend),
        region=find_region(wiring, name, place) or "",
        workload=build_workload(wiring, name, project, place.backend, settings),
    )
