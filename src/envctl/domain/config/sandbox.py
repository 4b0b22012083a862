"""The project in the sandbox: state and store are in S3, as teams use them."""

from envctl.domain.config.gates import Allow
from envctl.domain.config.project import Project, State, Store


def to_sandbox_project(project: Project) -> Project:
    """Return the project for the sandbox: rendered bytes of a project with S3 state stay the same. The sandbox has no
    identities: permissions and signatures are dropped.
    """
    unknown = {"profile": None, "signing_key": None, "look_signing_key": None, "allow": Allow()}
    environments = {name: each.model_copy(update=unknown) for name, each in project.environments.items()}
    return project.model_copy(
        update={
            "environments": environments,
            "store": Store(url=f"s3://{project.name}-envctl-store"),
            "state": State(backend="s3", bucket=project.state.bucket),
        }
    )
