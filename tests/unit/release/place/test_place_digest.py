"""The place that approvals are bound to: every field that decides where an apply lands changes its digest."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from envctl.domain.config.project import Environment, Project, State
from envctl.domain.config.stacks import Stack
from envctl.domain.release.place.backend import Backend
from envctl.domain.release.place.environment_place import Place
from envctl.domain.release.place.place_digest import (
    BoundPlace,
    MalformedPlaceError,
    bind_place,
    decode,
    describe_differences,
    encode,
    list_differences,
    resolve_bound_place,
)
from envctl.domain.release.rendering.root_module import render_root_module
from envctl.domain.release.wiring import Wiring
from envctl.usecases.project.working_tree import wire_stack

ROLE = "arn:aws:iam::222222222222:role/envctl-deployer"
Document = dict[str, Any]


def document() -> Document:
    """A project in which every field of a place says something."""
    found = plain_document()
    found["environments"]["prod"]["providers"] = {"datadog": {"url": "a"}, "aws.us": {"max_retries": 5}}
    found["stacks"]["copy"]["providers"] = {"aws.us": {"region": "us-east-1"}}
    return found


def plain_document() -> Document:
    """A project without aliases, and without providers of an environment."""
    return {
        "project": {"name": "shop"},
        "state": {"backend": "s3", "bucket": "{project}-state-{account_id}"},
        "pipeline": {"order": ["dev", "prod"]},
        "environments": {
            "dev": {},
            "prod": {
                "account_id": "222222222222",
                "region": "us-east-1",
                "regions": {"far": "eu-west-1"},
                "assume_role": ROLE,
                "external_id": "shop-42",
                "session_tags": {"team": "web"},
            },
        },
        "stacks": {
            "base": {"module": "modules/base"},
            "copy": {"module": "modules/copy", "region": "far"},
        },
        "providers": {
            "aws": {"max_retries": 3},
            "datadog": {"source": "DataDog/datadog", "version": "~> 3.0", "site": "eu"},
        },
    }


def wiring(project: Project) -> Wiring:
    return Wiring(
        project=project.name,
        terraform="",
        stacks={name: wire_stack(stack) for name, stack in project.stacks.items()},
        artifacts={},
        schema=dict.fromkeys(project.stacks, ()),
        outputs={},
        providers={name: dict(provider) for name, provider in project.providers.items()},
    )


def place_of(told: Document) -> BoundPlace:
    project = Project.model_validate(told)
    return resolve_bound_place(project, "prod", wiring(project))


TODAY = place_of(document())


def at(*path: str, value: object) -> Callable[[Document], None]:
    def edit(told: Document) -> None:
        for key in path[:-1]:
            told = told[key]
        told[path[-1]] = value

    return edit


def of_prod(key: str, value: object) -> Callable[[Document], None]:
    return at("environments", "prod", key, value=value)


CHANGES: dict[tuple[type, str], tuple[Callable[[Document], None], str]] = {
    (Environment, "account_id"): (of_prod("account_id", "999999999999"), "account 222222222222 -> 999999999999"),
    (Environment, "region"): (of_prod("region", "eu-central-1"), "region us-east-1 -> eu-central-1"),
    (Environment, "regions"): (of_prod("regions", {"far": "eu-north-1"}), "region eu-west-1 -> eu-north-1"),
    (Environment, "assume_role"): (of_prod("assume_role", f"{ROLE}-2"), f"role {ROLE} -> {ROLE}-2"),
    (Environment, "external_id"): (of_prod("external_id", "shop-43"), "external id shop-42 -> shop-43"),
    (Environment, "session_tags"): (of_prod("session_tags", {"team": "ops"}), "access.session_tags.team web -> ops"),
    (Environment, "other_accounts"): (
        of_prod("other_accounts", ["999999999999"]),
        "access.other_accounts[0] none -> 999999999999",
    ),
    (Environment, "providers"): (
        of_prod("providers", {"datadog": {"url": "b"}, "aws.us": {"max_retries": 5}}),
        "provider.datadog.url a -> b",
    ),
    (Stack, "providers"): (
        at("stacks", "copy", "providers", "aws.us", "region", value="us-west-2"),
        "provider.aws.us.region us-east-1 -> us-west-2",
    ),
    (Stack, "default_tags"): (
        at("stacks", "copy", "default_tags", value=False),
        "provider.aws.default_tags[0].tags.stack copy -> none",
    ),
    (State, "backend"): (at("state", "backend", value="local"), "state bucket shop-state-222222222222 -> none"),
    (State, "bucket"): (at("state", "bucket", value="mine"), "state bucket shop-state-222222222222 -> mine"),
    (State, "assume_role"): (at("state", "assume_role", value=f"{ROLE}-state"), f"role {ROLE} -> {ROLE}-state"),
    (State, "workspace"): (at("state", "workspace", value="{env}-1"), "workspace none -> prod-1"),
    (Stack, "state"): (
        at("stacks", "copy", "state", value={"key": "old/{env}.tfstate"}),
        "state key prod/copy.tfstate -> old/prod.tfstate",
    ),
    (Stack, "region"): (at("stacks", "copy", "region", value=None), "region eu-west-1 -> us-east-1"),
    (Project, "providers"): (at("providers", "datadog", "site", value="us"), "provider.datadog.site eu -> us"),
}
A_RULE = "a rule, which the guards ask on the day"
MEANS_NOTHING: dict[tuple[type, str], str] = {
    (Environment, "in_pipeline"): "which releases may come there, which guards ask on the day",
    (Environment, "profile"): "who plans and applies: that is different on a laptop and in a job",
    (Environment, "look_role"): "who plans: what is applied is planned by the deployer",
    (Environment, "moved_after"): "a word to the guards that the states moved with their resources",
    (Environment, "session_duration"): "how long keys are good that exec gives to a command",
    (Environment, "signing_key"): "whom readers of the ledger believe",
    (Environment, "look_signing_key"): "whom readers of the ledger believe",
    (Environment, "signed_from"): "whom readers of the ledger believe",
    (Environment, "approval_signing_key"): "whom readers of the ledger believe",
    (Environment, "approval_signed_from"): "whom readers of the ledger believe",
    (Environment, "signatures"): A_RULE,
    (Environment, "protected"): A_RULE,
    (Environment, "reads"): "what is refused in the code of the working tree",
    (Environment, "max_destroys"): A_RULE,
    (Environment, "gates"): A_RULE,
    (Environment, "allow"): A_RULE,
    (Environment, "drift"): "what drift checks leave out",
    (State, "account_id"): "who must own the bucket, which is checked on the day",
    (State, "look_role"): "who plans: what is applied is planned by the deployer",
    (Stack, "module"): "code, which is in the release",
    (Stack, "root"): "code, which is in the release",
    **{
        (Stack, name): "Kubernetes objects and their cluster, which are in the release"
        for name in ("kind", "path", "chart", "overlay", "values", "hooks", "cluster", "kubeconfig_context")
    },
    **{
        (Stack, name): "Kubernetes objects and their cluster, which are in the release"
        for name in ("namespace", "wait", "secrets")
    },
    (Stack, "set_values"): "values, which are in the release",
    (Stack, "inputs"): "wiring, which is in the release",
    (Stack, "after"): "wiring, which is in the release",
    (Stack, "environments"): "which stacks a release has",
    (Stack, "moved_from"): "what a stack was called before, which is in the release",
    (Stack, "rollout"): "in which steps requests go over",
}
FIELDS = [(table, name) for table in (Environment, State, Stack) for name in table.model_fields]


def test_every_project_field_changes_place_or_is_exempt() -> None:
    assert set(FIELDS) | {(Project, "providers")} == set(CHANGES) | set(MEANS_NOTHING)
    assert not set(CHANGES) & set(MEANS_NOTHING)


@pytest.mark.parametrize(("edit", "told"), CHANGES.values(), ids=[name for _, name in CHANGES])
def test_every_bound_field_changes_the_digest(edit: Callable[[Document], None], told: str) -> None:
    edited = document()
    edit(edited)
    changed = place_of(edited)
    assert changed.digest != TODAY.digest
    assert told in list_differences(TODAY, changed)


NOT_BOUND: dict[tuple[type, str], object] = {
    (Environment, "profile"): "prod-admin",
    (Environment, "look_role"): "arn:aws:iam::333333333333:role/envctl-look",
    (Environment, "look_signing_key"): "alias/envctl-look",
    (Environment, "moved_after"): 3,
    (Environment, "session_duration"): "2h",
    (Environment, "signing_key"): "alias/envctl",
    (Environment, "signed_from"): 7,
    (Environment, "approval_signing_key"): "alias/envctl-people",
    (Environment, "approval_signed_from"): 7,
    (Environment, "signatures"): "required",
    (Environment, "protected"): True,
    (Environment, "reads"): ["dev"],
    (Environment, "max_destroys"): 1,
    (Environment, "gates"): {"approvals": {}},
    (Environment, "allow"): {"only_ci": True},
    (Environment, "drift"): {"ignore": ["aws_instance.*.tags"]},
}


@pytest.mark.parametrize(("field", "value"), NOT_BOUND.items(), ids=[name for _, name in NOT_BOUND])
def test_plan_roles_and_rules_do_not_change_place(field: tuple[type, str], value: object) -> None:
    assert field in MEANS_NOTHING
    edited = document()
    of_prod(field[1], value)(edited)
    assert place_of(edited).digest == TODAY.digest


@pytest.mark.parametrize(
    ("key", "value"),
    [("account_id", "444444444444"), ("look_role", "arn:aws:iam::444444444444:role/envctl-look")],
)
def test_owner_and_look_role_of_states_do_not_change_place(key: str, value: object) -> None:
    assert (State, key) in MEANS_NOTHING
    edited = document()
    edited["state"][key] = value
    assert place_of(edited).digest == TODAY.digest


@pytest.mark.parametrize("key", ["source", "version"])
def test_provider_source_and_version_belong_to_the_release(key: str) -> None:
    edited = document()
    edited["providers"]["datadog"][key] = "other/datadog" if key == "source" else "~> 4.0"
    assert place_of(edited).digest == TODAY.digest


def test_account_and_role_count_without_rendered_provider() -> None:
    """Without a region no provider is rendered: envctl alone checks the account, and takes the role."""
    bare = {"environments": {"dev": {}, "prod": {"account_id": "222222222222"}}, "state": {}}
    told = {**document(), **bare, "stacks": {"base": {"module": "modules/base"}}}
    before = place_of(told)
    told["environments"]["prod"] = {"account_id": "999999999999"}
    assert list_differences(before, place_of(told)) == ("account 222222222222 -> 999999999999",)
    told["environments"]["prod"] = {"account_id": "222222222222", "assume_role": ROLE}
    assert list_differences(before, place_of(told)) == (f"role none -> {ROLE}",)


def test_place_binds_everything_rendered_outside_of_modules() -> None:
    """The root module holds nothing else that says where: a new block has to be judged here."""
    project = Project.model_validate(document())
    code = wiring(project)
    where = Place(
        environment="prod",
        backend=Backend("s3", {"bucket": "b"}, "prod"),
        account_id="222222222222",
        region="us-east-1",
        assume_role=ROLE,
        regions={"far": "eu-west-1"},
    )
    bound_there = bind_place(code, where)
    for stack in code.stacks:
        root = dict(render_root_module(code, stack, where, {}).document)
        assert set(root) == {"terraform", "provider", "module", "variable"}
        assert set(root["terraform"]) == {"backend", "required_providers"}
        assert bound_there.stacks[stack] == {"backend": root["terraform"]["backend"], "provider": root["provider"]}


def test_same_project_gives_the_same_bytes() -> None:
    assert encode(place_of(document())) == encode(TODAY)
    # Approvals and rollbacks of before no longer count where envctl renders another place: a change that users notice.
    assert place_of(plain_document()).digest == "0d0bae6da846d8562e4a0275bd41894a0069735edddf1dc72148505ea467bca8"


def test_each_environment_has_its_own_place() -> None:
    project = Project.model_validate(document())
    code = wiring(project)
    alone = replace(code, stacks={"base": code.stacks["base"]})
    assert resolve_bound_place(project, "dev", alone).digest != resolve_bound_place(project, "prod", alone).digest


def test_place_survives_encoding() -> None:
    read = decode(encode(TODAY))
    assert (read.digest, read.environment, read.stacks) == (TODAY.digest, TODAY.environment, TODAY.stacks)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"\xff",
        b'{"access":{},"environment":"prod","format":1}',
        b'{"environment":"prod","format":1,"stacks":{}}',
        b'{"access":{},"environment":"prod","format":2,"stacks":{}}',
        b'{"access":{},"environment":"prod","format":1,"stacks":{} }',
        b'{"access":{},"environment":7,"format":1,"stacks":{}}',
        b'{"access":7,"environment":"prod","format":1,"stacks":{}}',
        b'{"access":{},"environment":"prod","format":1,"stacks":[]}',
        b'{"access":{},"environment":"prod","format":1,"stacks":{"base":7}}',
        b'{"access":{},"environment":"prod","format":1,"more":1,"stacks":{}}',
    ],
)
def test_malformed_place_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedPlaceError):
        decode(data)


def test_summary_names_account_and_region() -> None:
    assert TODAY.summary == "account 222222222222, us-east-1"
    plain = document()
    plain["environments"]["prod"] = {"region": "us-east-1", "regions": {"far": "eu-west-1"}}
    assert place_of(plain).summary == "us-east-1"
    assert BoundPlace("dev", {}, {"base": {"backend": {"local": {"path": "x"}}, "provider": {}}}).summary == ""


def test_differences_are_limited_and_begin_with_account() -> None:
    edited = document()
    for edit, _ in CHANGES.values():
        edit(edited)
    edited["state"]["backend"] = "s3"
    assert describe_differences(TODAY, place_of(edited)) == (
        "account 222222222222 -> 999999999999, region eu-west-1 -> eu-central-1, region us-east-1 -> eu-central-1,"
        f" role {ROLE} -> {ROLE}-2 and 25 more"
    )
    assert describe_differences(TODAY, TODAY) == ""


def test_list_and_empty_value_differences_are_described() -> None:
    one = BoundPlace("dev", {}, {"base": {"backend": {}, "provider": {"x": {"hosts": [], "on": True, "n": None}}}})
    other = replace(one, stacks={"base": {"backend": {}, "provider": {"x": {"hosts": ["a"], "on": False, "n": {}}}}})
    assert list_differences(one, other) == (
        "provider.x.hosts [] -> none",
        "provider.x.hosts[0] none -> a",
        "provider.x.n null -> {}",
        "provider.x.on true -> false",
    )
