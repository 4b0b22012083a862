"""Patches for gaps of moto against the AWS provider: one per gap, applied at the first use of its service."""

import threading

from aws_api_emulator.patches.autoscaling import application_autoscaling_names, mixed_instances, refresh
from aws_api_emulator.patches.backup import plan_name_reuse, plan_update, selection, vault_policy
from aws_api_emulator.patches.cloudformation import backup_vault, ecs_cluster, ecs_task, eks_addon
from aws_api_emulator.patches.codebuild import delete, project, update
from aws_api_emulator.patches.containers import (
    ecs_service_fields,
    ecs_service_steady,
    eks_access,
    eks_addons,
    eks_cluster,
    eks_endpoint,
    eks_node_group,
    eks_node_images,
    eks_updates,
)
from aws_api_emulator.patches.ec2 import (
    detailed_monitoring,
    endpoint_routes,
    instance_groups,
    launch_template_tags,
    launch_template_user_data,
    platforms,
)
from aws_api_emulator.patches.iam import access_analyzer, shared_policies
from aws_api_emulator.patches.monitoring import budgets_subscribers, budgets_update, cloudwatch_composite
from aws_api_emulator.patches.patch import Patch
from aws_api_emulator.patches.rds import (
    parameter_source,
    performance_insights,
    replica_removal,
    replica_settings,
)
from aws_api_emulator.patches.s3 import bucket_policy, conditional_put, locked_upload, object_lock

# Each has a test that fails as soon as moto has fixed the gap itself.
_MODULES = (
    *(application_autoscaling_names, mixed_instances, refresh),
    *(plan_name_reuse, plan_update, selection, vault_policy),
    *(budgets_subscribers, budgets_update, cloudwatch_composite),
    *(backup_vault, ecs_cluster, ecs_task, eks_addon),
    *(delete, project, update),
    *(endpoint_routes, instance_groups, launch_template_tags, launch_template_user_data),
    *(detailed_monitoring, platforms),
    *(ecs_service_fields, ecs_service_steady),
    # The last one changes a call that the one before it adds.
    *(eks_addons, eks_cluster, eks_endpoint, eks_node_group, eks_node_images, eks_updates, eks_access),
    *(access_analyzer, shared_policies),
    *(parameter_source, performance_insights, replica_removal, replica_settings),
    *(bucket_policy, conditional_put, locked_upload, object_lock),
)
PATCHES: tuple[Patch, ...] = tuple(module.PATCH for module in _MODULES)

_applied: set[str] = set()
_lock = threading.Lock()


def apply_patches(service: str) -> None:
    """Apply the patches of a service of moto, once per process."""
    with _lock:
        for patch in PATCHES:
            if patch.service == service and patch.name not in _applied:
                patch.apply()
                _applied.add(patch.name)
