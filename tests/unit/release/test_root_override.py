"""Files beside a root module that runs as it is, and what a release tells about its code."""

import json
from dataclasses import replace
from typing import Any

import pytest

from envctl.domain.errors import Location
from envctl.domain.release.bundle import File, Release, compute_identity, pack, unpack
from envctl.domain.release.code_search import StateBlock
from envctl.domain.release.place.backend import Backend
from envctl.domain.release.place.environment_place import Place
from envctl.domain.release.rendering.root_module import RootModule, render_root_module
from envctl.domain.release.rendering.root_override import list_stack_inputs, list_tree_files, pair_addresses
from envctl.domain.release.root_checks import describe_overridden
from envctl.domain.release.root_code import RootCode, RootProvider
from envctl.domain.release.root_findings import ProviderDeclaration, RootFindings
from envctl.domain.release.wiring import StackWiring, Wiring
from envctl.domain.terraform.outputs import StackInput
from envctl.domain.terraform.variables import Variable
from envctl.domain.terraform.workdir_names import DECLARATIONS_FILE, SETTINGS_FILE

HOME, OTHER = "111111111111", "999999999999"
ROLE = f"arn:aws:iam::{HOME}:role/deployer"
PLACE = Place(
    environment="dev", backend=Backend("local", {}, "dev"), account_id=HOME, region="eu-west-1", assume_role=ROLE
)
DEFAULT = RootProvider(name="aws", kind="aws", region_variable="region", has_region=True, credentials=("profile",))
ALIAS = RootProvider(name="aws", kind="aws", alias="east", region="us-east-1", has_region=True)
ELSEWHERE = RootProvider(name="aws", kind="aws", alias="dns", is_separate=True, role=f"arn:aws:iam::{OTHER}:role/dns")


def make_wiring(*providers: RootProvider, **more: Any) -> Wiring:
    variables = tuple(
        Variable(
            name=name,
            type_text="string",
            has_default=False,
            default=None,
            nullable=True,
            sensitive=name == "password",
            description="",
            location=Location("x", 1),
        )
        for name in ("name", "password", "peer")
    )
    code = RootCode(
        ("live/web", "shared/x.json"), providers, ("aws",), ("aws_vpc.a", "module.m"), (("aws_vpc.b", "aws_vpc.a"),)
    )
    web = StackWiring(module="live/web", inputs={"peer": "net.peer[0]"}, root_code=code)
    return Wiring(
        project="shop",
        terraform=">= 1.10",
        stacks={"net": StackWiring(module="modules/net"), "web": replace(web, **more)},
        artifacts={},
        schema={"net": (), "web": variables},
        outputs={"net": {"peer": True}, "web": {}},
    )


def render(wiring: Wiring, place: Place = PLACE) -> RootModule:
    return render_root_module(wiring, "web", place, {"name": "${x}", "password": "hunter2"})


def encode(root: RootModule) -> dict[str, bytes]:
    assert root.generated is not None
    return root.generated.encode()


def render_providers(*providers: RootProvider, place: Place = PLACE, **more: Any) -> Any:
    return render(make_wiring(*providers, **more), place).document.get("provider")


def test_settings_are_in_a_file_and_secrets_are_not() -> None:
    found = render(make_wiring(DEFAULT))
    files = encode(found)
    assert files[SETTINGS_FILE] == b'name = "$${x}"\n'
    assert found.secrets == {"password": "hunter2"}
    assert not [data for data in files.values() if b"hunter2" in data]
    assert found.root == "live/web"


def test_backend_leads_from_the_folder_of_the_root() -> None:
    document = render(make_wiring()).document
    assert document["terraform"] == {"backend": {"local": {"path": "../../../../../state/dev/web.tfstate"}}}


def test_default_configuration_is_that_of_the_environment() -> None:
    aws = render_providers(DEFAULT)["aws"]
    assert aws["region"] == "eu-west-1"
    assert aws["allowed_account_ids"] == [HOME]
    assert aws["assume_role"][0]["role_arn"] == ROLE
    assert aws["profile"] is None
    assert "default_tags" not in aws


def test_alias_keeps_its_region() -> None:
    _, alias = render_providers(DEFAULT, ALIAS)["aws"]
    assert alias["alias"] == "east"
    assert "region" not in alias
    assert alias["allowed_account_ids"] == [HOME]


def test_alias_in_another_account_keeps_its_role() -> None:
    assert render_providers(ELSEWHERE)["aws"] == {"alias": "dns", "allowed_account_ids": [OTHER]}


def test_look_takes_no_deployer_of_another_environment() -> None:
    look = {"role_arn": f"arn:aws:iam::{OTHER}:role/look", "external_id": "x"}
    place = replace(PLACE, replaced_roles={ELSEWHERE.role: look})
    found = render_providers(ELSEWHERE, place=place)["aws"]
    assert found == {"alias": "dns", "assume_role": [look], "allowed_account_ids": [OTHER]}


