"""Ports for Kubernetes: how a cluster is found, and what a connection to it needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.plan.cluster_identity import ClusterIdentity


@dataclass(frozen=True)
class ClientCertificate:
    """A certificate with its private key, both in PEM. The key is in memory only."""

    certificate: str
    key: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ClusterConnection:
    """How a cluster is reached, and as whom. Nothing is fetched before the first request."""

    name: str  # the cluster in messages, as in `EKS cluster shop in eu-west-1` or `context kind-dev`
    url: str  # where its API answers, without a slash at the end
    authority: str = ""  # certificates in PEM that its own must be signed by; empty for those of the system
    # Returns the headers that name the caller, with a token that is still valid.
    headers: Callable[[], Mapping[str, str]] = field(default=dict, repr=False)
    # Forgets the token after the cluster refused it; returns True if another one may be had.
    renew_credentials: Callable[[], bool] = field(default=lambda: False, repr=False)
    # Returns the certificate of the caller; None without one.
    client_certificate: Callable[[], ClientCertificate | None] = field(default=lambda: None, repr=False)
    server_name: str = ""  # name in the certificate of the server, where it is not the host of the URL
    proxy_url: str = field(default="", repr=False)  # proxy of the kubeconfig; empty for the one of the environment
    skips_verification: bool = False  # whether any certificate is taken; only for a cluster on this machine
    arn: str = ""  # of an EKS cluster
    created: str = ""  # when EKS made it, in UTC
    version: str = ""  # version of the cluster, as in `1.35`, where it is known before the first request


class ClusterMissingError(OperationFailedError):
    """The account has no cluster of that name."""


class DoubtfulClusterError(OperationFailedError):
    """Unknown whether a cluster is the one that was meant: what is read there says nothing of a deployment."""


class AnotherClusterError(DoubtfulClusterError):
    """A stack was deployed to one cluster, and its name leads to another one. Nothing was read or changed there."""

    def __init__(self, environment: str, stack: str, known: str, found: ClusterIdentity) -> None:
        message = (
            f"{stack} of {environment} is in the cluster {known}, and {found.address} is the cluster {found.recorded}:"
            f" nothing was read or changed there"
        )
        hint = (
            "correct the kubeconfig or the name; for a new cluster, give the stack in it another name, and say what"
            f' becomes of the old one: [removed.{stack}] with then = "destroy", or "forget" if its cluster is gone'
        )
        super().__init__(Problem("E672", message, hint, stack=stack))


class ClusterFinder(Protocol):
    """Finds clusters. Methods raise EnvctlError if there is no such cluster, or its entry is unusable:
    ClusterMissingError if an account has no EKS cluster of that name.
    """

    def find_cluster(self, environment: str, region: str, name: str) -> ClusterConnection:
        """Find an EKS cluster with the credentials of the environment, and in its region without another one."""

    def find_context(self, context: str) -> ClusterConnection:
        """Find a context of the caller's kubeconfig."""


@dataclass(frozen=True)
class LookPermissions:
    """What a role that only looks may do in a namespace of a cluster."""

    missing_reads: tuple[str, ...]  # what it lacks to read objects; in words
    can_dry_run: bool | None  # whether the cluster accepts a dry run of it; None if that is unknown
    why: str = ""  # the words of the cluster, if it refuses the dry run, or if that is unknown


class ClusterInspector(Protocol):
    """What the doctor asks about Kubernetes. It changes nothing in a cluster."""

    def describe_tools(self, *, with_helm: bool) -> Mapping[str, str]:
        """Return path and version of each tool that renders, by name. Raises ConfigurationError (E604, E605)."""

    def read_kubectl_version(self) -> str:
        """Return the version of kubectl, as in `1.35`; empty if it does not tell. Raises ConfigurationError (E604)."""

    def fetch_version(self, connection: ClusterConnection) -> str:
        """Return the version of a cluster, as in `1.35`. Raises OperationFailedError if it can't be reached."""

    def list_missing_permissions(self, connection: ClusterConnection, namespace: str) -> tuple[str, ...]:
        """Return what the caller lacks to apply objects in a namespace, and so to plan by dry runs; in words."""

    def check_looking(self, connection: ClusterConnection, namespace: str) -> LookPermissions:
        """Return what the caller may read in a namespace, and whether a dry run passes there. Nothing is stored. Raises
        OperationFailedError if the cluster can't be reached.
        """
