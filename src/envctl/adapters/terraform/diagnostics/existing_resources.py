"""Resources not created because they exist already: a killed provider or Terraform made them, and no state has them.
The fix is an import by address and id.
"""

import re
import shlex
from collections.abc import Sequence

from envctl.adapters.terraform.process.json_events import Diagnostic
from envctl.domain.command_lines import format_command
from envctl.domain.plan.changes import Action, Marker, ResourceChange
from envctl.usecases.ports.terraform import PreparedStack, format_import_address

ALREADY_EXISTS = "E367"
# Error codes of AWS, as in botocore's models of its services, and messages of Terraform's providers.
_ERROR_CODES = re.compile(
    r"\b(?!Tags?Already|TooMany)\w*(?:AlreadyExists?|AlreadyOwnedByYou|[a-z]ExistsException|ResourceExists)\w*"
    r"|\bDuplicate(?!Tag|Request|d)[A-Z]\w*|\b\w+\.Duplicate\b|\b\w*NameInUse\w*|\b\w+DuplicateItemException\b"
)
_ERROR_PHRASES = re.compile(
    r"\balready[ -]exists?\b|\balready owned by you\b|\bname is already (?:in use|taken)\b", re.IGNORECASE
)
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
ID_QUERY_BY_TYPE = {
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
"""Arguments of the AWS command line by resource type, to look up an id made by AWS."""
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def find_existing(
    diagnostic: Diagnostic, planned: Sequence[ResourceChange], stack: PreparedStack
) -> ResourceChange | None:
    """Return the planned resource if it exists already; None for another failure."""
    if not (_ERROR_CODES.search(diagnostic.text) or _ERROR_PHRASES.search(diagnostic.text)):
        return None
    address = diagnostic.address.removeprefix(stack.address_prefix)
    return next((each for each in planned if each.address == address and each.action is Action.CREATE), None)


def suggest_import(change: ResourceChange, stack: PreparedStack, environment: str) -> str:
    """Return the hint with the import command, and with the id if the plan contains it."""
    found = find_import_id(change)
    argument = f"{format_import_address(stack, change.address)}={found or 'ID'}"
    fix = f"import it into the state: {format_command('recover', environment, import_=argument)}"
    if not found:
        fix += f" ({_describe_id_source(change, environment)})"
    return (
        f"it is in no state: a killed run may have created it. If it belongs to {stack.name} in {environment}, {fix};"
        " then run"
        " the command again. If not, choose another name"
    )


def find_import_id(change: ResourceChange) -> str:
    """Return the id; empty if the plan lacks it, or if a part of it is sensitive."""
    form = ID_FORM_BY_TYPE.get(change.type, "")
    return _fill_form(form if "{" in form else f"{{{form}}}", change) if form else ""


def _describe_id_source(change: ResourceChange, environment: str) -> str:
    query = _fill_form(ID_QUERY_BY_TYPE.get(change.type, ""), change, quoted=True)
    if query:
        return f"ID: {format_command('exec', environment, '--', 'aws')} {query} --output text"
    return f"ID: see *Import* on the provider's page of {change.type}"


def _fill_form(form: str, change: ResourceChange, *, quoted: bool = False) -> str:
    known = {each.path: each.after for each in change.attributes}
    for name in _PLACEHOLDER.findall(form):
        value = known.get(name)
        if not isinstance(value, str) or isinstance(value, Marker) or not value:
            return ""
        form = form.replace(f"{{{name}}}", shlex.quote(value) if quoted else value)
    return form