def test_table_of_the_stack_names_the_account_of_an_alias() -> None:
    unknown = replace(ELSEWHERE, role="", unresolved=("assume_role",))
    named = {"aws.dns": {"allowed_account_ids": [OTHER]}}
    assert render_providers(unknown) is None
    assert render_providers(unknown, providers=named)["aws"] == {"alias": "dns", "allowed_account_ids": [OTHER]}


def test_unneeded_provider_is_not_configured() -> None:
    assert render_providers(place=PLACE) is None


def test_default_tags_are_added_only_on_request() -> None:
    assert render_providers(DEFAULT, default_tags=True)["aws"]["default_tags"][0]["tags"]["stack"] == "web"


@pytest.mark.parametrize("role", [ROLE, None])
def test_session_is_declared_only_where_a_role_is_taken(role: str | None) -> None:
    files = encode(render(make_wiring(DEFAULT), replace(PLACE, assume_role=role)))
    assert (b"variable" in files[DECLARATIONS_FILE]) == bool(role)


def test_variable_with_a_sensitive_output_is_sensitive() -> None:
    wiring = make_wiring()
    assert render(wiring).document["variable"] == {"peer": {"sensitive": True}}
    (found,) = list_stack_inputs(wiring, "web", PLACE.backend)
    assert found == StackInput(
        variable="peer", type_text="string", stack="net", root="", workspace="", output="peer", path="[0]"
    )
    assert list_stack_inputs(wiring, "net", PLACE.backend) == ()


def test_release_tells_the_same_about_a_root_when_read() -> None:
    release = Release(make_wiring(DEFAULT, ALIAS, ELSEWHERE), {"live/web/main.tf": File(b"")})
    data = pack(release)
    assert unpack(data, compute_identity(data)).wiring == release.wiring
    assert json.loads(data[data.find(b"{") : data.rfind(b"}") + 1])["format"] == 4


def test_tree_holds_what_the_root_needs() -> None:
    paths = ("live/web/main.tf", "live/website/main.tf", "shared/x.json", "shared/y.json", "modules/net/main.tf")
    release = Release(make_wiring(), {path: File(b"") for path in paths})
    assert set(list_tree_files(release, "web")) == {"live/web/main.tf", "shared/x.json"}


def test_stack_that_becomes_a_root_keeps_its_resources() -> None:
    root, module = make_wiring().stacks["web"], StackWiring(module="live/web")
    moved = {"module.web.aws_vpc.a": "aws_vpc.b", "module.web.module.m": "module.m"}
    assert pair_addresses("web", "web", module, root) == moved
    back = {"aws_vpc.a": "module.web.aws_vpc.a", "module.m": "module.web.module.m"}
    assert pair_addresses("web", "web", root, module) == back
    assert pair_addresses("web", "web", root, root) == {}


def test_root_with_a_module_of_the_same_name_moves_nothing() -> None:
    code = RootCode(addresses=("aws_vpc.a", "module.web"))
    root = StackWiring(module="live/web", root_code=code)
    assert pair_addresses("web", "web", StackWiring(module="live/web"), root) == {}
    assert pair_addresses("web", "web", root, StackWiring(module="live/web")) == {"aws_vpc.a": "module.web.aws_vpc.a"}


def test_other_states_are_read_with_the_role_of_the_states() -> None:
    code = RootCode(remote_states={"net": '{\n  bucket = "b" # ours\n}'})
    wiring = make_wiring()
    wiring = replace(wiring, stacks={**wiring.stacks, "web": replace(wiring.stacks["web"], root_code=code)})
    (found,) = render(wiring).document["data"]["terraform_remote_state"].values()
    role = f'{{"assume_role": {{"role_arn": "{ROLE}", "session_name": "${{var.envctl_session}}"}}}}'
    assert found == {"config": f'${{merge({role}, {{\n  bucket = "b" # ours\n}})}}'}
    central = Backend("s3", {"assume_role": {"role_arn": "arn:aws:iam::999999999999:role/states"}}, "dev")
    (found,) = render(wiring, replace(PLACE, backend=central)).document["data"]["terraform_remote_state"].values()
    assert "role/states" in found["config"]
    assert "data" not in render(wiring, replace(PLACE, assume_role=None)).document


def test_replaced_parts_of_providers_are_named() -> None:
    block = ProviderDeclaration(
        location=Location("live/web/main.tf", 3),
        name="aws",
        alias="",
        source="hashicorp/aws",
        arguments={"allowed_account_ids": ["222222222222"], "profile": True},
        credentials={"allowed_account_ids": "x", "profile": "y"},
        has_region=True,
    )
    state = StateBlock(Location("live/web/main.tf", 1), "backend")
    first, second = describe_overridden(
        "web", RootFindings(states=(state,), providers=(block,)), [PLACE], has_place=True
    )
    assert first == "live/web/main.tf:1: [state] of envctl.toml replaces the backend block of the stack web"
    assert second.endswith("the environment replaces its allowed_account_ids, profile and region")
    free = replace(PLACE, account_id=None, assume_role=None)
    findings = RootFindings(states=(state,), providers=(block,))
    (alone,) = describe_overridden("web", findings, [free], has_place=False)
    assert (
        "the state that envctl keeps (envctl.toml has no [state]) replaces the backend block of the stack web" in alone
    )
