"""A project as it is in the sandbox: state and store always in S3, so that what is tried is what teams use."""

from envctl.domain.project import Project, State, Store


def in_sandbox(project: Project) -> Project:
    """Everything else stays: a project with S3 state renders the same bytes with and without the sandbox."""
    return project.model_copy(
        update={
            "store": Store(url=f"s3://{project.name}-envctl-store"),
            "state": State(backend="s3", bucket=project.state.bucket),
        }
    )
