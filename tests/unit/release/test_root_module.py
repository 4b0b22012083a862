"""Root modules: the same bytes for the same input, text that stays text, and no secret in them."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.errors import Location
from envctl.domain.release.place.backend import Backend
from envctl.domain.release.place.environment_place import Place, render_assume_role
from envctl.domain.release.rendering.root_module import render_root_module
from envctl.domain.release.wiring import StackWiring, Wiring
from envctl.domain.terraform.expressions import escape_templates
from envctl.domain.terraform.variables import Variable
from tests.unit.terraform import type_strategies


def variable(name: str, type_text: str = "string", *, sensitive: bool = False) -> Variable:
    location = Location("modules/web/variables.tf", 1)
    return Variable(
        name=name,
        type_text=type_text,
        has_default=False,
        default=None,
        nullable=True,
        sensitive=sensitive,
        description="",
        location=location,
    )


WIRING = Wiring(
    project="shop",
    terraform=">= 1.10",
    stacks={
        "network": StackWiring(module="modules/vpc"),
        "web": StackWiring(
            module="modules/web", inputs={"subnet": "network.subnets[0]", "vpc": 'network.ids["a-b"].vpc'}
        ),
    },
    artifacts={},
    schema={
        "network": (variable("cidr"), variable("note", "any")),
        "web": (
            variable("size", "number"),
            variable("subnet"),
            variable("vpc"),
            variable("password", sensitive=True),
            variable("keys", "map(string)", sensitive=True),
        ),
    },
    outputs={"network": {"subnets": False, "ids": False}, "web": {"url": False, "token": True}},
)
LOCAL = Place(environment="dev", backend=Backend("local", {}, "dev"))
RENAMED = replace(WIRING, stacks={**WIRING.stacks, "network": replace(WIRING.stacks["network"], moved_from="net")})
ROLE = "arn:aws:iam::222222222222:role/envctl-deployer"
S3 = Place(
    environment="staging",
    backend=Backend(
        "s3",
        {
            "bucket": "shop-tfstate-222222222222",
            "region": "ap-northeast-1",
            "encrypt": True,
            "use_lockfile": True,
            "assume_role": {"role_arn": ROLE, "session_name": "envctl"},
        },
        "staging",
    ),
    account_id="222222222222",
    region="ap-northeast-1",
    assume_role=ROLE,
)
ARGUMENTS = {"size": 3, "password": "hunter2", "keys": {"a": "${x}"}}


def test_local_root_module_is_rendered() -> None:
    rendered = render_root_module(WIRING, "web", LOCAL, {"size": 3, "password": "hunter2"})
    assert (
        rendered.encode().decode()
        == """{
  "data": {
    "terraform_remote_state": {
      "network": {
        "backend": "local",
        "config": {
          "path": "../../../state/dev/network.tfstate"
        }
      }
    }
  },
  "module": {
    "web": {
      "password": "${var.password}",
      "size": 3,
      "source": "../.code/modules/web",
      "subnet": "${data.terraform_remote_state.network.outputs.subnets[0]}",
      "vpc": "${data.terraform_remote_state.network.outputs.ids[\\"a-b\\"].vpc}"
    }
  },
  "output": {
    "token": {
      "sensitive": true,
      "value": "${module.web.token}"
    },
    "url": {
      "value": "${module.web.url}"
    }
  },
  "terraform": {
    "backend": {
      "local": {
        "path": "../../../state/dev/web.tfstate"
      }
    },
    "required_version": ">= 1.10"
  },
  "variable": {
    "password": {
      "sensitive": true,
      "type": "string"
    }
  }
}
"""
    )


def test_assume_role_has_external_id_and_session_tags() -> None:
    where = replace(S3, external_id="shop-42", session_tags={"team": "web"})
    (taken,) = render_root_module(WIRING, "web", where, ARGUMENTS).document["provider"]["aws"]["assume_role"]
    role = {"role_arn": ROLE, "session_name": "${var.envctl_session}"}
    assert taken == {**role, "external_id": "shop-42", "tags": {"team": "web"}}
    assert render_assume_role(where, "envctl") == {**taken, "session_name": "envctl"}


def test_session_name_is_a_variable() -> None:
    declared = render_root_module(WIRING, "network", S3, {}).document["variable"]
    assert declared == {"envctl_session": {"type": "string", "default": "envctl"}}
    assert "variable" not in render_root_module(WIRING, "network", replace(S3, assume_role=None), {}).document


def test_aws_provider_and_backend_are_rendered() -> None:
    document = render_root_module(WIRING, "web", S3, ARGUMENTS).document
    assert document["provider"]["aws"] == {
        "region": "ap-northeast-1",
        "assume_role": [{"role_arn": ROLE, "session_name": "${var.envctl_session}"}],
        "allowed_account_ids": ["222222222222"],
        "default_tags": [
            {"tags": {"project": "shop", "environment": "staging", "stack": "web", "managed_by": "envctl"}}
        ],
    }
    backend = document["terraform"]["backend"]["s3"]
    assert backend == {**S3.backend.settings, "key": "staging/web.tfstate"}
    assert document["data"]["terraform_remote_state"]["network"] == {
        "backend": "s3",
        "config": {
            "bucket": "shop-tfstate-222222222222",
            "region": "ap-northeast-1",
            "assume_role": {"role_arn": ROLE, "session_name": "${var.envctl_session}"},
            "key": "staging/network.tfstate",
        },
    }


def test_stack_may_run_in_another_region() -> None:
    """What it makes goes there; its state stays where those of its environment are."""
    wiring = replace(WIRING, stacks={**WIRING.stacks, "web": replace(WIRING.stacks["web"], region="far")})
    place = replace(S3, regions={"far": "ap-northeast-3"})
    far, near = (
        render_root_module(wiring, stack, place, ARGUMENTS if stack == "web" else {}) for stack in ("web", "network")
    )
    assert far.document["provider"]["aws"]["region"] == "ap-northeast-3"
    assert near.document["provider"]["aws"]["region"] == "ap-northeast-1"
    assert far.document["terraform"]["backend"]["s3"]["region"] == "ap-northeast-1"


def test_minimal_stack_renders_minimal_root_module() -> None:
    document = render_root_module(WIRING, "network", LOCAL, {}).document
    assert set(document) == {"terraform", "module", "output"}
    assert document["module"] == {"network": {"source": "../.code/modules/vpc"}}


def test_other_providers_and_aws_options_are_rendered() -> None:
    wiring = replace(
        WIRING,
        providers={
            "aws": {"source": "hashicorp/aws", "version": "~> 6.0", "max_retries": 3},
            "github": {"source": "integrations/github", "owner": "${owner}"},
            "null": {},
        },
    )
    document = render_root_module(wiring, "web", S3, {}).document
    assert document["terraform"]["required_providers"] == {
        "aws": {"source": "hashicorp/aws", "version": "~> 6.0"},
        "github": {"source": "integrations/github"},
    }
    assert document["provider"]["aws"]["max_retries"] == 3
    assert document["provider"]["aws"]["region"] == "ap-northeast-1"
    assert document["provider"]["github"] == {"owner": "$${owner}"}


LITERALS: dict[str, tuple[object, object]] = {
    "an interpolation stays text": ("${var.x}", "$${var.x}"),
    "a directive stays text": ("%{ if x }", "%%{ if x }"),
    "a mark without a brace stays as it is": ("100% of $5 {}", "100% of $5 {}"),
    "the keys of a map are text too": ({"${a}": {"%{b}": 1}}, {"$${a}": {"%%{b}": 1}}),
    "the elements of a list are text too": (["${a}", ["%{b}"]], ["$${a}", ["%%{b}"]]),
    "a tuple is a list": (("a", 1), ["a", 1]),
    "a set is a list in one order": ({"b", "a"}, ["a", "b"]),
    "numbers, truth and null stay": ([1, 1.5, True, None], [1, 1.5, True, None]),
}


@pytest.mark.parametrize(("value", "expected"), LITERALS.values(), ids=LITERALS.keys())
def test_literals_are_escaped(value: object, expected: object) -> None:
    assert escape_templates(value) == expected


@given(st.dictionaries(type_strategies.names, type_strategies.literals, max_size=4))
def test_rendering_is_independent_of_input_order(arguments: dict[str, object]) -> None:
    backwards = dict(reversed(list(arguments.items())))
    turned = replace(
        WIRING,
        schema={"web": WIRING.schema["web"][::-1], "network": WIRING.schema["network"]},
        outputs={name: dict(reversed(list(outputs.items()))) for name, outputs in WIRING.outputs.items()},
    )
    assert (
        render_root_module(WIRING, "web", LOCAL, arguments).encode()
        == render_root_module(turned, "web", LOCAL, backwards).encode()
    )


secrets = st.text('sec${}%"\\ret', min_size=1, max_size=12).map(lambda text: f"top-{text}-secret")


@given(secrets, st.dictionaries(st.sampled_from(["a", "b"]), secrets, min_size=1))
def test_sensitive_values_are_rendered_as_variables_only(password: str, keys: dict[str, str]) -> None:
    rendered = render_root_module(WIRING, "web", S3, {"size": 1, "password": password, "keys": keys})
    assert set(rendered.secrets) == {"password", "keys"}
    assert rendered.secrets["password"] == password
    assert "-secret" not in rendered.encode().decode()
    assert rendered.document["module"]["web"]["keys"] == "${var.keys}"


SECRETS: dict[str, tuple[str, object, str | None]] = {
    "text stands for itself": ("string", '${a} "b"', '${a} "b"'),
    "a number stands for itself": ("number", 1.5, "1.5"),
    "an exact number comes as text": ("number", "0.12345678901234567890123", "0.12345678901234567890123"),
    "truth is spelled as Terraform spells it": ("bool", True, "true"),
    "text in a list is escaped": ("list(string)", ["${a}"], '["$${a}"]'),
    "text of any type is in quotes": ("any", "yes", '"yes"'),
    "a form feed is spelled as HCL knows it": ("list(string)", ["\f\b\\f"], '["\\u000c\\u0008\\\\f"]'),
    "null is no secret": ("string", None, None),
}


@pytest.mark.parametrize(("type_text", "value", "expected"), SECRETS.values(), ids=SECRETS.keys())
def test_sensitive_values_become_environment_variables(type_text: str, value: object, expected: str | None) -> None:
    wiring = replace(WIRING, schema={"network": (variable("x", type_text, sensitive=True),)})
    rendered = render_root_module(wiring, "network", LOCAL, {"x": value})
    assert rendered.secrets == ({} if expected is None else {"x": expected})
    if expected is None:
        assert rendered.document["module"]["network"]["x"] is None


@pytest.mark.parametrize("place", [LOCAL, S3], ids=["on this machine", "on AWS"])
def test_no_local_path_and_no_release_is_rendered(place: Place) -> None:
    document = json.loads(render_root_module(WIRING, "web", place, ARGUMENTS).encode())
    assert all(not text.startswith("/") and "sha256" not in text for text in _texts(document))


def test_tags_never_hold_the_release() -> None:
    document = render_root_module(WIRING, "web", S3, {}).document
    (tags,) = document["provider"]["aws"]["default_tags"]
    assert "release" not in tags["tags"]


def _texts(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case Mapping():
            return [text for pair in value.items() for item in pair for text in _texts(item)]
        case list():
            return [text for item in value for text in _texts(item)]
        case _:
            return []


def test_cloud_control_provider_gets_region_and_role() -> None:
    wiring = replace(
        WIRING, providers={"cc": {"source": "hashicorp/awscc", "max_retries": 3}, "awscc": {"region": "x"}}
    )
    place = replace(LOCAL, account_id="222222222222", region="ap-northeast-1", assume_role=ROLE)
    providers = render_root_module(wiring, "network", place, {}).document["provider"]
    taken = {"role_arn": ROLE, "session_name": "${var.envctl_session}"}
    assert providers["cc"] == {"region": "ap-northeast-1", "assume_role": taken, "max_retries": 3}
    assert providers["awscc"] == {"region": "x", "assume_role": taken}
    alone = render_root_module(wiring, "network", replace(place, assume_role=None), {}).document["provider"]
    assert alone["cc"] == {"region": "ap-northeast-1", "max_retries": 3}


def test_renamed_stack_renders_moved_block() -> None:
    moved = {"from": "module.net", "to": "module.network"}
    assert render_root_module(RENAMED, "network", LOCAL, {}).document["moved"] == [moved]
    back = render_root_module(WIRING, "network", LOCAL, {}, called="site").document["moved"]
    assert back == [{"from": "module.site", "to": "module.network"}]
    assert "moved" not in render_root_module(WIRING, "network", LOCAL, {}).document


def test_unmoved_state_is_read_under_its_old_name() -> None:
    place = replace(LOCAL, backend=replace(LOCAL.backend, under={"network": "net"}))
    assert (
        render_root_module(RENAMED, "network", place, {})
        .document["terraform"]["backend"]["local"]["path"]
        .endswith("dev/net.tfstate")
    )
    read = render_root_module(RENAMED, "web", place, {}).document["data"]["terraform_remote_state"]["network"]
    assert read["config"]["path"].endswith("dev/net.tfstate")
