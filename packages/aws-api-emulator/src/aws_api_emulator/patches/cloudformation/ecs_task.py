"""CloudFormation: ECS task definitions."""

from typing import Any

from aws_api_emulator.patches.patch import Patch, replace_stack_methods


def _apply() -> None:
    from moto.core.utils import camelcase_to_underscores, pascal_to_camelcase, remap_nested_keys
    from moto.ecs.models import TaskDefinition, ecs_backends

    class StackMethods:
        @classmethod
        def create_from_cloudformation_json(
            cls, _name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: object
        ) -> TaskDefinition:
            spelled_by_ecs = remap_nested_keys(cloudformation_json["Properties"], pascal_to_camelcase)
            given = {camelcase_to_underscores(key): value for key, value in spelled_by_ecs.items()}
            return ecs_backends[account_id][region_name].register_task_definition(**given)

        @classmethod
        def update_from_cloudformation_json(
            cls,
            original_resource: TaskDefinition,
            new_resource_name: str,
            cloudformation_json: dict[str, Any],
            **where: str,
        ) -> TaskDefinition:
            """Register a new definition, and delete the old one unless it is retained: definitions never change."""
            created = cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, **where)
            if cloudformation_json.get("UpdateReplacePolicy") != "Retain":
                cls.delete_from_cloudformation_json(original_resource.arn, None, **where)
            return created

        @classmethod
        def delete_from_cloudformation_json(
            cls, resource_name: str, _cloudformation_json: object, account_id: str, region_name: str
        ) -> None:
            ecs_backends[account_id][region_name].deregister_task_definition(resource_name)

    replace_stack_methods(TaskDefinition, StackMethods)


PATCH = Patch("cloudformation-ecs-task", "cloudformation", _apply)
"""moto drops most of the definition of an ECS task that a stack makes, its processor too."""
