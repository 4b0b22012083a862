"""Where each state is, by [state] and by the keys of a stack, and what is refused there."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.adapters.toml.reader import load_project
from envctl.domain.aws.access import build_credentials_spec, find_states_credentials
from envctl.domain.config.project import Project, State
from envctl.domain.config.sandbox import describe_unused_state, to_sandbox_project
from envctl.domain.config.states.backends import BACKENDS
from envctl.domain.config.states.state_identity import identify_state
from envctl.domain.config.states.state_place import find_workspace, resolve_keys
from envctl.domain.errors import ConfigurationError
from envctl.domain.release.place.environment_place import list_state_buckets, resolve_place
from envctl.domain.release.rendering.root_module import render_root_module
from envctl.domain.release.wiring import StackWiring, Wiring

TOOLS = "444444444444"
ROLE = f"arn:aws:iam::{TOOLS}:role/states-of-{{env}}"
BASE = """
[project]
name = "shop"

[pipeline]
order = ["dev", "prod"]

[environments.dev]
account_id = "111111111111"
region = "eu-west-1"
assume_role = "arn:aws:iam::111111111111:role/deployer"

[environments.prod]
account_id = "333333333333"
region = "eu-west-1"
assume_role = "arn:aws:iam::333333333333:role/deployer"
look_role = "arn:aws:iam::333333333333:role/look"

[environments.spare]
pipeline = false

[stacks.net]
module = "modules/net"

[stacks.web]
module = "modules/web"

