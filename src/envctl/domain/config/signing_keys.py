"""ARNs of signing keys of environments."""

from envctl.domain.config.project import Project

PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


def build_key_arn(project: Project, environment: str) -> str:
    """Return the ARN of the key; an alias becomes one in the account and region of the environment."""
    return _to_arn(project, environment, project.environments[environment].signing_key or "")


def build_look_key_arn(project: Project, environment: str) -> str:
    """Return the ARN of the key for looks."""
    return _to_arn(project, environment, project.environments[environment].look_signing_key or "")


def _to_arn(project: Project, environment: str, key: str) -> str:
    section = project.environments[environment]
    if not key.startswith("alias/"):
        return key
    region = section.region or ""
    partition = next((name for prefix, name in PARTITIONS.items() if region.startswith(prefix)), "aws")
    return f"arn:{partition}:kms:{region}:{section.account_id}:{key}"


def parse_alias(arn: str) -> str:
    """Return the alias to create a key with; empty for the ARN of an existing key."""
    resource = arn.partition(":kms:")[2].split(":", 2)[-1]
    return resource if resource.startswith("alias/") else ""
