"""Where moto falls short of the AWS provider: one small named patch a gap, applied when its service is first used."""

import threading

from envctl.adapters.sandbox.patches import (
    application_autoscaling_names,
    autoscaling_mixed_instances,
    autoscaling_refresh,
    backup_plan_again,
    backup_plan_update,
    backup_selection,
    backup_vault_policy,
    budgets_subscribers,
    budgets_update,
    cloudformation_backup_vault,
    cloudformation_ecs_cluster,
    cloudformation_ecs_task,
    cloudwatch_composite,
    codebuild_delete,
    codebuild_project,
    codebuild_update,
    ec2_endpoint_routes,
    ec2_instance_groups,
    ec2_launch_template_tags,
    ec2_launch_template_user_data,
    ec2_monitoring,
    ec2_platforms,
    ecs_service_fields,
    ecs_service_steady,
    eks_addons,
    eks_cluster,
    eks_node_group,
    eks_updates,
    iam_access_analyzer,
    rds_parameter_source,
    rds_performance_insights,
    rds_replica_end,
    rds_replica_settings,
    s3_bucket_policy,
    s3_conditional_put,
    s3_locked_upload,
    s3_object_lock,
)
from envctl.adapters.sandbox.patches.patch import Patch

# Each has a test that fails once moto has mended the gap itself.
PATCHES: tuple[Patch, ...] = (
    application_autoscaling_names.PATCH,
    autoscaling_mixed_instances.PATCH,
    autoscaling_refresh.PATCH,
    backup_plan_again.PATCH,
    backup_plan_update.PATCH,
    backup_selection.PATCH,
    backup_vault_policy.PATCH,
    budgets_subscribers.PATCH,
    budgets_update.PATCH,
    cloudformation_backup_vault.PATCH,
    cloudformation_ecs_cluster.PATCH,
    cloudformation_ecs_task.PATCH,
    cloudwatch_composite.PATCH,
    codebuild_delete.PATCH,
    codebuild_project.PATCH,
    codebuild_update.PATCH,
    ec2_endpoint_routes.PATCH,
    ec2_instance_groups.PATCH,
    ec2_launch_template_tags.PATCH,
    ec2_launch_template_user_data.PATCH,
    ec2_monitoring.PATCH,
    ec2_platforms.PATCH,
    ecs_service_fields.PATCH,
    ecs_service_steady.PATCH,
    eks_addons.PATCH,
    eks_cluster.PATCH,
    eks_node_group.PATCH,
    eks_updates.PATCH,
    iam_access_analyzer.PATCH,
    rds_parameter_source.PATCH,
    rds_performance_insights.PATCH,
    rds_replica_end.PATCH,
    rds_replica_settings.PATCH,
    s3_bucket_policy.PATCH,
    s3_conditional_put.PATCH,
    s3_locked_upload.PATCH,
    s3_object_lock.PATCH,
)

_applied: set[str] = set()
_lock = threading.Lock()


def apply_patches(service: str) -> None:
    """Mend what is known to be missing in a service of moto. Once a process, however often it is called."""
    with _lock:
        for patch in PATCHES:
            if patch.service == service and patch.name not in _applied:
                patch.apply()
                _applied.add(patch.name)
