"""CloudFormation: ECS clusters."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_api_emulator.patches.patch import Patch, replace_stack_methods


def _apply() -> None:
    from moto.ecs.models import Cluster, ecs_backends

    class StackMethods:
        @classmethod
        def create_from_cloudformation_json(
            cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: object
        ) -> Cluster:
            given = cloudformation_json["Properties"]
            return ecs_backends[account_id][region_name].create_cluster(
                resource_name,
                tags=_to_ecs_spelling(given.get("Tags", ())),
                cluster_settings=_to_ecs_spelling(given.get("ClusterSettings", ())),
                capacity_providers=given.get("CapacityProviders"),
                default_capacity_provider_strategy=_to_ecs_spelling(given.get("DefaultCapacityProviderStrategy", ())),
            )

        @classmethod
        def update_from_cloudformation_json(
            cls, original_resource: Cluster, new_resource_name: str, cloudformation_json: dict[str, Any], **where: str
        ) -> Cluster:
            """Keep the cluster and its services unless the name changes."""
            backend = ecs_backends[where["account_id"]][where["region_name"]]
            created = cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, **where)
            if original_resource.name != new_resource_name:
                backend.delete_cluster(original_resource.name)
                return created
            for changed in ("settings", "capacity_providers", "default_capacity_provider_strategy", "tags"):
                setattr(original_resource, changed, getattr(created, changed))
            backend.clusters[new_resource_name] = original_resource
            return original_resource

        @classmethod
        def delete_from_cloudformation_json(
            cls, resource_name: str, _cloudformation_json: object, account_id: str, region_name: str
        ) -> None:
            ecs_backends[account_id][region_name].delete_cluster(resource_name)

    replace_stack_methods(Cluster, StackMethods)


def _to_ecs_spelling(given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Convert the keys of CloudFormation to those of ECS: `{"Name": …}` to `{"name": …}`."""
    return [{key[0].lower() + key[1:]: value for key, value in each.items()} for each in given]


PATCH = Patch("cloudformation-ecs-cluster", "cloudformation", _apply)
"""moto drops all settings of an ECS cluster that a stack makes, and leaves it there when the stack goes."""
