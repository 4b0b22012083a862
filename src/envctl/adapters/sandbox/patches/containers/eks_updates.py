"""EKS: changes of a cluster and its node group, which a client may ask for until they are done."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from envctl.adapters.sandbox.patches.patch import Patch, replace_method

_UPDATE = "/clusters/(?P<name>[^/]+)/updates/(?P<updateId>[^/]+)$"
_CLUSTER_VERSION = "/clusters/(?P<name>[^/]+)/updates$"
_NODE_VERSION = "/clusters/(?P<name>[^/]+)/node-groups/(?P<nodegroupName>[^/]+)/update-version$"


def serve(*paths: str) -> None:
    """Before moto has built the application of the service."""
    from moto.eks import urls

    urls.url_paths.update({f"{{0}}{path}": urls.response.dispatch for path in paths})


def done(cluster: object, kind: str, changes: Mapping[str, object]) -> dict[str, Any]:
    """An update that has succeeded: nothing here takes time. The cluster remembers it."""
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

    serve(_UPDATE, _CLUSTER_VERSION, _NODE_VERSION)

    def describe_update(self: EKSResponse) -> object:
        cluster = self.eks_backend.describe_cluster(self._get_param("name"))
        identity = self._get_param("updateId")
        updates = vars(cluster).get("updates", {})
        if identity not in updates:
            raise ResourceNotFoundException(message=f"No update found for ID: {identity}")
        return ActionResult({"update": updates[identity]})

    def update_cluster_version(self: EKSResponse) -> object:
        cluster = self.eks_backend.describe_cluster(self._get_param("name"))
        _next_minor(cluster.version, self._get_param("version"))
        cluster.version = self._get_param("version")
        return ActionResult({"update": done(cluster, "VersionUpdate", {"Version": cluster.version})})

    def update_cluster_config(self: EKSResponse) -> object:
        cluster = self.eks_backend.describe_cluster(self._get_param("name"))
        if changed := self._get_param("resourcesVpcConfig"):
            cluster.resources_vpc_config = {**cluster.resources_vpc_config, **changed}
            return ActionResult({"update": done(cluster, "EndpointAccessUpdate", changed)})
        cluster.logging = self._get_param("logging") or cluster.logging
        return ActionResult({"update": done(cluster, "LoggingUpdate", {"ClusterLogging": cluster.logging})})

    def update_nodegroup_version(self: EKSResponse) -> object:
        cluster = self.eks_backend.describe_cluster(self._get_param("name"))
        group = self.eks_backend.describe_nodegroup(cluster.name, self._get_param("nodegroupName"))
        template = self._get_param("launchTemplate") or {}
        group.version = self._get_param("version") or cluster.version
        group.release_version = self._get_param("releaseVersion") or group.release_version
        group.launch_template = {**(group.launch_template or {}), **template} or None
        return ActionResult({"update": done(cluster, "VersionUpdate", {"Version": group.version, **template})})

    stock = EKSResponse.update_nodegroup_config

    def update_nodegroup_config(self: EKSResponse) -> object:
        group = self.eks_backend.describe_nodegroup(self._get_param("name"), self._get_param("nodegroupName"))
        _in_order({**group.scaling_config, **(self._get_param("scalingConfig") or {})})
        stock(self)
        cluster = self.eks_backend.describe_cluster(self._get_param("name"))
        given = {name: self._get_param(name) for name in ("labels", "taints", "scalingConfig", "updateConfig")}
        return ActionResult({"update": done(cluster, "ConfigUpdate", given)})

    for method in (
        describe_update,
        update_cluster_config,
        update_cluster_version,
        update_nodegroup_config,
        update_nodegroup_version,
    ):
        replace_method(EKSResponse, method)


def _next_minor(version: str, wanted: str) -> None:
    from moto.eks.exceptions import InvalidParameterException

    if int(wanted.split(".")[1]) != int(version.split(".")[1]) + 1:
        raise InvalidParameterException(
            message=f"Unsupported Kubernetes minor version update from {version} to {wanted}"
        )


def _in_order(sizes: Mapping[str, int]) -> None:
    from moto.eks.exceptions import InvalidParameterException

    if not sizes["minSize"] <= sizes["desiredSize"] <= sizes["maxSize"]:
        raise InvalidParameterException(message=f"Capacity out of order: {dict(sizes)}")


PATCH = Patch(
    name="eks-updates",
    service="eks",
    gap="moto answers a change with the cluster and forgets it, so the provider crashes where it waits for its end",
    apply=_apply,
)
