"""A project as it is in the sandbox: state and store always in S3, so that what is tried is what teams use."""

from envctl.domain.config.gates import Allow
from envctl.domain.config.project import Project, State, Store


def in_sandbox(project: Project) -> Project:
    """Everything else stays: a project with S3 state renders the same bytes with and without the sandbox. Nobody there
    can say who somebody is, so nothing is asked of people, and nothing signed.
    """
    unknown = {"profile": None, "signing_key": None, "allow": Allow()}
    there = {name: each.model_copy(update=unknown) for name, each in project.environments.items()}
    return project.model_copy(
        update={
            "environments": there,
            "store": Store(url=f"s3://{project.name}-envctl-store"),
            "state": State(backend="s3", bucket=project.state.bucket),
        }
    )
