"""What a prepared stack of Kubernetes objects knows: its code, its values, and its cluster."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from envctl.domain.terraform.outputs import StackInput

LABEL = "envctl.dev/stack"
"""Label of each object: the project, the environment and the stack it belongs to, as in `shop.dev.web`."""
PRUNE_ANNOTATION = "envctl.dev/prune"
"""Annotation of an object; with `false`, no deployment deletes it."""
VARIABLES_NAME = "envctl"
"""Name of the ConfigMap with the variables of a stack."""
LOCAL_CONFIG = "config.kubernetes.io/local-config"
"""Annotation of an object that is sent to no cluster, as its ConfigMap of variables."""
VALUES_TABLE = "envctl"
"""Table in the values of a chart whose keys are variables of the stack."""

Hooks = Literal["refuse", "skip"]


@dataclass(frozen=True)
class ClusterReference:
    """The cluster of a stack: an EKS cluster by name or by the output with its name, or a context of the kubeconfig."""

    name: str = ""
    output: StackInput | None = None
    context: str = ""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A stack of Kubernetes objects in one environment."""

    owner: str  # the project, the environment and the stack, as in `shop.dev.web` (`format_owner`)
    path: str  # folder of a kustomization or of plain YAML, or archive of a chart, in the tree of the stack
    cluster: ClusterReference  # where its objects go
    namespace: str  # of all objects that belong to one and name none
    is_chart: bool = False  # whether the path is the archive of a Helm chart
    overlay: str = ""  # folder over the path, or file of values of a chart, for this environment; empty for none
    values_file: str = ""  # file of values of a chart; empty for none
    # Texts of its variables that are known before a plan, by name; of a chart, JSON by path.
    values: Mapping[str, str] = field(default_factory=dict)
    wait: float = 300.0  # seconds for its rollout
    hooks: Hooks = "refuse"  # what happens to a chart with hooks
    allows_secrets: bool = False  # whether it may hold Secrets with values
    managers: tuple[str, ...] = ()  # trusted field managers: their changes in the cluster are no drift
    name: str = ""  # the stack, which is the name of the release for the templates of a chart
    # Version of the cluster for the templates of a chart, such as `1.35`; empty if unknown.
    kubernetes_version: str = ""
    # Minor versions of the tools that the release was made with, such as `kustomize`: `5.8`.
    tools: Mapping[str, str] = field(default_factory=dict)

    @property
    def manager(self) -> str:
        """The field manager of its objects, and the name of its inventory."""
        return f"envctl-{self.owner}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def parse_workload(document: Mapping[str, Any]) -> Workload:
    """Return the workload of `to_json`. Raises KeyError or TypeError for a document of another version."""
    cluster = document["cluster"]
    output = StackInput(**cluster["output"]) if cluster["output"] else None
    known = {**document, "cluster": ClusterReference(**{**cluster, "output": output})}
    return Workload(**{**known, "managers": tuple(document["managers"])})
