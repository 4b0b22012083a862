"""CloudFormation: add-ons of EKS clusters."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_api_emulator.patches.containers.eks_addons import build_addon, list_addons_by_name
from aws_api_emulator.patches.patch import Patch, add_stack_resource

if TYPE_CHECKING:
    from moto.eks.models import Cluster

_SPELLING = {
    "AddonVersion": "addonVersion",
    "ConfigurationValues": "configurationValues",
    "ServiceAccountRoleArn": "serviceAccountRoleArn",
}


def _apply() -> None:
    from moto.core.common_models import CloudFormationModel
    from moto.eks import models

    @dataclass(eq=False)
    class Addon(CloudFormationModel):
        """An add-on as a resource of a stack: `CLUSTER|NAME`."""

        physical_resource_id: str

        @staticmethod
        def cloudformation_name_type() -> str:
            return "AddonName"

        @staticmethod
        def cloudformation_type() -> str:
            return "AWS::EKS::Addon"

        @classmethod
        def create_from_cloudformation_json(
            cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: object
        ) -> "Addon":
            given = cloudformation_json["Properties"]
            cluster = models.eks_backends[account_id][region_name].describe_cluster(given["ClusterName"])
            tags = {tag["Key"]: tag["Value"] for tag in given.get("Tags", ())}
            list_addons_by_name(cluster)[resource_name] = build_addon(
                cluster, resource_name, tags, _read_changes(given)
            )
            return cls(f"{cluster.name}|{resource_name}")

        @classmethod
        def update_from_cloudformation_json(
            cls,
            original_resource: "Addon",
            new_resource_name: str,
            cloudformation_json: dict[str, Any],
            account_id: str,
            region_name: str,
        ) -> "Addon":
            given = cloudformation_json["Properties"]
            cluster = models.eks_backends[account_id][region_name].describe_cluster(given["ClusterName"])
            list_addons_by_name(cluster)[new_resource_name].update(_read_changes(given))
            return original_resource

        @classmethod
        def delete_from_cloudformation_json(
            cls,
            resource_name: str,
            cloudformation_json: dict[str, Any],  # noqa: ARG003 (moto passes it by position)
            account_id: str,
            region_name: str,
        ) -> None:
            cluster, _, name = resource_name.partition("|")
            found: Cluster | None = models.eks_backends[account_id][region_name].clusters.get(cluster)
            if found:
                list_addons_by_name(found).pop(name, None)

    add_stack_resource(models, Addon)


def _read_changes(given: dict[str, Any]) -> dict[str, Any]:
    return {field: given[name] for name, field in _SPELLING.items() if name in given}


PATCH = Patch("cloudformation-eks-addon", "cloudformation", _apply)
"""moto's CloudFormation does not know add-ons, so a cluster gets no network plug-in that enforces policies."""
