"""What the signing key of an environment is called in AWS."""

from envctl.domain.config.project import Project

PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


def key_arn(project: Project, environment: str) -> str:
    """As the project names it; an alias as one of the environment's account and region, so that it is the same key for
    everybody, whatever account they come from.
    """
    there = project.environments[environment]
    key = there.signing_key or ""
    if not key.startswith("alias/"):
        return key
    region = there.region or ""
    partition = next((name for prefix, name in PARTITIONS.items() if region.startswith(prefix)), "aws")
    return f"arn:{partition}:kms:{region}:{there.account_id}:{key}"


def alias_of(arn: str) -> str:
    """The name by which a key can be made; empty for the ARN of one that exists already."""
    resource = arn.partition(":kms:")[2].split(":", 2)[-1]
    return resource if resource.startswith("alias/") else ""


def region_of(arn: str) -> str:
    return arn.split(":")[3]
