"""Where the stacks of Kubernetes objects of an environment go: by the project file, and by the outputs of stacks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from envctl.domain.aws.access import DEFAULT_REGION
from envctl.domain.config.project import Project
from envctl.domain.terraform.expressions import is_cluster_output
from envctl.domain.terraform.outputs import Outputs, select_part
from envctl.usecases.ports.terraform import PreparedStack


@dataclass(frozen=True)
class ClusterPlace:
    """Where a stack puts its objects: a context of the caller's own kubeconfig, or else an EKS cluster."""

    stack: str
    name: str  # of the EKS cluster; empty if it is unknown
    context: str
    region: str  # of the cluster
    namespace: str
    output: str = ""  # the output with that name, as in `eks.cluster_name`; empty for a name in the project file


def list_prepared_places(
    project: Project, environment: str, stacks: Iterable[PreparedStack], outputs: Outputs
) -> Iterator[ClusterPlace]:
    """Yield the places of the stacks of a release, with the clusters that outputs name."""
    default = project.environments[environment].region or DEFAULT_REGION
    for stack in stacks:
        if stack.workload is None:
            continue
        cluster = stack.workload.cluster
        name, output = cluster.name, ""
        if cluster.output is not None:
            output = f"{cluster.output.stack}.{cluster.output.output}{cluster.output.path}"
            found = outputs.get(cluster.output.stack, {}).get(cluster.output.output)
            value = select_part(found.value, cluster.output.path) if found else None
            name = value if isinstance(value, str) else ""
        region = stack.region or default
        yield ClusterPlace(stack.name, name, cluster.context, region, stack.workload.namespace, output)


def list_declared_places(project: Project, environment: str) -> Iterator[ClusterPlace]:
    """Yield the places in the project file. A cluster that an output names has no name there."""

    def fill(text: str | None) -> str:
        return (text or "").replace("{environment}", environment).replace("{project}", project.name)

    settings = project.environments[environment]
    for name, stack in project.view_for(environment).stacks.items():
        if not stack.is_kubernetes:
            continue
        cluster = stack.cluster or ""
        is_output = is_cluster_output(cluster)
        region = settings.regions.get(stack.region, "") if stack.region else settings.region
        yield ClusterPlace(
            name,
            "" if is_output else cluster,
            fill(stack.kubeconfig_context),
            region or DEFAULT_REGION,
            fill(stack.namespace),
            cluster if is_output else "",
        )
