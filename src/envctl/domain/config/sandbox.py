"""The project in the sandbox: state and store are in S3, as teams use them."""

from collections.abc import Mapping
from typing import Any

from envctl.domain.config.gates import Allow
from envctl.domain.config.project import Project, State, Store
from envctl.domain.config.signing_keys import KEY_FIELDS


def to_sandbox_project(project: Project) -> Project:
    """Return the project for the sandbox: rendered bytes of a project with S3 state stay the same. The sandbox has no
    identities: permissions and signatures are dropped.
    """
    keys = dict.fromkeys(KEY_FIELDS.values())
    unknown = {"profile": None, "signatures": None, **keys, "allow": Allow()}
    keeps_keys = project.state.backend == "s3"
    environments = {name: each.model_copy(update=unknown) for name, each in project.environments.items()}
    return project.model_copy(
        update={
            "environments": environments,
            "store": Store(url=f"s3://{project.name}-envctl-store"),
            "state": _to_sandbox_state(project),
            "every_stack": {
                name: each.model_copy(update={"state": _keep_keys(each.state, keeps_all=keeps_keys)})
                for name, each in project.every_stack.items()
            },
        }
    )


def describe_unused_state(project: Project) -> str:
    """Return a message if the project names places of states that the sandbox does not use; else an empty text."""
    named = project.state.backend_keys or any(stack.state for stack in project.every_stack.values())
    if project.state.backend == "s3" or not named:
        return ""
    return f"SANDBOX: states are in the sandbox's own S3: the {project.state.backend} places in [state] are not used"


# What the sandbox has none of: lock tables, and other ways to AWS than its own.
_LEFT_OUT = frozenset(
    {
        "custom_ca_bundle", "dynamodb_endpoint", "dynamodb_table", "endpoint", "endpoints", "http_proxy", "https_proxy",
        "iam_endpoint", "no_proxy", "profile", "shared_config_files", "shared_credentials_file",
        "shared_credentials_files", "sts_endpoint",
    }
)  # fmt: skip


def _to_sandbox_state(project: Project) -> State:
    """Return the state in S3. For another backend, only its workspaces stay."""
    state = project.state
    if not (state.model_fields_set or any(stack.state for stack in project.every_stack.values())):
        # The project file does not say where states are, and so this does not either.
        return State.model_construct(set(), backend="s3")
    if state.backend == "s3":
        said = {name: getattr(state, name) for name in state.model_fields_set}
        return State(**_keep_keys(said, keeps_all=True))
    return State(backend="s3", **({"workspace": state.workspace} if state.workspace else {}))


def _keep_keys(keys: Mapping[str, object], *, keeps_all: bool) -> dict[str, Any]:
    return {name: value for name, value in keys.items() if (keeps_all or name == "workspace") and name not in _LEFT_OUT}
