"""Artifacts of all stacks and of single ones: in a release, in repositories, in rollouts."""

from typing import Any

import pytest

from envctl.domain.config.project import Project
from envctl.domain.errors import Location
from envctl.domain.release.artifacts import (
    find_declared_artifact,
    find_rollout_artifact,
    relocate_images,
    select_images,
)
from envctl.domain.release.bundle import Release, compute_identity, pack, unpack
from envctl.domain.release.manifest import DamagedBundleError
from envctl.domain.release.wiring import StackWiring, Wiring
from envctl.domain.rollout.traffic import TRAFFIC_VARIABLES
from envctl.domain.terraform.variables import Variable

DIGEST = "sha256:" + "a" * 64
STACKS = ("orders", "billing", "other")
ROLLOUT = {"steps": [50, 100], "wait": "1m"}


def make_project(**artifacts: dict[str, Any]) -> Project:
    return Project.model_validate(
        {
            "project": {"name": "shop"},
            "pipeline": {"order": ["dev"]},
            "environments": {"dev": {"account_id": "111111111111"}},
            "stacks": {name: {"module": "modules/service", "rollout": ROLLOUT} for name in STACKS},
            "artifacts": artifacts,
        }
    )


def image(*stacks: str, **more: object) -> dict[str, object]:
    return {"variable": "image", "kind": "oci", **({"stacks": list(stacks)} if stacks else {}), **more}


def declare(name: str) -> Variable:
    return Variable(
        name=name,
        type_text="string",
        has_default=False,
        default=None,
        nullable=True,
        sensitive=False,
        description="",
        location=Location("modules/service/main.tf", 1),
    )


def make_wiring(**artifacts: object) -> Wiring:
    declared = tuple(declare(name) for name in ("image", *TRAFFIC_VARIABLES))
    stacks = {name: StackWiring(module="modules/service") for name in STACKS}
    carried = {key.replace("__", "."): value for key, value in artifacts.items()}
    return Wiring(
        project="shop",
        terraform="",
        stacks=stacks,
        artifacts=carried,
        schema=dict.fromkeys(STACKS, declared),
        outputs={name: {} for name in STACKS},
        providers={},
    )


def test_artifact_of_a_stack_wins_in_its_rollout() -> None:
    project = make_project(own=image("orders"), rest=image())
    names = ("image", *TRAFFIC_VARIABLES)
    assert [find_declared_artifact(project, each, names) for each in STACKS] == ["image"] * 3
    only = make_project(own=image("orders"))
    assert [find_declared_artifact(only, each, names) for each in STACKS] == ["image", None, None]
    wiring = make_wiring(orders__image=f"a@{DIGEST}")
    assert [find_rollout_artifact(only, wiring, each) for each in STACKS] == ["image", None, None]


def test_images_of_stacks_go_to_the_repository_of_the_environment() -> None:
    project = make_project(own=image("orders", "billing", repository="{account_id}.example.com/own"), rest=image())
    carried = {"orders.image": f"a/b@{DIGEST}", "billing.image": f"a/b@{DIGEST}", "image": f"c/d@{DIGEST}"}
    found = relocate_images(project, "dev", carried)
    moved = f"111111111111.example.com/own@{DIGEST}"
    assert found == {"orders.image": moved, "billing.image": moved, "image": f"c/d@{DIGEST}"}
    assert select_images(project, found) == {"own": moved, "rest": f"c/d@{DIGEST}"}


def test_release_tells_the_same_when_read() -> None:
    release = Release(make_wiring(orders__image="a", image="b"), {})
    packed = pack(release)
    assert unpack(packed, compute_identity(packed)).wiring == release.wiring


@pytest.mark.parametrize("key", ["Orders.image", ".image", "orders.", "a.b.image", "../x.image"])
def test_damaged_key_is_refused(key: str) -> None:
    packed = pack(Release(make_wiring(**{key: "a"}), {}))
    with pytest.raises(DamagedBundleError):
        unpack(packed, compute_identity(packed))
