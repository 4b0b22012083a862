"""What could not be created since it exists already: a provider or a Terraform that was killed made it, and no state
knows of it. It is taken into the state by its address and its id.
"""

import re
import shlex
from collections.abc import Sequence

from envctl.adapters.terraform.process.json_events import Diagnostic
from envctl.domain.plan.changes import Action, Marker, ResourceChange

EXISTS = "E367"
# AWS's own codes, as botocore's models of its services list them, and what Terraform's providers say.
_CODES = re.compile(
    r"\b(?!Tags?Already|TooMany)\w*(?:AlreadyExists?|AlreadyOwnedByYou|[a-z]ExistsException|ResourceExists)\w*"
    r"|\bDuplicate(?!Tag|Request|d)[A-Z]\w*|\b\w+\.Duplicate\b|\b\w*NameInUse\w*|\b\w+DuplicateItemException\b"
)
_WORDS = re.compile(
    r"\balready[ -]exists?\b|\balready owned by you\b|\bname is already (?:in use|taken)\b", re.IGNORECASE
)
# By the pages of the provider: what `terraform import` takes for an id.
_NAMED = {
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
FROM_PLAN = {type_: form for form, types in _NAMED.items() for type_ in types.split()}
"""The form of the id, by the type of the resource: an attribute of the plan, or several."""
LOOKED_UP = {
    "aws_security_group": "ec2 describe-security-groups --filters Name=group-name,Values={name}"
    " --query SecurityGroups[].GroupId",
    "aws_lb": "elbv2 describe-load-balancers --names {name} --query LoadBalancers[].LoadBalancerArn",
    "aws_lb_target_group": "elbv2 describe-target-groups --names {name} --query TargetGroups[].TargetGroupArn",
    "aws_secretsmanager_secret": "secretsmanager describe-secret --secret-id {name} --query ARN",
    "aws_sqs_queue": "sqs get-queue-url --queue-name {name} --query QueueUrl",
    "aws_iam_policy": "iam list-policies --scope Local --query 'Policies[?PolicyName==`{name}`].Arn'",
    "aws_launch_template": "ec2 describe-launch-templates --launch-template-names {name}"
    " --query LaunchTemplates[].LaunchTemplateId",
}
"""What the command line of AWS is asked for an id that AWS makes up itself."""
_FIELD = re.compile(r"\{(\w+)\}")


def created(diagnostic: Diagnostic, planned: Sequence[ResourceChange], stack: str) -> ResourceChange | None:
    """What should have been created, and exists already; None where something else is wrong."""
    said = f"{diagnostic.summary}\n{diagnostic.detail}"
    if not (_CODES.search(said) or _WORDS.search(said)):
        return None
    address = diagnostic.address.removeprefix(f"module.{stack}.")
    return next((each for each in planned if each.address == address and each.action is Action.CREATE), None)


def hint(change: ResourceChange, stack: str, environment: str) -> str:
    """The command that takes it into the state, with its id as far as the plan tells it."""
    found = identity(change)
    typed = shlex.quote(f"module.{stack}.{change.address}={found or 'ID'}")
    told = f"take it into the state: envctl recover {environment} --import {typed}"
    if not found:
        told += f" ({_where(change, environment)})"
    return (
        f"no state knows it: a killed run may have made it. If it belongs to {stack} in {environment}, {told}; then run"
        " the command again. If not, choose another name"
    )


def identity(change: ResourceChange) -> str:
    """Empty where the plan does not tell it, or where a part of it is sensitive."""
    form = FROM_PLAN.get(change.type, "")
    return _filled(form if "{" in form else f"{{{form}}}", change) if form else ""


def _where(change: ResourceChange, environment: str) -> str:
    looked_up = _filled(LOOKED_UP.get(change.type, ""), change, quoted=True)
    if looked_up:
        return f"ID: envctl exec {environment} -- aws {looked_up} --output text"
    return f"ID: as under *Import* on the provider's page of {change.type}"


def _filled(form: str, change: ResourceChange, *, quoted: bool = False) -> str:
    known = {each.path: each.after for each in change.attributes}
    for name in _FIELD.findall(form):
        value = known.get(name)
        if not isinstance(value, str) or isinstance(value, Marker) or not value:
            return ""
        form = form.replace(f"{{{name}}}", shlex.quote(value) if quoted else value)
    return form