[stacks.lab]
module = "modules/lab"
environments = ["spare"]
"""
WITHOUT_LOOK = BASE.replace('look_role = "arn:aws:iam::333333333333:role/look"\n', "")


def load(state: str, base: str = WITHOUT_LOOK) -> Project:
    return load_project(f"{base}\n{state}\n".encode())


def find_faults(state: str, base: str = WITHOUT_LOOK) -> list[tuple[str, str, str]]:
    """Return code, line of the file and message of each problem."""
    text = f"{base}\n{state}\n"
    try:
        load(state, base)
    except ConfigurationError as error:
        lines = text.splitlines()
        assert all(each.location and each.location.line and each.hint for each in error.problems)
        return [
            (each.code, lines[(each.location.line or 0) - 1] if each.location else "", each.message)
            for each in error.problems
        ]
    return []


def render(project: Project, environment: str, stack: str = "web", *, acting: bool = False) -> dict[str, object]:
    return resolve_place(project, environment, acting=acting).backend.settings_for_stack(stack)


S3 = '[state]\nbackend = "s3"\n'
REMOTE = '[state]\nbackend = "remote"\norganization = "o"\nworkspaces = { name = "{envi}-{stack}" }'
FILES = '[state]\npath = "s/{env}/{stack}"\n'
STANDALONE = """
[state]
path = "s/{env}-{stack}"
[stacks.lab.state]
path = "s/dev-net"
"""
WORKSPACE = """
[state]
backend = "s3"
bucket = "b"
[stacks.net.state]
workspace = "w"
key = "k{env}"
[stacks.web.state]
key = "env:/w/k{env}"
"""
HTTP = '[state]\nbackend = "http"\naddress = '
REFUSED = {
    "key of no backend": (f'{S3}bukcet = "x"', "E165", "bukcet"),
    "key of another backend": ('[state]\nbackend = "pg"\ndynamodb_table = "x"', "E165", "dynamodb_table"),
    "key of envctl for s3": ('[state]\nbackend = "pg"\naccount_id = "444444444444"', "E165", "account_id"),
    "role of another backend": (f'[state]\nbackend = "pg"\nassume_role = "{ROLE}"', "E165", "assume_role"),
    "unknown placeholder": (f'{S3}key = "{{env}}/{{stak}}"', "E166", "key"),
    "unknown placeholder, nested": (REMOTE, "E166", "workspaces"),
    "stack in a role": (f'{S3}assume_role = "arn:aws:iam::444444444444:role/{{stack}}"', "E166", "assume_role"),
    "password in a url": (f'{HTTP}"https://u:p@h/{{env}}/{{stack}}"', "E167", "address"),
    "password in a text": ('[state]\nbackend = "pg"\nconn_str = "host=h password=x"', "E167", "conn_str"),
    "one key for all": (f'{S3}bucket = "b"\nkey = "x"', "E168", "key"),
    "no environment in one bucket": (f'{S3}bucket = "b"\nkey = "{{stack}}"', "E168", "key"),
    "no stack": (f'{S3}key = "{{env}}"', "E168", "key"),
    "a key of another stack": ('[stacks.web.state]\npath = ".envctl/state/{env}/net.tfstate"', "E168", "path"),
    "a file in other letters": (f'{FILES}[stacks.web.state]\npath = "S/{{env}}/NET"', "E168", "path"),
    "a file by another way": (f'{FILES}[stacks.web.state]\npath = "./s//{{env}}/net"', "E168", "path"),
    "a standalone environment": (STANDALONE, "E168", "path"),
    "workspace of another key": (WORKSPACE, "E168", "key"),
    "one lock for two states": (
        f'{HTTP}"https://h/{{env}}/{{stack}}"\nlock_address = "https://h/{{env}}/lock"',
        "E168",
        "lock_address",
    ),
    "no bucket": ('[state]\nbackend = "gcs"', "E169", ""),
    "no address": ('[state]\nbackend = "http"', "E169", ""),
    "no region": (f'{S3}key = "{{region}}/{{env}}/{{stack}}"', "E170", "key"),
    "backend of a stack": ('[stacks.web.state]\nbackend = "s3"', "E171", "backend"),
    "role of a stack": (f'{S3}[stacks.web.state]\nassume_role = "{ROLE}"', "E171", "assume_role"),
    "a file among modules": ('[state]\npath = "modules/{stack}/{env}.tfstate"', "E174", "path"),
    "a file among the code of a root": (
        '[stacks.old]\nroot = "old"\n[stacks.old.state]\npath = "old/{env}.json"',
        "E174",
        "path",
    ),
    "workspaces of http": (f'{HTTP}"https://h/{{env}}/{{stack}}"\nworkspace = "{{env}}"', "E173", "workspace"),
}


@pytest.mark.parametrize(("state", "code", "line"), REFUSED.values(), ids=REFUSED)
def test_wrong_places_are_refused_with_their_line(state: str, code: str, line: str) -> None:
    found = find_faults(state)
    assert found
    assert {each for each, _, _ in found} == {code}
    assert all(text.startswith((line, "[")) for _, text, _ in found), found


SECRETS = [(name, key) for name, kind in BACKENDS.items() for key in kind.secret_keys]


@pytest.mark.parametrize(("backend", "key"), SECRETS)
def test_secrets_are_refused_with_their_variable(backend: str, key: str) -> None:
    try:
        load(f'[state]\nbackend = "{backend}"\n{key} = "planted"')
    except ConfigurationError as error:
        (problem,) = (each for each in error.problems if each.code == "E167")
        assert BACKENDS[backend].secret_keys[key] in problem.hint
        assert "planted" not in f"{problem.message} {problem.hint}"


def test_both_lines_of_a_shared_state_are_named() -> None:
    state = '[stacks.net.state]\npath = "old/{env}.tfstate"\n[stacks.web.state]\npath = "old/{env}.tfstate"'
    found = find_faults(state)
    assert [code for code, _, _ in found] == ["E168", "E168"]
    assert {message for _, _, message in found} == {
        f"{one} in dev and {other} in dev would share one state: the file old/dev.tfstate"
        for one, other in (("web", "net"), ("net", "web"))
    }


def test_role_that_writes_needs_one_that_looks() -> None:
    state = f'[state]\nbackend = "s3"\nassume_role = "{ROLE}"'
    assert [code for code, _, _ in find_faults(state, BASE)] == ["E172"]
    assert [code for code, _, _ in find_faults(f'{state}\nlook_role = "{ROLE}"', BASE)] == ["E172"]
    assert not find_faults(f'{state}\nlook_role = "arn:aws:iam::{TOOLS}:role/look"', BASE)


USUAL = ("", '[state]\nbackend = "local"', '[state]\nbackend = "s3"', '[state]\nbackend = "s3"\nbucket = "b-{region}"')


@pytest.mark.parametrize("state", USUAL)
def test_usual_states_stay_where_they_were(state: str) -> None:
    project = load(state)
    assert project.has_usual_states
    where = render(project, "dev")
    if "s3" not in state:
        assert where == {"path": "../../../state/dev/web.tfstate"}
        return
    role = {"role_arn": "arn:aws:iam::111111111111:role/deployer", "session_name": "envctl"}
    bucket = "b-eu-west-1" if "b-" in state else "shop-tfstate-111111111111"
    assert where == {
        "bucket": bucket,
        "key": "dev/web.tfstate",
        "region": "eu-west-1",
        "encrypt": True,
        "use_lockfile": True,
        "assume_role": role,
        "allowed_account_ids": ["111111111111"],
    }


def test_keys_of_one_stack_leave_the_others_alone() -> None:
    usual, said = load('[state]\nbackend = "s3"'), load('[state]\nbackend = "s3"\n[stacks.net.state]\nkey = "old"')
    assert render(said, "dev") == render(usual, "dev")
    assert render(said, "dev", "net") == {**render(usual, "dev", "net"), "key": "old"}
    usual, said = load(""), load('[stacks.net.state]\npath = "old/{env}"')
    assert render(said, "dev") == render(usual, "dev")
    assert render(said, "dev", "net") == {"path": "../../../../old/dev"}


def test_central_bucket_takes_the_role_of_its_account() -> None:
    project = load(
        f'[state]\nbackend = "s3"\nbucket = "all"\nregion = "us-east-1"\naccount_id = "{TOOLS}"\n'
        f'assume_role = "{ROLE}"\ndynamodb_table = "locks"\nkms_key_id = "alias/states"'
    )
    where = render(project, "prod")
    assert where["assume_role"] == {"role_arn": ROLE.format(env="prod"), "session_name": "envctl"}
    assert where["allowed_account_ids"] == [TOOLS]
    assert (where["region"], where["dynamodb_table"], where["kms_key_id"]) == ("us-east-1", "locks", "alias/states")
    # One lock is enough.
    assert "use_lockfile" not in where
    assert list_state_buckets(project, "prod") == (("all", "us-east-1"),)


def test_states_can_be_reached_without_any_role() -> None:
    where = render(load('[state]\nbackend = "s3"\nassume_role = false'), "dev")
    assert not {"assume_role", "allowed_account_ids"} & where.keys()


def test_commands_that_look_take_the_look_role_of_states() -> None:
    look = f"arn:aws:iam::{TOOLS}:role/look"
    state = (
        f'[state]\nbackend = "s3"\nassume_role = {{ role_arn = "{ROLE}", external_id = "x1" }}\nlook_role = "{look}"'
    )
    project = load(state, BASE)
    looking = render(project.for_looking(), "prod", acting=True)
    assert looking["assume_role"] == {"role_arn": look, "session_name": "envctl", "external_id": "x1"}
    # An approval binds the place of the apply.
    assert render(project.for_looking(), "prod")["assume_role"] == render(project, "prod", acting=True)["assume_role"]


def test_other_stacks_are_read_in_their_workspace() -> None:
    project = load('[state]\nbackend = "s3"\nworkspace = "{env}"\nkey = "{stack}"\ndynamodb_table = "locks"')
    stacks = {
        "net": StackWiring(module="modules/net"),
        "web": StackWiring(module="modules/web", inputs={"id": "net.id"}),
    }
    wiring = Wiring(
        project="shop",
        terraform="",
        stacks=stacks,
        artifacts={},
        schema={"net": (), "web": ()},
        outputs={"net": {"id": False}},
    )
    root = render_root_module(wiring, "web", resolve_place(project, "prod"), {})
    read = root.document["data"]["terraform_remote_state"]["net"]
    assert (read["backend"], read["workspace"], read["config"]["key"]) == ("s3", "prod", "net")
    assert not {"dynamodb_table", "encrypt", "use_lockfile", "allowed_account_ids"} & read["config"].keys()


def test_renamed_stack_keeps_the_keys_of_its_old_name() -> None:
    state = (
        '[state]\nbackend = "s3"\n[stacks.front]\nmodule = "m"\nmoved_from = "old"\n[stacks.front.state]\nkey = "{}"'
    )
    fixed = resolve_place(load(state.replace('"{}"', '"fixed/{env}"')), "dev").backend
    assert fixed.is_same_state("front", "old")
    named = resolve_place(load(state.replace('"{}"', '"named/{env}/{stack}"')), "dev").backend
    assert not named.is_same_state("front", "old")
    assert named.settings_for_stack("old")["key"] == "named/dev/old"


def test_leaving_stack_keeps_the_keys_of_its_table() -> None:
    project = load('[removed.gone]\nthen = "destroy"\n[removed.gone.state]\npath = "old/{env}/{stack}"')
    assert render(project, "dev", "gone") == {"path": "../../../../old/dev/gone"}


def test_root_below_its_folder_finds_its_local_state() -> None:
    backend = resolve_place(load('[state]\npath = "old/{env}/{stack}"\nworkspace = "w"'), "dev").backend
    where = backend.settings_for_stack("web", root="stacks/web")
    assert where == {
        "path": "../../../../../../old/dev/web",
        "workspace_dir": "../../../../../../old/dev/web.d",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""),
        ('[state]\nbackend = "s3"\nkey = "x/{env}/{stack}"', ""),
        ('[state]\nworkspace = "{env}"', ""),
        ('[state]\npath = "old/{env}/{stack}.tfstate"', "the local places in [state] are not used"),
        ('[state]\nbackend = "gcs"\nbucket = "b"', "the gcs places in [state] are not used"),
    ],
    ids=["nothing", "S3", "a workspace", "files on this machine", "another backend"],
)
def test_sandbox_names_places_that_it_does_not_use(text: str, said: str) -> None:
    message = describe_unused_state(load(text))
    assert message.endswith(said) and bool(message) == bool(said)


def test_sandbox_keeps_workspaces_and_leaves_out_lock_tables() -> None:
    there = to_sandbox_project(load('[state]\nbackend = "s3"\nkey = "x/{env}/{stack}"\ndynamodb_table = "locks"'))
    assert render(there, "dev")["key"] == "x/dev/web"
    assert "dynamodb_table" not in render(there, "dev")
    other = to_sandbox_project(load('[state]\nbackend = "gcs"\nbucket = "b"\nworkspace = "w-{env}"'))
    assert other.state == State(backend="s3", workspace="w-{env}")
    assert find_workspace(other, "dev", "web") == "w-dev"


UNPLACED = {
    "nothing": ("", {"live"}),
    "an empty table": ("[state]\n", {"live"}),
    "a backend": ('[state]\nbackend = "local"\n', set[str]()),
    "a place of the stack": ('[stacks.live.state]\npath = "{env}.tfstate"\n', set[str]()),
}


@pytest.mark.parametrize(("text", "unplaced"), UNPLACED.values(), ids=UNPLACED.keys())
def test_sandbox_knows_which_roots_have_no_place(text: str, unplaced: set[str]) -> None:
    project = load('[stacks.live]\nroot = "live"\n' + text)
    assert project.unplaced_roots == unplaced
    there = to_sandbox_project(project)
    assert there.unplaced_roots == unplaced
    assert there.state.backend == "s3"


PARTS = st.sampled_from(["{env}", "{stack}", "{project}", "/", "a", "A", "env:/", "terraform.tfstate.d/"])
TEMPLATES = st.lists(PARTS, min_size=1, max_size=5).map("".join).filter(lambda text: text.strip("/"))


@given(
    backend=st.sampled_from(["local", "s3"]),
    key=TEMPLATES,
    other=st.none() | TEMPLATES,
    workspace=st.none() | TEMPLATES,
)
def test_valid_projects_have_a_place_for_each_state(
    backend: str, key: str, other: str | None, workspace: str | None
) -> None:
    name = "path" if backend == "local" else "key"
    lines = [f'[state]\nbackend = "{backend}"\nbucket = "b"' if backend == "s3" else "[state]", f'{name} = "{key}"']
    lines += [f'workspace = "{workspace}"'] if workspace else []
    lines += [f'[stacks.web.state]\n{name} = "{other}"'] if other else []
    try:
        project = load("\n".join(lines))
    except ConfigurationError as error:
        assert {each.code for each in error.problems} <= {"E168", "E170"}
        return
    stacks = [*product(("dev", "prod"), ("net", "web")), ("spare", "lab")]
    places = [
        identify_state(backend, resolve_keys(project, environment, stack), find_workspace(project, environment, stack))
        for environment, stack in stacks
    ]
    assert len(set(places)) == len(places)


def test_old_states_beside_a_root_may_stay() -> None:
    old = '[stacks.old]\nroot = "old"\n[stacks.old.state]\nworkspace = "{env}"\npath = "old/terraform.tfstate"'
    where = resolve_place(load(old), "dev").backend
    assert where.settings_for_stack("old")["workspace_dir"] == "../../../../old/terraform.tfstate.d"
    assert where.workspace_for_stack("old") == "dev"


def test_credentials_of_states_are_those_of_their_role() -> None:
    project = load(f'[state]\nbackend = "s3"\nassume_role = {{ role_arn = "{ROLE}", external_id = "x1" }}')
    name = find_states_credentials(project, "prod")
    spec = build_credentials_spec(project, name)
    assert (name, spec.role, spec.account_id) == ("states of prod", ROLE.format(env="prod"), TOOLS)
    assert (spec.external_id, spec.region) == ("x1", "eu-west-1")
    assert find_states_credentials(load('[state]\nbackend = "s3"\nassume_role = false'), "prod") == ""
    assert find_states_credentials(load('[state]\nbackend = "s3"'), "prod") == "prod"


LONG = "a" * 63
ONE_STATE = {
    "s3 paths": ("s3", {"bucket": "b", "key": "dev//web/./a"}, "", {"bucket": "b", "key": "dev/web/a"}, ""),
    "s3 workspace": ("s3", {"bucket": "b", "key": "a//b"}, "dev", {"bucket": "b", "key": "env:/dev/a/b"}, ""),
    "s3 detour": ("s3", {"bucket": "b", "key": "dev/b/../web"}, "", {"bucket": "b", "key": "dev/web"}, ""),
    "gcs slash": ("gcs", {"bucket": "b", "prefix": "dev/web/"}, "x", {"bucket": "b", "prefix": "/dev//web"}, "x"),
    "oss workspace": ("oss", {"bucket": "b", "prefix": "p"}, "dev", {"bucket": "b", "prefix": "p/dev"}, ""),
    "azure workspace": ("azurerm", {"key": "a"}, "dev", {"key": "aenv:dev"}, ""),
    "consul workspace": ("consul", {"path": "a"}, "dev", {"path": "a-env:dev/"}, ""),
    "kubernetes parts": ("kubernetes", {"secret_suffix": "b-c"}, "a", {"secret_suffix": "c"}, "a-b"),
    "kubernetes namespace": (
        "kubernetes",
        {"secret_suffix": "a", "namespace": "default"},
        "",
        {"secret_suffix": "a"},
        "",
    ),
    "long schemas": ("pg", {"schema_name": f"{LONG}_dev"}, "", {"schema_name": f"{LONG}_prod"}, ""),
    "addresses": ("http", {"address": "HTTPS://A.example:443/x//./y#z"}, "", {"address": "https://a.example/x/y"}, ""),
    "remote prefix": ("remote", {"workspaces": {"prefix": "a-"}}, "dev", {"workspaces": {"name": "a-dev"}}, ""),
    "local backup": ("local", {"path": "s/web.tfstate.backup"}, "", {"path": "./S//web.tfstate"}, ""),
}


@pytest.mark.parametrize(("backend", "one", "here", "other", "there"), ONE_STATE.values(), ids=ONE_STATE.keys())
def test_two_spellings_of_one_state_are_equal(
    backend: str, one: dict[str, object], here: str, other: dict[str, object], there: str
) -> None:
    assert identify_state(backend, one, here) == identify_state(backend, other, there)


@pytest.mark.parametrize("backend", sorted(BACKENDS.keys() - {"http"}))
def test_workspaces_are_states_of_their_own(backend: str) -> None:
    kind = BACKENDS[backend]
    keys = {kind.place_key: {"prefix": "a-"} if backend == "remote" else kind.default_place}
    assert len({identify_state(backend, keys, workspace) for workspace in ("", "dev", "prod")}) == 3
