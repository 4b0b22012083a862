"""The place of each state, by `[state]` and `[stacks.STACK.state]`: its keys, and the faults in them.

The keys are those of Terraform. Only what decides the place, and what must not be written there, is known here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from posixpath import normpath

from envctl.domain.command_lines import format_command
from envctl.domain.config.fields import STATE_PLACEHOLDERS, Fault, TomlPath
from envctl.domain.config.placeholders import list_placeholder_values
from envctl.domain.config.project import Project
from envctl.domain.config.states.backends import (
    BACKENDS,
    BackendKind,
    fill_placeholders,
    has_password,
    list_placeholders,
)
from envctl.domain.config.states.state_identity import find_local_folder, identify_state
from envctl.domain.text.lists import join_names
from envctl.domain.text.suggestions import find_nearest, suggest_name

WORKSPACE = "workspace"
DEFAULT_WORKSPACE = "default"
_S3_KEYS = frozenset({"account_id", "look_role"})
"""Keys of envctl itself for `s3`."""
_SHARED_S3_KEYS = _S3_KEYS | {"assume_role"}
_HOME = ".envctl"


@dataclass(frozen=True)
class _Claim:
    """A state that a stack uses in an environment, as text, with the key that decides it."""

    environment: str
    stack: str
    state: str
    path: TomlPath


def find_stack_keys(project: Project, stack: str) -> Mapping[str, object]:
    """Return the keys of `[state]` with other values for this stack. A renamed stack says them for its old name too,
    and `[removed.STACK.state]` for a stack that leaves.
    """
    if stack in project.every_stack:
        return project.every_stack[stack].state
    for each in project.every_stack.values():
        if each.moved_from == stack:
            return each.state
    return project.removed[stack].state if stack in project.removed else {}


def find_workspace(project: Project, environment: str, stack: str) -> str:
    """Return the workspace that holds the state; empty for the default one."""
    text = find_stack_keys(project, stack).get(WORKSPACE, project.state.workspace)
    found = str(fill_placeholders(text, list_placeholder_values(project, environment, stack))) if text else ""
    return "" if found == DEFAULT_WORKSPACE else found


def names_workspace(project: Project, stack: str) -> bool:
    """Tell if `[state]` says which workspace holds the states of a stack, even if that is the default one."""
    return bool(find_stack_keys(project, stack).get(WORKSPACE, project.state.workspace))


def resolve_keys(project: Project, environment: str, stack: str) -> dict[str, object]:
    """Return the keys for Terraform, without those that envctl adds by itself. Paths are relative to the project."""
    kind = BACKENDS[project.state.backend]
    keys = {**project.state.backend_keys, **find_stack_keys(project, stack)}
    keys.pop(WORKSPACE, None)
    if kind.default_place:
        keys.setdefault(kind.place_key, kind.default_place)
    if project.state.backend == "s3":
        keys.setdefault("bucket", project.state.bucket)
    names = list_placeholder_values(project, environment, stack)
    found = {key: fill_placeholders(value, names) for key, value in sorted(keys.items())}
    if project.state.backend == "local" and find_workspace(project, environment, stack):
        # Terraform's own default lies beside the code, which envctl writes anew.
        found["workspace_dir"] = find_local_folder(found)
    if "bucket" in found:
        # The name of the usual bucket without an account.
        found["bucket"] = str(found["bucket"]).strip("-")
    return found


def find_state_role(project: Project, environment: str, *, only_looks: bool) -> dict[str, object]:
    """Return the role for states that `[state]` names; empty for the credentials of the caller."""
    state, names = project.state, list_placeholder_values(project, environment)
    said = {"role_arn": state.assume_role} if isinstance(state.assume_role, str) else state.assume_role or {}
    if only_looks and state.look_role:
        said = {**{key: said[key] for key in ("external_id",) if key in said}, "role_arn": state.look_role}
    return {key: fill_placeholders(value, names) for key, value in said.items()}


def find_role_account(role: Mapping[str, object]) -> str:
    """Return the account in the ARN of a role; empty without one."""
    return "".join(str(role.get("role_arn", "")).split(":")[4:5])


def find_bucket_owner(project: Project, environment: str) -> str:
    """Return the account that must own the buckets of states; empty if the project file does not have it."""
    role = find_state_role(project, environment, only_looks=False)
    return project.state.account_id or find_role_account(role) or project.environments[environment].account_id or ""


def find_state_faults(project: Project) -> Iterator[Fault]:
    """Find the faults of `[state]` and of the keys of stacks in it."""
    if project.has_usual_states:
        return
    state = project.state
    said = {name: getattr(state, name) for name in sorted(state.model_fields_set - {"backend"})}
    tables: dict[TomlPath, Mapping[str, object]] = {("state",): said}
    tables |= {("stacks", name, "state"): stack.state for name, stack in project.every_stack.items() if stack.state}
    tables |= {("removed", name, "state"): each.state for name, each in project.removed.items() if each.state}
    found = [fault for path, table in tables.items() for fault in _check_table(project, path, table)]
    found += _check_roles(project)
    found = found or [*_check_required(project)]
    found = found or [*_check_empty_values(project), *_check_local_files(project)]
    found = found or [*_check_claims(project)]
    yield from found or _check_shared_locks(project)


def _check_table(project: Project, path: TomlPath, table: Mapping[str, object]) -> Iterator[Fault]:
    backend = project.state.backend
    kind = BACKENDS[backend]
    for key, value in table.items():
        yield from _check_key(backend, key, value, (*path, key))
        yield from _check_placeholders(backend, key, value, (*path, key))
    if table.get(WORKSPACE) and not kind.has_workspaces:
        message = f"{_join_path(path)}.workspace: the backend {backend} has no workspaces"
        yield Fault("E173", message, f"remove it, and use {{env}} in {kind.place_key}", (*path, WORKSPACE))


def _check_key(backend: str, key: str, value: object, path: TomlPath) -> Iterator[Fault]:
    kind, of_stack = BACKENDS[backend], path[0] != "state"
    known = kind.keys | {WORKSPACE} | (_S3_KEYS if backend == "s3" and not of_stack else frozenset())
    if of_stack and (key == "backend" or (backend == "s3" and key in _SHARED_S3_KEYS)):
        message = f"{_join_path(path)} can't differ by stack: one access to the states counts for all stacks"
        yield Fault("E171", message, f"remove it, or set {key} in [state]", path)
    elif key not in known:
        yield from _report_unknown_key(backend, key, known, path)
    elif key in kind.secret_keys:
        message = f"{_join_path(path)} is a secret: it would be in git, in files of Terraform and in each approval"
        yield Fault("E167", message, _suggest_variable(kind, backend, key), path)
    elif has_password(value):
        message = f"{_join_path(path)} contains a password: it would be in git, in files of Terraform and in approvals"
        yield Fault("E167", message, _suggest_variable(kind, backend, key), path)


def _check_placeholders(backend: str, key: str, value: object, path: TomlPath) -> Iterator[Fault]:
    for name in dict.fromkeys(list_placeholders(value)):
        if name not in STATE_PLACEHOLDERS:
            message = f"{_join_path(path)} contains {{{name}}}, which envctl does not know"
            yield Fault("E166", message, suggest_name(name, STATE_PLACEHOLDERS), path)
        elif name == "stack" and backend == "s3" and key in _SHARED_S3_KEYS:
            message = f"{_join_path(path)} contains {{stack}}, but one role counts for the states of all stacks"
            yield Fault("E166", message, "use only {env}, {account_id} and {project} in it", path)


def _join_path(path: TomlPath) -> str:
    return ".".join(map(str, path))


def _report_unknown_key(backend: str, key: str, known: frozenset[str], path: TomlPath) -> Iterator[Fault]:
    near = find_nearest(key, known)
    other = [name for name, kind in BACKENDS.items() if key in kind.keys or (name == "s3" and key in _S3_KEYS)]
    if near or other:
        message = f"{key} is not a key of the backend {backend}"
        hint = f"it is a key of {join_names(other)}; {backend} tells states apart by {BACKENDS[backend].place_key}"
        hint = f"did you mean {near}?" if near else hint
        yield Fault("E165", message, hint, path)


def _suggest_variable(kind: BackendKind, backend: str, key: str) -> str:
    if variable := kind.secret_keys.get(key):
        return f"remove it, and set the environment variable {variable}, which Terraform reads"
    variables = {"pg": "PGPASSWORD, or PG_CONN_STR with the whole address", "http": "TF_HTTP_PASSWORD"}
    return f"remove the password, and set the environment variable {variables.get(backend, 'of the backend')}"


def _check_roles(project: Project) -> Iterator[Fault]:
    state = project.state
    if state.backend != "s3":
        if state.assume_role is not None and "assume_role" in BACKENDS[state.backend].keys:
            return
        if state.assume_role is not None:
            yield Fault(
                "E165",
                f"assume_role is not a key of the backend {state.backend}",
                "remove it",
                ("state", "assume_role"),
            )
        return
    looking = [name for name, each in project.environments.items() if each.look_role]
    if state.assume_role and looking and not state.look_role:
        message = f"commands that only look into {looking[0]} would take the role that writes states"
        hint = 'add a role that only reads them: [state] look_role = "arn:…"; or remove assume_role from [state]'
        yield Fault("E172", message, hint, ("state", "assume_role"))
    if state.look_role and state.look_role == state.assume_role:
        message = "state.look_role is state.assume_role: commands that only look could write states"
        yield Fault(
            "E172",
            message,
            f"create a role that only reads: {format_command('explain', 'E172')}",
            ("state", "look_role"),
        )


def _list_stacks(project: Project) -> Iterator[tuple[str, str]]:
    """Yield each environment with each of its stacks."""
    for name, stack in project.every_stack.items():
        for environment in stack.environments or project.order.order:
            yield environment, name


def find_key_path(project: Project, stack: str, key: str) -> TomlPath:
    """Return the path of the key that counts for a stack, or else of its table."""
    if stack in project.every_stack and key in project.every_stack[stack].state:
        return ("stacks", stack, "state", key)
    return ("state", key) if key in project.state.model_fields_set else ("stacks", stack)


def _check_required(project: Project) -> Iterator[Fault]:
    backend = project.state.backend
    missing: dict[str, list[str]] = {}
    for environment, stack in _list_stacks(project):
        keys = resolve_keys(project, environment, stack)
        for key in BACKENDS[backend].required_keys:
            if keys.get(key) in (None, ""):
                missing.setdefault(key, []).append(stack)
    for key in missing:
        examples = {"address": 'address = "https://HOST/state/{env}/{stack}"', "workspaces": _WORKSPACES_EXAMPLE}
        example = examples.get(key, f'{key} = "…"')
        yield Fault("E169", f"state.{key} is missing: the backend {backend} needs it", f"add it: {example}", ("state",))


_WORKSPACES_EXAMPLE = 'workspaces = { name = "{project}-{env}-{stack}" }'


def _check_empty_values(project: Project) -> Iterator[Fault]:
    found: dict[tuple[TomlPath, str], Fault] = {}
    for environment, stack in _list_stacks(project):
        names = list_placeholder_values(project, environment, stack)
        table = {**project.state.backend_keys, **find_stack_keys(project, stack), "look_role": project.state.look_role}
        table["assume_role"] = project.state.assume_role
        table.setdefault(WORKSPACE, project.state.workspace)
        for key, value in table.items():
            for name in list_placeholders(value):
                # The name of the usual bucket does without.
                if not names[name] and key != "bucket":
                    message = f"state.{key} contains {{{name}}}, but {environment} has no {name}"
                    hint = f"add {name} to [environments.{environment}]"
                    path = find_key_path(project, stack, key)
                    found[(path, name)] = Fault("E170", message, hint, path)
    yield from found.values()


def _check_local_files(project: Project) -> Iterator[Fault]:
    """Find state files among the code of a stack: a release would carry them, and all secrets in them."""
    if project.state.backend != "local":
        return
    found: dict[TomlPath, Fault] = {}
    for environment, stack in _list_stacks(project):
        keys = resolve_keys(project, environment, stack)
        is_in_workspace = bool(find_workspace(project, environment, stack))
        place = normpath(find_local_folder(keys) if is_in_workspace else str(keys["path"]))
        for name, each in project.every_stack.items():
            is_below = f"{place}/".startswith(f"{each.folder}/")
            if each.folder == ".":
                is_below = not place.startswith((f"{_HOME}/", "../", "/"))
            # The release of a root leaves out the files of Terraform by their names.
            is_left_out = each.root and (is_in_workspace or place.endswith(".tfstate"))
            if not is_below or is_left_out:
                continue
            path = find_key_path(project, stack, "workspace_dir" if is_in_workspace and "path" not in keys else "path")
            message = f"the state of {stack} in {environment} would be in {place}, among the code of {name}"
            hint = "a release would carry it: use a folder without code, such as states/{env}/{stack}.tfstate"
            found.setdefault(path, Fault("E174", message, hint, path))
    yield from found.values()


def _check_claims(project: Project) -> Iterator[Fault]:
    """Find states that two stacks, or two environments, would share."""
    claims: dict[str, _Claim] = {}
    reported: set[tuple[str, ...]] = set()
    for environment, stack in _list_stacks(project):
        keys, workspace = resolve_keys(project, environment, stack), find_workspace(project, environment, stack)
        state = identify_state(project.state.backend, keys, workspace)
        path = find_key_path(project, stack, BACKENDS[project.state.backend].place_key)
        claim = _Claim(environment, stack, state, path)
        first = claims.setdefault(claim.state, claim)
        if first is claim:
            continue
        # One fault for each line is enough, whatever the number of environments.
        for one, other in ((claim, first), (first, claim)):
            key = (*map(str, one.path), *(() if one.path[0] == "state" else (other.stack,)))
            if key not in reported:
                reported.add(key)
                yield _describe_shared_state(project, one, other)


def _check_shared_locks(project: Project) -> Iterator[Fault]:
    """Find one lock for two states of `http`: stacks that run at the same time would block each other."""
    holders: dict[object, tuple[str, str]] = {}
    for environment, stack in _list_stacks(project):
        address = resolve_keys(project, environment, stack).get("lock_address")
        first = holders.setdefault(address, (environment, stack))
        if project.state.backend == "http" and address and first != (environment, stack):
            message = f"{stack} in {environment} and {first[1]} in {first[0]} would share one lock: {address}"
            hint = "give each its own: add {env} and {stack} to lock_address and unlock_address"
            yield Fault("E168", message, hint, find_key_path(project, stack, "lock_address"))
            return


def _describe_shared_state(project: Project, one: _Claim, other: _Claim) -> Fault:
    def name_claim(claim: _Claim) -> str:
        return f"{claim.stack} in {claim.environment}"

    key = BACKENDS[project.state.backend].place_key
    lacking = "{env}" if one.stack == other.stack else "{stack}"
    message = f"{name_claim(one)} and {name_claim(other)} would share one state: {one.state}"
    hint = f"give each its own: add {lacking} to {key}"
    if one.path[0] == "stacks" and other.path[0] == "state":
        hint = f"give {one.stack} another {key}: {other.stack} has this one by [state]"
    elif one.path != other.path and other.path[0] != "state":
        hint = f"give one of them another {key}, in [stacks.{one.stack}.state] or [stacks.{other.stack}.state]"
    return Fault("E168", message, hint, one.path)
