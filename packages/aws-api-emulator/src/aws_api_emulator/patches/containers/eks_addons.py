"""EKS: add-ons of a cluster."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_api_emulator.patches.containers.eks_updates import record_update, register_paths
from aws_api_emulator.patches.patch import Patch, replace_methods

if TYPE_CHECKING:
    from moto.eks.models import Cluster
    from moto.eks.responses import EKSResponse

_ADDONS_PATH = "/clusters/(?P<name>[^/]+)/addons$"
_ADDON_PATH = "/clusters/(?P<name>[^/]+)/addons/(?P<addonName>[^/]+)$"
_UPDATE_PATH = "/clusters/(?P<name>[^/]+)/addons/(?P<addonName>[^/]+)/update$"
_CHANGEABLE = ("addonVersion", "serviceAccountRoleArn", "configurationValues")


def _apply() -> None:
    from moto.core.responses import ActionResult
    from moto.eks.exceptions import ResourceInUseException
    from moto.eks.responses import EKSResponse

    register_paths(_ADDONS_PATH, _ADDON_PATH, _UPDATE_PATH)

    def create_addon(self: EKSResponse) -> object:
        cluster, name = self.eks_backend.describe_cluster(self._get_param("name")), self._get_param("addonName")
        if name in list_addons_by_name(cluster):
            raise ResourceInUseException(clusterName=cluster.name, addonName=name, message="Addon already exists.")
        addon = build_addon(cluster, name, self._get_param("tags") or {}, _read_changes(self))
        list_addons_by_name(cluster)[name] = addon
        return ActionResult({"addon": addon})

    def describe_addon(self: EKSResponse) -> object:
        return ActionResult({"addon": _find_addon(self)[1]})

    def list_addons(self: EKSResponse) -> object:
        cluster = self.eks_backend.describe_cluster(self._get_param("name"))
        return ActionResult({"addons": sorted(list_addons_by_name(cluster))})

    def update_addon(self: EKSResponse) -> object:
        cluster, addon = _find_addon(self)
        given = _read_changes(self)
        addon.update(given, modifiedAt=datetime.now(UTC))
        return ActionResult({"update": record_update(cluster, "AddonUpdate", given)})

    def delete_addon(self: EKSResponse) -> object:
        cluster, addon = _find_addon(self)
        del list_addons_by_name(cluster)[addon["addonName"]]
        return ActionResult({"addon": {**addon, "status": "DELETING"}})

    replace_methods(EKSResponse, create_addon, describe_addon, list_addons, update_addon, delete_addon)


def list_addons_by_name(cluster: "Cluster") -> dict[str, dict[str, Any]]:
    addons: dict[str, dict[str, Any]] = vars(cluster).setdefault("addons", {})
    return addons


def _find_addon(response: "EKSResponse") -> tuple["Cluster", dict[str, Any]]:
    from moto.eks.exceptions import ResourceNotFoundException

    cluster, name = response.eks_backend.describe_cluster(response._get_param("name")), response._get_param("addonName")
    if name not in list_addons_by_name(cluster):
        said = f"No addon: {name} found in cluster: {cluster.name}"
        raise ResourceNotFoundException(clusterName=cluster.name, addonName=name, message=said)
    return cluster, list_addons_by_name(cluster)[name]


def _read_changes(response: "EKSResponse") -> dict[str, Any]:
    given = {field: response._get_param(field) for field in _CHANGEABLE}
    return {field: value for field, value in given.items() if value is not None}


def build_addon(cluster: "Cluster", name: str, tags: dict[str, str], given: dict[str, Any]) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "addonName": name,
        "clusterName": cluster.name,
        "status": "ACTIVE",
        # AWS chooses a version for the cluster. This one is made up in the same format.
        "addonVersion": f"v{cluster.version}.0-eksbuild.1",
        "health": {"issues": []},
        "addonArn": f"{cluster.arn.replace(':cluster/', ':addon/')}/{name}",
        "createdAt": now,
        "modifiedAt": now,
        "tags": tags,
        **given,
    }


PATCH = Patch("eks-addons", "eks", _apply)
"""moto knows no add-ons, so a cluster gets neither its network plug-in nor its storage driver."""
