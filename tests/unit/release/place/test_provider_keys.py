"""Provider configurations of a stack: which table wins, and what envctl adds to AWS providers."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.plan.changes import Marker
from envctl.domain.release.bundle import Release, compute_identity, pack, unpack
from envctl.domain.release.comparison.changes import compare_releases
from envctl.domain.release.place.backend import Backend
from envctl.domain.release.place.environment_place import Place
from envctl.domain.release.place.provider_keys import list_project_tables, render_configurations, render_provider_blocks
from envctl.domain.release.place.provider_overrides import render_provider_overrides
from envctl.domain.release.rendering.root_module import render_root_module
from envctl.domain.release.root_code import RootCode, RootProvider
from envctl.domain.release.wiring import StackWiring, Wiring

ACCOUNT, OTHER = "111111111111", "999999999999"
ROLE, FOREIGN = f"arn:aws:iam::{ACCOUNT}:role/deployer", f"arn:aws:iam::{OTHER}:role/dns"
Tables = Mapping[str, Mapping[str, object]]
NONE: Tables = MappingProxyType({})
PLACE = Place(
    environment="dev",
    backend=Backend("local", {}, "dev"),
    account_id=ACCOUNT,
    region="ap-northeast-1",
    assume_role=ROLE,
    regions={"global": "us-east-1", "eu": "eu-west-1"},
)
SESSION = {"role_arn": ROLE, "session_name": "${var.envctl_session}"}
TAGS = {"project": "shop", "environment": "dev", "stack": "web", "managed_by": "envctl"}


def wire(of_stack: Tables = NONE, of_project: Tables = NONE, **more: Any) -> Wiring:
    stacks = {"web": StackWiring(module="modules/web", providers=of_stack, **more)}
    return Wiring(
        project="shop",
        terraform="",
        stacks=stacks,
        artifacts={},
        schema={"web": ()},
        outputs={"web": {}},
        providers=of_project,
    )


def render(of_stack: Tables = NONE, of_project: Tables = NONE, of_place: Tables = NONE, **more: Any) -> dict[str, Any]:
    return render_configurations(wire(of_stack, of_project, **more), replace(PLACE, providers=of_place), "web")


def test_alias_gets_role_account_and_tags_of_the_environment() -> None:
    found = render({"aws.us_east_1": {"region": "us-east-1"}})
    assert found["aws.us_east_1"] == {**found["aws"], "region": "us-east-1"}
    assert found["aws"]["allowed_account_ids"] == [ACCOUNT]
    assert found["aws"]["default_tags"] == [{"tags": TAGS}]
    assert [*found["aws"]["assume_role"][0]] == ["role_arn", "session_name"]


def test_module_gets_its_aliases_passed() -> None:
    wiring = wire({"aws.us_east_1": {}, "datadog": {"site": "eu"}})
    document = render_root_module(wiring, "web", PLACE, {}).document
    assert document["module"]["web"]["providers"] == {"aws.us_east_1": "aws.us_east_1"}
    assert [each.get("alias", "") for each in document["provider"]["aws"]] == ["", "us_east_1"]
    assert document["provider"]["datadog"] == {"site": "eu"}
    assert "providers" not in render_root_module(wire(), "web", PLACE, {}).document["module"]["web"]


def test_later_table_wins_key_by_key() -> None:
    found = render(
        {"aws": {"b": 2}, "aws.far": {"d": 4}},
        {"aws": {"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "source": "hashicorp/aws", "version": "~> 5"}},
        {"aws": {"c": 3}, "aws.far": {"e": 5}},
    )
    assert {key: found["aws"].get(key) for key in "abcde"} == {"a": 1, "b": 2, "c": 3, "d": 1, "e": 1}
    assert {key: found["aws.far"].get(key) for key in "abcde"} == {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}
    assert not {"source", "version"} & {key for each in found.values() for key in each}


def test_tables_may_hold_placeholders() -> None:
    tags = {"STAGE": "{env}", "MODULE": "{project}/{stack}", "where": ["{account_id}", "{region}"]}
    other = {"role_arn": "arn:aws:iam::{account_id}:role/{env}-dns"}
    found = render({"aws": {"default_tags": {"tags": tags}}, "aws.dns": {"assume_role": other}})
    filled = {"STAGE": "dev", "MODULE": "shop/web", "where": [ACCOUNT, "ap-northeast-1"]}
    assert found["aws"]["default_tags"] == {"tags": filled}
    assert found["aws.dns"]["assume_role"] == {"role_arn": f"arn:aws:iam::{ACCOUNT}:role/dev-dns"}
    assert found["aws.dns"]["allowed_account_ids"] == [ACCOUNT]


@pytest.mark.parametrize("text", ["{foo}", '{"env": 1}', "{ env }", "{region}"])
def test_other_braces_in_tables_stay(text: str) -> None:
    place = replace(PLACE, region=None)
    assert render_configurations(wire({}, {"dogs": {"site": text}}), place, "web")["dogs"] == {"site": text}


def test_template_in_a_table_is_text() -> None:
    assert render({}, {"dogs": {"site": "${env}"}})["dogs"] == {"site": "$${env}"}


@pytest.mark.parametrize(("region", "rendered"), [("global", "us-east-1"), ("eu-west-3", "eu-west-3")])
def test_region_is_one_of_aws_or_named(region: str, rendered: str) -> None:
    assert render({"aws.far": {"region": region}})["aws.far"]["region"] == rendered


def test_alias_has_the_region_of_its_stack() -> None:
    assert render({"aws.x": {}}, region="eu")["aws.x"]["region"] == "eu-west-1"


def test_role_in_another_account_brings_that_account() -> None:
    for of_stack, of_place in (
        ({"aws.dns": {"assume_role": [{"role_arn": FOREIGN}]}}, {}),
        ({"aws.dns": {}}, {"aws.dns": {"assume_role": {"role_arn": FOREIGN}}}),
    ):
        found = render(of_stack, {}, of_place)
        assert found["aws.dns"]["allowed_account_ids"] == [OTHER]
        assert found["aws"]["allowed_account_ids"] == [ACCOUNT]


def test_environment_without_region_renders_given_aliases_alone() -> None:
    found = render_provider_blocks(wire({"aws.us": {"region": "us-east-1"}}), replace(PLACE, region=None), "web")
    assert [each["alias"] for each in found["aws"]] == ["us"]
    assert found["aws"][0]["allowed_account_ids"] == [ACCOUNT]


def test_role_that_looks_replaces_the_deployer_of_an_alias() -> None:
    look = f"arn:aws:iam::{ACCOUNT}:role/look"
    place = replace(PLACE, assume_role=look, replaced_roles={ROLE: {"role_arn": look}})
    found = render_configurations(wire({"aws.x": {"assume_role": {"role_arn": ROLE}}}), place, "web")
    assert found["aws.x"]["assume_role"] == {"role_arn": look}


@pytest.mark.parametrize(
    ("more", "expected"), [({}, True), ({"default_tags": True}, True), ({"default_tags": False}, False)]
)
def test_stack_decides_about_default_tags(more: dict[str, Any], expected: bool) -> None:
    found = render({"aws.x": {}}, **more)
    assert ["default_tags" in each for each in found.values()] == [expected, expected]


def test_table_of_an_absent_provider_renders_nothing() -> None:
    assert [*render({}, {}, {"datadog": {"site": "eu"}, "aws.far": {}})] == ["aws"]


def test_alias_of_another_provider_inherits_its_table() -> None:
    found = render(
        {"datadog.eu": {"site": "datadoghq.eu"}}, {"datadog": {"source": "DataDog/datadog", "validate": False}}
    )
    assert found["datadog.eu"] == {"site": "datadoghq.eu", "validate": False}


def test_awscc_alias_gets_region_and_role() -> None:
    found = render({"awscc.x": {"region": "us-east-1"}})["awscc.x"]
    assert found["region"] == "us-east-1"
    assert found["assume_role"]["role_arn"] == ROLE
    assert not {"allowed_account_ids", "default_tags"} & set(found)


def test_tables_are_listed_from_the_strongest() -> None:
    assert list_project_tables("web", "dev", "aws.x") == (
        ("environments", "dev", "providers", "aws.x"), ("stacks", "web", "providers", "aws.x"),
        ("environments", "dev", "providers", "aws"), ("stacks", "web", "providers", "aws"), ("providers", "aws"),
    )  # fmt: skip


TABLES = st.dictionaries(
    st.sampled_from(["aws", "aws.a", "aws.b"]),
    st.dictionaries(st.sampled_from(["max_retries", "retry_mode", "profile"]), st.integers(0, 9), max_size=3),
    max_size=3,
)


@given(TABLES, TABLES, TABLES)
def test_strongest_table_with_a_key_decides(of_stack: Tables, of_project: Tables, of_place: Tables) -> None:
    of_project = {name: each for name, each in of_project.items() if "." not in name}
    places = {"stacks.web.providers": of_stack, "environments.dev.providers": of_place}
    for name, arguments in render(of_stack, of_project, of_place).items():
        for key in ("max_retries", "retry_mode", "profile"):
            tables = [
                places.get(".".join(path[:-1]), of_project).get(path[-1], {})
                for path in list_project_tables("web", "dev", name)
            ]
            assert arguments.get(key) == next((each[key] for each in tables if key in each), None)


@pytest.mark.parametrize(
    "more", [{"default_tags": False}, {"default_tags": True}, {"of_stack": {"aws.x": {"a": [1]}, "datadog": {}}}]
)
def test_bundle_keeps_providers_and_default_tags(more: dict[str, Any]) -> None:
    wiring = wire(**more)
    data = pack(Release(wiring, {}))
    assert b'"format": 4' in data
    assert unpack(data, compute_identity(data)).wiring == wiring


def test_bundle_without_them_has_the_older_format() -> None:
    data = pack(Release(wire(), {}))
    assert b'"format": 1' in data
    assert b"default_tags" not in data


@pytest.mark.parametrize(("own", "expected"), [(False, True), (True, False)])
def test_root_keeps_default_tags_of_its_own(*, own: bool, expected: bool) -> None:
    code = RootCode(providers=(RootProvider(name="aws", kind="aws", has_default_tags=own),), needed=("aws",))
    wiring = wire(root_code=code, default_tags=True)
    override = render_provider_overrides(wiring, "web", PLACE, code)["aws"]
    assert ("default_tags" in override) is expected
    assert "default_tags" not in render_provider_overrides(wire(root_code=code), "web", PLACE, code)["aws"]


def test_change_of_an_alias_is_listed_without_values() -> None:
    older, newer = (
        Release(wire({"aws.x": {"region": region}}, default_tags=tags), {})
        for region, tags in (("us-east-1", None), ("eu-west-1", False))
    )
    found = {each.name: each.after for each in compare_releases(older, newer).wiring}
    assert found == {"stack web": "modules/web without default tags", "provider aws.x of web.region": Marker.SENSITIVE}


def test_aws_under_another_local_name_gets_the_same() -> None:
    tables = {"amazon": {"source": "hashicorp/aws"}}
    found = render({"amazon.us": {"region": "us-east-1"}, "aws.us": {"region": "us-east-1"}}, tables)
    assert found["amazon.us"] == found["aws.us"]
    assert found["amazon"] == found["aws"]
