"""Description of a written root module, or of Kubernetes objects, from project file and wiring."""

from collections.abc import Mapping

from envctl.domain.config.project import Project
from envctl.domain.release.bundle import Release, Wiring
from envctl.domain.release.place import Backend
from envctl.domain.release.root_module import RootModule
from envctl.domain.release.root_override import find_region, list_stack_inputs
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.domain.terraform.generated_files import GeneratedFiles
from envctl.domain.terraform.workdir_names import WORKLOAD_ROOT
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack
from envctl.usecases.project.load import resolve_place


def describe_stack(
    project: Project,
    environment: str,
    wiring: Wiring,
    root: RootModule,
    backend: Backend,
    *,
    secrets: Mapping[str, str],
    needs: tuple[str, ...],
    after: tuple[str, ...] = (),
) -> PreparedStack:
    """Return the stack of a root module. `needs` and `after` are the stacks to apply before it."""
    terraform = project.terraform
    return PreparedStack(
        root.stack,
        needs,
        secrets,
        terraform.binary or "",
        project.environments[environment].profile or "",
        after=after,
        plan_keys=terraform.plan_keys,
        base=wiring.base,
        workspace=root.workspace,
        root=root.root,
        # A rendered root module reads outputs itself.
        inputs=list_stack_inputs(wiring, root.stack, backend) if root.generated is not None else (),
        warm=terraform.warm,
        region=root.region,
    )


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
    need outputs of other stacks.
    """
    from envctl.domain.release.workload import build_workload, list_workload_files

    wiring, environment = release.wiring, settings.environment
    place = resolve_place(project, environment, acting=True)
    ports.workspace.write_tree(environment, name, WORKLOAD_ROOT, list_workload_files(release, name), GeneratedFiles())
    return PreparedStack(
        name,
        needs,
        profile=project.environments[environment].profile or "",
        after=after,
        base=wiring.base,
        inputs=list_stack_inputs(wiring, name, place.backend),
        region=find_region(wiring, name, place) or "",
        workload=build_workload(wiring, name, project, place.backend, settings),
    )
