"""HTTP requests and responses as values, and the protocol of a backend in the role of AWS."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Request:
    """An HTTP request with its whole body."""

    method: str
    scheme: str
    host: str
    target: str  # path and query, not decoded
    headers: Headers
    body: bytes


@dataclass(frozen=True)
class Response:
    """An HTTP response with its whole body."""

    status: str  # code and reason: `404 Not Found`
    headers: Headers
    body: bytes


@dataclass(frozen=True)
class AccessEntry:
    """An access entry of a cluster of EKS.

    Attributes:
        username: may hold templates such as `{{SessionName}}`.
        policies: ARN of each access policy, with the patterns of its namespaces; none for the whole cluster.
    """

    principal_arn: str
    username: str
    groups: tuple[str, ...] = ()
    policies: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class EksNode:
    """A machine of a node group.

    Attributes:
        taints: as in the spec of a node of Kubernetes.
    """

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class EksCluster:
    """A cluster of EKS.

    Attributes:
        host: of its endpoint.
        version: as in `1.35`.
        authentication_mode: `CONFIG_MAP`, `API_AND_CONFIG_MAP` or `API`.
        creator_arn: of its administrator beside all lists; empty for none.
        node_roles: ARNs of the roles of its node groups.
        nodes: of its node groups; None without a group, where something else brings nodes when pods want them.
    """

    account_id: str
    name: str
    host: str
    version: str
    authentication_mode: str = "CONFIG_MAP"
    creator_arn: str = ""
    access_entries: tuple[AccessEntry, ...] = ()
    node_roles: tuple[str, ...] = ()
    nodes: tuple[EksNode, ...] | None = None


@dataclass(frozen=True)
class Caller:
    """Who makes calls with an access key.

    Attributes:
        secret_key: empty if the backend takes any.
        principal_id: as STS returns it: the id of the role with the name of the session, or of the user.
        private_dns: private host name of the instance that calls; empty for others.
    """

    account_id: str
    arn: str
    secret_key: str = ""
    access_key: str = ""
    principal_id: str = ""
    private_dns: str = ""


class Cloud(Protocol):
    """The backend in the role of AWS: moto in this process, or another endpoint."""

    def answer_request(self, request: Request) -> Response: ...

    def create_bucket(self, name: str, region: str, account_id: str) -> None:
        """Create a versioned bucket in an account unless it exists. Raises ValueError if it cannot be created."""
        ...

    def warm_up(self, places: Sequence[tuple[str, str]]) -> None:
        """Load the services in advance that the first calls to these (account, region) pairs need."""
        ...

    def find_cluster(self, host: str) -> EksCluster | None:
        """Return the cluster of EKS with this endpoint."""
        ...

    def identify_caller(self, access_key: str) -> Caller: ...
