"""The backend of an environment: where Terraform keeps the states of its stacks, by `[state]` of `envctl.toml`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from posixpath import isabs, join, normpath

from envctl.domain.config.placeholders import list_placeholder_values
from envctl.domain.config.project import Project
from envctl.domain.release.wiring import Wiring
from envctl.domain.terraform.expressions import OutputReference, escape_templates
from envctl.domain.terraform.outputs import StackInput
from envctl.domain.terraform.workdir_names import SESSION_VARIABLE, USUAL_SESSION, climb_to_stack

HOME_FOLDER = ".envctl"
FIND_NO_KEYS: Callable[[str], Mapping[str, object]] = lambda _: {}  # noqa: E731
FIND_NO_WORKSPACE: Callable[[str], str] = lambda _: ""  # noqa: E731
# Not needed to read the outputs of another stack.
_WRITING_KEYS = ("acl", "allowed_account_ids", "dynamodb_table", "encrypt", "kms_key_id", "use_lockfile")


@dataclass(frozen=True)
class Backend:
    """The location of the states of an environment."""

    kind: str
    settings: Mapping[str, object]  # shared by all stacks
    environment: str
    under: Mapping[str, str] = field(default_factory=dict)  # renamed stacks, each with the old name of its state
    # the keys of the project file by stack, over `settings`; a local path is relative to the project
    find_keys: Callable[[str], Mapping[str, object]] = field(default=FIND_NO_KEYS, compare=False)
    find_workspace: Callable[[str], str] = field(default=FIND_NO_WORKSPACE, compare=False)

    def settings_for_stack(self, stack: str, *, root: str = "") -> dict[str, object]:
        """Return the arguments of the backend. `root` is the root module that has them, as in PreparedStack."""
        called = self.under.get(stack, stack)
        name = f"{self.environment}/{called}.tfstate"
        keys = dict(self.find_keys(called))
        if self.kind == "local":
            keys.setdefault("path", f"{HOME_FOLDER}/state/{name}")
            return {**self.settings, **keys, **_from_workdir(keys, root)}
        if self.kind == "s3":
            keys.setdefault("key", name)
        found = {**self.settings, **keys}
        if "dynamodb_table" in keys and "use_lockfile" not in keys:
            # Two locks at once would need the permissions of both.
            found.pop("use_lockfile", None)
        return found

    def workspace_for_stack(self, stack: str) -> str:
        """Return the workspace that holds the state of a stack; empty for the default one."""
        return self.find_workspace(self.under.get(stack, stack))

    def is_same_state(self, stack: str, other: str) -> bool:
        """Check if two names of a stack have one state, because the project file names it without them."""
        plain = replace(self, under={})
        here, there = ((plain.settings_for_stack(name), plain.workspace_for_stack(name)) for name in (stack, other))
        return here == there

    def render_remote_state(self, stack: str) -> dict[str, object]:
        """Return the arguments of `terraform_remote_state`, which reads the outputs of a stack."""
        # For reading alone, without locking, encryption and the account check.
        config = {key: each for key, each in self.settings_for_stack(stack).items() if key not in _WRITING_KEYS}
        if role := config.get("assume_role"):
            config["assume_role"] = pass_session(role)
        workspace = self.workspace_for_stack(stack)
        return {"backend": self.kind, "config": config, **({"workspace": workspace} if workspace else {})}


def _from_workdir(keys: Mapping[str, object], root: str) -> dict[str, object]:
    """Return the paths of a local state from the folder where Terraform runs: no path of a machine is rendered."""
    found, up = dict[str, object](), climb_to_stack(root) if root else ""
    for key in ("path", "workspace_dir"):
        path = str(keys.get(key, ""))
        if path.startswith(f"{HOME_FOLDER}/"):
            found[key] = f"{up}../../..{path.removeprefix(HOME_FOLDER)}"
        elif path:
            found[key] = path if isabs(path) else normpath(join(f"{up}../../../..", path))
    return found


def build_backend(
    project: Project, environment: str, s3_defaults: Mapping[str, object], *, only_looks: bool
) -> Backend:
    """Return the backend that the project file has. `s3_defaults` are the keys that envctl sets in S3 by itself."""
    state = project.state
    if not project.has_usual_states:
        return _build_declared_backend(project, environment, s3_defaults, only_looks=only_looks)
    if state.backend == "local":
        return Backend("local", {}, environment)
    bucket = state.bucket.format(**list_placeholder_values(project, environment)).strip("-")
    return Backend("s3", {"bucket": bucket, **s3_defaults}, environment)


def _build_declared_backend(
    project: Project, environment: str, s3_defaults: Mapping[str, object], *, only_looks: bool
) -> Backend:
    """Return the backend with the keys of the project file, over those that envctl sets by itself."""
    from envctl.domain.config.states import state_place

    state, settings = project.state, dict[str, object]()
    if state.backend == "s3":
        settings = dict(s3_defaults)
        if state.assume_role is not None or (only_looks and state.look_role):
            settings.pop("assume_role", None)
            settings.pop("allowed_account_ids", None)
            settings |= _render_state_role(project, environment, only_looks=only_looks)
    find_keys = partial(state_place.resolve_keys, project, environment)
    return Backend(
        state.backend,
        settings,
        environment,
        find_keys=lambda stack: {name: escape_templates(value) for name, value in find_keys(stack).items()},
        find_workspace=partial(state_place.find_workspace, project, environment),
    )


def _render_state_role(project: Project, environment: str, *, only_looks: bool) -> dict[str, object]:
    """Return the role for the states with its account; empty if states are accessed without one."""
    from envctl.domain.config.states.state_place import find_role_account, find_state_role

    role = find_state_role(project, environment, only_looks=only_looks)
    if not role:
        return {}
    account = find_role_account(role)
    allowed = {"allowed_account_ids": [account]} if account else {}
    return {"assume_role": {"session_name": USUAL_SESSION, **role}, **allowed}


def pass_session(role: object) -> object:
    """Return the role of a backend for what takes variables: with the session name that is passed, or its own."""
    if not isinstance(role, Mapping) or role.get("session_name") != USUAL_SESSION:
        return role
    return {**role, "session_name": f"${{var.{SESSION_VARIABLE}}}"}


def declare_session(*parts: object) -> dict[str, object]:
    """Return the variable of the session name, if one of these parts of a rendered document takes it."""
    taken = f"var.{SESSION_VARIABLE}" in json.dumps(parts)
    return {SESSION_VARIABLE: {"type": "string", "default": USUAL_SESSION}} if taken else {}


def list_reads(wiring: Wiring, stack: str, backend: Backend) -> tuple[StackInput, ...]:
    """Return the variables of a stack that are outputs of other stacks, read by Terraform or by envctl."""
    wired = wiring.stacks[stack]
    types = {variable.name: variable.type_text for variable in wiring.schema[stack]}
    found = []
    for variable, text in sorted(wired.inputs.items()):
        found.append(locate_output(wiring, backend, variable, types.get(variable, "any"), text))
    return tuple(found)


def locate_output(wiring: Wiring, backend: Backend, variable: str, type_text: str, text: str) -> StackInput:
    """Return a variable that comes from an output, written as in `inputs`, with the place of the other state."""
    reference = OutputReference.parse(text)
    return StackInput(
        variable=variable,
        type_text=type_text,
        stack=reference.stack,
        root=wiring.find_root_folder(reference.stack),
        workspace=backend.workspace_for_stack(reference.stack),
        output=reference.output,
        path=reference.path,
    )
