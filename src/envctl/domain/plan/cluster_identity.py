"""Which cluster it is: the UID of its namespace kube-system, and of an EKS cluster also its ARN and creation.

A name leads to a cluster, and is not its identity. Address and certificate authority are shown, and never compared: a
tunnel gets another port, and an authority is renewed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

IDENTITY_NAMESPACE = "kube-system"
CLUSTER_KEY = "cluster"
"""A key beside the paths of values in a planned change: an approval binds the cluster of each object."""


@dataclass(frozen=True)
class ClusterIdentity:
    """`uid`, `arn` and `created` are compared. Empty: the cluster is not one of EKS."""

    uid: str
    arn: str = ""
    created: str = ""
    name: str = field(default="", compare=False)  # how it was found, as in `context kind-dev`
    server: str = field(default="", compare=False)  # address of its API
    authority: str = field(default="", compare=False)  # first digits of the digest of its certificate authority

    @property
    def recorded(self) -> str:
        """What the ledger and an approval hold."""
        return " ".join(filter(None, (self.uid, self.arn, self.created)))

    @property
    def address(self) -> str:
        authority = f", certificate authority {self.authority}" if self.authority else ""
        return f"{self.name} at {self.server}{authority}"


def is_same_cluster(one: str, other: str) -> bool:
    """Compare two recorded identities. One of a kubeconfig has the UID alone."""
    return all(left == right for left, right in zip(one.split(" "), other.split(" "), strict=False))


def encode_clusters(clusters: Mapping[str, str]) -> tuple[str, ...]:
    """Return stack and recorded identity as texts; an empty identity is one that is not known yet."""
    return tuple(f"{stack} {recorded}".rstrip() for stack, recorded in clusters.items())


def decode_clusters(texts: Iterable[str]) -> dict[str, str]:
    return {stack: recorded for stack, _, recorded in (text.partition(" ") for text in texts)}
