"""What a release knows of a stack of Kubernetes objects: its code, its cluster and the tools that rendered it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from envctl.domain.terraform.expressions import is_cluster_output

OVERLAY_PLACEHOLDER = "{environment}"


@dataclass(frozen=True, kw_only=True)
class KubernetesCode:
    """The code of a stack of Kubernetes objects beside its path, which is the `module` of its wiring."""

    tree: tuple[str, ...]  # folders and files of the release that its tree holds
    namespace: str  # of objects that name none; placeholders: {environment} and {project}
    is_chart: bool = False  # whether the path is the archive of a Helm chart
    overlay: str = ""  # folder over the path, or file of values of a chart; placeholder: {environment}; empty for none
    values_file: str = ""  # file of values of a chart; empty for none
    cluster: str = ""  # name of an EKS cluster, or the output with it; empty for a context
    context: str = ""  # context of the kubeconfig; placeholders: {environment} and {project}; empty for a cluster
    wait: int = 300  # seconds for its objects to get ready
    skips_hooks: bool = False  # whether the hooks of a chart are left out; else they are refused
    allows_secrets: bool = False  # whether it may hold Secrets with values
    # Minor versions of the tools that rendered it first, such as `kustomize`: `5.8`.
    tools: Mapping[str, str] = field(default_factory=dict)

    def find_overlay(self, environment: str) -> str:
        """Return the overlay of an environment; empty for none."""
        return self.overlay.replace(OVERLAY_PLACEHOLDER, environment)

    def describe_cluster(self, project: str, environment: str, region: str = "") -> str:
        """Return the cluster in an environment, as the code names it. `region` is the one that the stack names."""
        if self.context:
            filled = self.context.replace(OVERLAY_PLACEHOLDER, environment).replace("{project}", project)
            return f"the context {filled}"
        named = f"the cluster in {self.cluster}" if is_cluster_output(self.cluster) else f"EKS cluster {self.cluster}"
        return f"{named} ({region})" if region else named

    def relocate(self, move: Callable[[str], str]) -> "KubernetesCode":
        """Return the same with another form of all paths."""
        return replace(
            self,
            tree=tuple(sorted(map(move, self.tree))),
            overlay=self.overlay and move(self.overlay),
            values_file=self.values_file and move(self.values_file),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the part of a manifest, without what is unset: defaults of later versions keep the hashes."""
        texts = {
            "overlay": self.overlay,
            "values": self.values_file,
            "cluster": self.cluster,
            "context": self.context,
            "chart": self.is_chart,
            "skips_hooks": self.skips_hooks,
            "allows_secrets": self.allows_secrets,
        }
        return {
            "tree": list(self.tree),
            "namespace": self.namespace,
            "wait": self.wait,
            "tools": dict(self.tools),
            **{key: value for key, value in texts.items() if value},
        }


def parse_kubernetes_code(document: Mapping[str, Any]) -> KubernetesCode:
    """Parse the part of a manifest. Raises KeyError or TypeError."""
    return KubernetesCode(
        tree=tuple(document["tree"]),
        namespace=document["namespace"],
        is_chart=document.get("chart", False),
        overlay=document.get("overlay", ""),
        values_file=document.get("values", ""),
        cluster=document.get("cluster", ""),
        context=document.get("context", ""),
        wait=document["wait"],
        skips_hooks=document.get("skips_hooks", False),
        allows_secrets=document.get("allows_secrets", False),
        tools=dict(document["tools"]),
    )
