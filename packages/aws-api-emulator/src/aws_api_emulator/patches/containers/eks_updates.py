"""EKS: updates of a cluster and its node groups, and their status for polling clients."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aws_api_emulator.patches.patch import Patch, replace_methods

_UPDATE_PATH = "/clusters/(?P<name>[^/]+)/updates/(?P<updateId>[^/]+)$"
_CLUSTER_VERSION_PATH = "/clusters/(?P<name>[^/]+)/updates$"
_NODE_VERSION_PATH = "/clusters/(?P<name>[^/]+)/node-groups/(?P<nodegroupName>[^/]+)/update-version$"


def register_paths(*paths: str) -> None:
    """Register URL paths of the service. Call it before moto builds its application."""
    from moto.eks import urls

    urls.url_paths.update({f"{{0}}{path}": urls.response.dispatch for path in paths})


def record_update(cluster: object, kind: str, changes: Mapping[str, object]) -> dict[str, Any]:
    """Record a successful update in the cluster, and return it: updates take no time in the sandbox."""
    update = {
        "id": str(uuid.uuid4()),
        "status": "Successful",
        "type": kind,
        "params": [{"type": name, "value": str(value)} for name, value in changes.items() if value is not None],
        "createdAt": datetime.now(UTC),
        "errors": [],
    }
    vars(cluster).setdefault("updates", {})[update["id"]] = update
    return update


def _apply() -> None:
    from moto.core.responses import ActionResult
    from moto.eks.exceptions import ResourceNotFoundException
    from moto.eks.responses import EKSResponse

    register_paths(_UPDATE_PATH, _CLUSTER_VERSION_PATH, _NODE_VERSION_PATH)

    def describe_update(self: EKSResponse) -> object:
        cluster = self.eks_backend.describe_cluster(self._get_param("name"))
        identity = self._get_param("updateId")
        updates = vars(cluster).get("updates", {})
        if identity not in updates:
            raise ResourceNotFoundException(message=f"No update found for ID: {identity}")
        return ActionResult({"update": updates[identity]})

    def update_cluster_version(self: EKSResponse) -> object:
        cluster = self.eks_backend.describe_cluster(self._get_param("name"))
        _require_next_minor(cluster.version, self._get_param("version"))
        cluster.version = self._get_param("version")
        return ActionResult({"update": record_update(cluster, "VersionUpdate", {"Version": cluster.version})})

    def update_cluster_config(self: EKSResponse) -> object:
        cluster = self.eks_backend.describe_cluster(self._get_param("name"))
        if changed := self._get_param("resourcesVpcConfig"):
            cluster.resources_vpc_config = {**cluster.resources_vpc_config, **changed}
            return ActionResult({"update": record_update(cluster, "EndpointAccessUpdate", changed)})
        cluster.logging = self._get_param("logging") or cluster.logging
        return ActionResult({"update": record_update(cluster, "LoggingUpdate", {"ClusterLogging": cluster.logging})})

    def update_nodegroup_version(self: EKSResponse) -> object:
        cluster = self.eks_backend.describe_cluster(self._get_param("name"))
        group = self.eks_backend.describe_nodegroup(cluster.name, self._get_param("nodegroupName"))
        template = self._get_param("launchTemplate") or {}
        group.version = self._get_param("version") or cluster.version
        group.release_version = self._get_param("releaseVersion") or group.release_version
        group.launch_template = {**(group.launch_template or {}), **template} or None
        return ActionResult({"update": record_update(cluster, "VersionUpdate", {"Version": group.version, **template})})

    stock = EKSResponse.update_nodegroup_config

    def update_nodegroup_config(self: EKSResponse) -> object:
        group = self.eks_backend.describe_nodegroup(self._get_param("name"), self._get_param("nodegroupName"))
        _require_ordered_sizes({**group.scaling_config, **(self._get_param("scalingConfig") or {})})
        stock(self)
        cluster = self.eks_backend.describe_cluster(self._get_param("name"))
        given = {name: self._get_param(name) for name in ("labels", "taints", "scalingConfig", "updateConfig")}
        return ActionResult({"update": record_update(cluster, "ConfigUpdate", given)})

    replace_methods(
        EKSResponse,
        describe_update,
        update_cluster_config,
        update_cluster_version,
        update_nodegroup_config,
        update_nodegroup_version,
    )


def _require_next_minor(version: str, wanted: str) -> None:
    from moto.eks.exceptions import InvalidParameterException

    if int(wanted.split(".")[1]) != int(version.split(".")[1]) + 1:
        message = f"Unsupported Kubernetes minor version update from {version} to {wanted}"
        raise InvalidParameterException(message=message)


def _require_ordered_sizes(sizes: Mapping[str, int]) -> None:
    from moto.eks.exceptions import InvalidParameterException

    if not sizes["minSize"] <= sizes["desiredSize"] <= sizes["maxSize"]:
        raise InvalidParameterException(message=f"Capacity out of order: {dict(sizes)}")


PATCH = Patch("eks-updates", "eks", _apply)
"""moto answers a change with the cluster and forgets it, so the provider crashes where it waits for its end."""
