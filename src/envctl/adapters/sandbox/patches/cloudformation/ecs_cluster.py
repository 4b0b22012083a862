"""CloudFormation: an ECS cluster."""

from collections.abc import Mapping, Sequence
from typing import Any

from envctl.adapters.sandbox.patches.patch import Patch, replace_ways_of_stacks


def _apply() -> None:
    from moto.ecs.models import Cluster, ecs_backends

    class FromStack:
        @classmethod
        def create_from_cloudformation_json(
            cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: object
        ) -> Cluster:
            given = cloudformation_json["Properties"]
            return ecs_backends[account_id][region_name].create_cluster(
                resource_name,
                tags=_lower(given.get("Tags", ())),
                cluster_settings=_lower(given.get("ClusterSettings", ())),
                capacity_providers=given.get("CapacityProviders"),
                default_capacity_provider_strategy=_lower(given.get("DefaultCapacityProviderStrategy", ())),
            )

        @classmethod
        def update_from_cloudformation_json(
            cls, original_resource: Cluster, new_resource_name: str, cloudformation_json: dict[str, Any], **where: str
        ) -> Cluster:
            """Under the same name it is the same cluster, and what runs on it stays."""
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

    replace_ways_of_stacks(Cluster, FromStack)


def _lower(given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """From the spelling of CloudFormation to that of ECS: `{"Name": …}` is `{"name": …}`."""
    return [{key[0].lower() + key[1:]: value for key, value in each.items()} for each in given]


PATCH = Patch(
    name="cloudformation-ecs-cluster",
    service="cloudformation",
    gap="moto drops all settings of an ECS cluster that a stack makes, and leaves it there when the stack goes",
    apply=_apply,
)
