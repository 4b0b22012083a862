"""The ids by which existing resources are imported, as far as a plan has them."""

import re
import shlex

from envctl.domain.plan.changes import Marker, ResourceChange

ALREADY_EXISTS = "E367"
"""Code of the problem of a resource that exists and is in no state."""
REPORTED = "reported"
"""In place of an address: all resources that the last deployment reported, with the ids of the plan."""
# The ids for `terraform import`, from the documentation of the provider.
_TYPES_BY_ID_FORM = {
    "name": """aws_ssm_parameter aws_ssm_document aws_iam_role aws_iam_user aws_iam_group aws_iam_instance_profile
    aws_cloudwatch_log_group aws_dynamodb_table aws_kms_alias aws_ecr_repository aws_ecs_cluster aws_eks_cluster
    aws_db_subnet_group aws_db_parameter_group aws_db_option_group aws_rds_cluster_parameter_group
    aws_elasticache_subnet_group aws_elasticache_parameter_group aws_redshift_subnet_group aws_autoscaling_group
    aws_launch_configuration aws_backup_vault aws_codebuild_project aws_codepipeline aws_codedeploy_app
    aws_kinesis_stream aws_kinesis_firehose_delivery_stream aws_athena_workgroup aws_cloudformation_stack
    aws_elastic_beanstalk_application aws_scheduler_schedule_group aws_placement_group aws_iam_server_certificate""",
    "alarm_name": "aws_cloudwatch_metric_alarm aws_cloudwatch_composite_alarm",
    "dashboard_name": "aws_cloudwatch_dashboard",
    "bucket": "aws_s3_bucket",
    "identifier": "aws_db_instance aws_rds_cluster_instance",
    "cluster_identifier": "aws_rds_cluster aws_redshift_cluster aws_docdb_cluster aws_neptune_cluster",
    "global_cluster_identifier": "aws_rds_global_cluster",
    "cluster_id": "aws_elasticache_cluster",
    "replication_group_id": "aws_elasticache_replication_group",
    "function_name": "aws_lambda_function",
    "key_name": "aws_key_pair",
    "domain_name": "aws_elasticsearch_domain aws_opensearch_domain",
    "repository_name": "aws_codecommit_repository",
    "{cluster_name}:{addon_name}": "aws_eks_addon",
    "{cluster_name}:{node_group_name}": "aws_eks_node_group",
    "{cluster_name}:{fargate_profile_name}": "aws_eks_fargate_profile",
    "{app_name}:{deployment_group_name}": "aws_codedeploy_deployment_group",
    "{function_name}/{name}": "aws_lambda_alias",
    "{function_name}/{statement_id}": "aws_lambda_permission",
    "{role}:{name}": "aws_iam_role_policy",
    "{user}:{name}": "aws_iam_user_policy",
    "{group}:{name}": "aws_iam_group_policy",
    "{log_group_name}:{name}": "aws_cloudwatch_log_metric_filter aws_cloudwatch_log_stream",
}
ID_FORM_BY_TYPE = {type_: form for form, types in _TYPES_BY_ID_FORM.items() for type_ in types.split()}
"""Form of the id by resource type: an attribute of the plan, or several."""
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def find_import_id(change: ResourceChange) -> str:
    """Return the id; empty if the plan lacks it, or if a part of it is sensitive."""
    form = ID_FORM_BY_TYPE.get(change.type, "")
    return fill_form(form if "{" in form else f"{{{form}}}", change) if form else ""


def fill_form(form: str, change: ResourceChange, *, quoted: bool = False) -> str:
    """Return a form with the attributes of a resource; empty if the plan lacks one, or if one is sensitive."""
    known = {each.path: each.after for each in change.attributes}
    for name in _PLACEHOLDER.findall(form):
        value = known.get(name)
        if not isinstance(value, str) or isinstance(value, Marker) or not value:
            return ""
        form = form.replace(f"{{{name}}}", shlex.quote(value) if quoted else value)
    return form
