"""Resources not created because they exist already: a killed provider or Terraform made them, and no state has them.
The fix is an import by address and id.
"""

import re
from collections.abc import Sequence

from envctl.adapters.terraform.process.json_events import Diagnostic
from envctl.domain.command_lines import format_command
from envctl.domain.plan.changes import Action, ResourceChange
from envctl.domain.plan.import_ids import fill_form, find_import_id
from envctl.usecases.ports.terraform import PreparedStack, format_import_address

# Error codes of AWS, as in botocore's models of its services, and messages of Terraform's providers.
_ERROR_CODES = re.compile(
    r"\b(?!Tags?Already|TooMany)\w*(?:AlreadyExists?|AlreadyOwnedByYou|[a-z]ExistsException|ResourceExists)\w*"
    r"|\bDuplicate(?!Tag|Request|d)[A-Z]\w*|\b\w+\.Duplicate\b|\b\w*NameInUse\w*|\b\w+DuplicateItemException\b"
)
_ERROR_PHRASES = re.compile(
    r"\balready[ -]exists?\b|\balready owned by you\b|\bname is already (?:in use|taken)\b", re.IGNORECASE
)
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


def _describe_id_source(change: ResourceChange, environment: str) -> str:
    query = fill_form(ID_QUERY_BY_TYPE.get(change.type, ""), change, quoted=True)
    if query:
        return f"ID: {format_command('exec', environment, '--', 'aws')} {query} --output text"
    return f"ID: see *Import* on the provider's page of {change.type}"
