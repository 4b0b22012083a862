"""EKS: the settings of a new node group, without invented ones."""

from typing import TYPE_CHECKING, Any

from aws_api_emulator.patches.patch import Patch, replace_methods

if TYPE_CHECKING:
    from moto.eks.models import Nodegroup


def _apply() -> None:
    from moto.eks.models import EKSBackend

    stock = EKSBackend.create_nodegroup

    def create_nodegroup(self: EKSBackend, cluster_name: str, **given: Any) -> "Nodegroup":  # noqa: ANN401 (as in moto)
        group = stock(self, cluster_name=cluster_name, **given)
        vars(group).update(
            remote_access=given.get("remote_access"),
            version=given.get("version") or self.clusters[cluster_name].version,
            ami_type=given.get("ami_type") or "AL2023_x86_64_STANDARD",
            disk_size=None if given.get("launch_template") else group.disk_size,
        )
        return group

    replace_methods(EKSBackend, create_nodegroup)


PATCH = Patch("eks-node-group", "eks", _apply)
"""moto gives every node group an SSH key and an old system without a request, so the next plan replaces it."""
