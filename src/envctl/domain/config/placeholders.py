"""Placeholders in texts of the project file, such as `{env}`."""

from envctl.domain.config.project import Project


def list_placeholder_values(project: Project, environment: str, stack: str = "") -> dict[str, str]:
    """Return the values of the placeholders by name; empty texts for unset keys."""
    there = project.environments[environment]
    return {
        "project": project.name,
        "env": environment,
        "environment": environment,
        "stack": stack,
        "account_id": there.account_id or "",
        "region": there.region or "",
    }
