"""EKS: the endpoint of a cluster, which leads to the sandbox's Kubernetes, and the authority of its certificate."""

import base64
import secrets
from typing import TYPE_CHECKING, Any

from aws_api_emulator.patches.patch import Patch, replace_methods

if TYPE_CHECKING:
    from moto.eks.models import Cluster

_ID_BYTES = 16
_authority: list[bytes] = []


def trust_authority(pem: bytes) -> None:
    """Set the authority that signs the certificates of the clusters from now on."""
    _authority[:] = [pem]


def _apply() -> None:
    from moto.eks.models import EKSBackend

    stock = EKSBackend.create_cluster

    def create_cluster(self: EKSBackend, name: str, **given: Any) -> "Cluster":  # noqa: ANN401 (as in moto)
        cluster = stock(self, name=name, **given)
        domain = "amazonaws.com.cn" if self.region_name.startswith("cn-") else "amazonaws.com"
        identity = secrets.token_hex(_ID_BYTES).upper()
        cluster.endpoint = f"https://{identity}.gr7.{self.region_name}.eks.{domain}"
        if _authority:
            cluster.certificate_authority = {"data": base64.b64encode(_authority[0]).decode()}
        return cluster

    replace_methods(EKSBackend, create_cluster)


PATCH = Patch("eks-endpoint", "eks", _apply)
"""moto's clusters all have the same endpoint, and a random text for the authority of its certificate."""
