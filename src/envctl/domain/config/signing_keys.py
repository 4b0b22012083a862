"""Signing keys of environments: their keys in the project file, and their ARNs."""

from collections.abc import Mapping

from envctl.domain.config.project import Environment, Project
from envctl.domain.ledger.key_roles import KeyRole

PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
KEY_FIELDS: Mapping[KeyRole, str] = {
    "deployment": "signing_key",
    "people": "approval_signing_key",
    "look": "look_signing_key",
}
"""The key of the project file, and the name of the file with the public keys."""


def list_key_roles(section: Environment) -> tuple[KeyRole, ...]:
    """Return the roles that have a key of their own in this environment."""
    return tuple(role for role, field in KEY_FIELDS.items() if getattr(section, field))


def build_key_arn(project: Project, environment: str, role: KeyRole = "deployment") -> str:
    """Return the ARN of the key. An alias becomes one in the account and region of the environment, and for people one
    in those of the store.
    """
    section, store = project.environments[environment], project.store
    key: str = getattr(section, KEY_FIELDS[role]) or ""
    if not key.startswith("alias/"):
        return key
    region, account = (store.region, store.account_id) if role == "people" else (section.region, section.account_id)
    partition = next((name for prefix, name in PARTITIONS.items() if (region or "").startswith(prefix)), "aws")
    return f"arn:{partition}:kms:{region}:{account}:{key}"


def find_review_environment(project: Project, environment: str) -> str:
    """Return the environment of GitHub whose reviewers approve: with a key for people, the one of its own job."""
    github, section = project.ci.github, project.environments[environment]
    find = github.find_approval_name if section.approval_signing_key else github.find_github_name
    return find(environment)


def find_job_environment(project: Project, named: str) -> str:
    """Return the environment of the project that a job in an environment of GitHub deploys to, or records approvals of;
    empty for another one. Who records approvals proves it with the key for people.
    """
    for name, section in project.environments.items():
        approval = project.ci.github.find_approval_name(name)
        if section.approval_signing_key and approval.casefold() == named.casefold():
            return name
    return project.ci.github.find_environment(named)


def parse_alias(arn: str) -> str:
    """Return the alias to create a key with; empty for the ARN of an existing key."""
    resource = arn.partition(":kms:")[2].split(":", 2)[-1]
    return resource if resource.startswith("alias/") else ""
