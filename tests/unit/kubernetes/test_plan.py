"""The change of one object, and the meaning that an approval is bound to."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from envctl.domain.kubernetes.fields.ownership import FieldOwner
from envctl.domain.kubernetes.plan import Observation, plan_change
from envctl.domain.kubernetes.secret_values import ValueHider, list_secret_texts
from envctl.domain.plan.approved_changes import find_unapproved_changes
from envctl.domain.plan.changes import Action, EnvironmentPlan, ResourceChange, StackPlan
from envctl.domain.plan.fingerprint import PlannedChange, fingerprint_plan
from tests.unit.kubernetes.manifests import HIDER, build_config_map, build_deployment, build_object, make_live

DESIRED = build_config_map(a="1", b="2")
LIVE = make_live(build_config_map(a="1"))
PREDICTED = make_live(DESIRED)
OWNER = FieldOwner("data.a", "kubectl")


def plan(seen: Observation, hider: ValueHider = HIDER) -> ResourceChange:
    change = plan_change(seen, hider)
    assert change is not None
    return change


def find_new(change: ResourceChange, approved: ResourceChange) -> tuple[PlannedChange, ...]:
    plans = [
        EnvironmentPlan(environment="prod", release="r", stacks=(StackPlan("web", resources=(each,)),))
        for each in (change, approved)
    ]  # the plan now, and the approved one
    return find_unapproved_changes(fingerprint_plan(plans[0]), fingerprint_plan(plans[1]))


def test_new_object_is_created() -> None:
    change = plan(Observation(desired=DESIRED))
    assert (change.address, change.type, change.action) == ("ConfigMap/shop/app", "ConfigMap", Action.CREATE)
    assert [(each.path, each.after) for each in change.attributes] == [("data.a", "1"), ("data.b", "2")]


def test_same_object_does_not_change() -> None:
    assert plan_change(Observation(desired=DESIRED, live=PREDICTED, predicted=PREDICTED), HIDER) is None


def test_noise_of_the_server_is_no_change() -> None:
    predicted = copy.deepcopy(PREDICTED)
    predicted["metadata"] |= {"resourceVersion": "9", "generation": 4}
    assert plan_change(Observation(desired=DESIRED, live=PREDICTED, predicted=predicted), HIDER) is None


def test_different_object_is_updated() -> None:
    change = plan(Observation(desired=DESIRED, live=LIVE, predicted=PREDICTED))
    assert change.action is Action.UPDATE
    assert [(each.path, each.before, each.after) for each in change.attributes] == [("data.b", None, "2")]


def test_takeover_alone_is_an_update() -> None:
    change = plan(Observation(desired=DESIRED, live=PREDICTED, predicted=PREDICTED, takeovers=(OWNER,)))
    assert (change.action, change.attributes) == (Action.UPDATE, ())
    assert change.remarks == ('takes over data.a from "kubectl"',)


def test_adoption_without_a_change_is_an_import() -> None:
    change = plan(Observation(desired=DESIRED, live=PREDICTED, predicted=PREDICTED, adopted_from=("helm",)))
    assert change.action is Action.IMPORT
    assert change.remarks == ('adopts what "helm" made',)


def test_adoption_with_a_change_is_an_update() -> None:
    assert (
        plan(Observation(desired=DESIRED, live=LIVE, predicted=PREDICTED, adopted_from=("helm",))).action
        is Action.UPDATE
    )


def test_immutable_field_replaces_the_object() -> None:
    desired = build_deployment(selector={"matchLabels": {"app": "other"}})
    seen = Observation(desired=desired, live=make_live(build_deployment()), predicted=None, replaced=("spec.selector",))
    change = plan(seen)
    assert change.action is Action.REPLACE
    assert [(each.path, each.forces_replacement) for each in change.attributes] == [
        ("spec.selector.matchLabels.app", True)
    ]


def test_creation_means_the_same_in_another_version_of_the_cluster() -> None:
    """Defaults of the server are in no fingerprint."""
    assert plan(Observation(desired=DESIRED)).planned == plan(Observation(desired=copy.deepcopy(DESIRED))).planned


WITHIN: dict[str, tuple[Observation, Observation]] = {
    "the same": (
        Observation(desired=DESIRED, live=LIVE, predicted=PREDICTED),
        Observation(desired=DESIRED, live=LIVE, predicted=PREDICTED),
    ),
    "one of two fields": (
        Observation(desired=DESIRED, live=LIVE, predicted=PREDICTED),
        Observation(desired=DESIRED, live=make_live(build_config_map()), predicted=PREDICTED),
    ),
    "one of two takeovers": (
        Observation(desired=DESIRED, live=LIVE, predicted=PREDICTED, takeovers=(OWNER,)),
        Observation(desired=DESIRED, live=LIVE, predicted=PREDICTED, takeovers=(OWNER, replace(OWNER, path="data.b"))),
    ),
}
BEYOND: dict[str, tuple[Observation, Observation]] = {
    "another value": (
        Observation(desired=DESIRED, live=LIVE, predicted=make_live(build_config_map(a="1", b="3"))),
        Observation(desired=DESIRED, live=LIVE, predicted=PREDICTED),
    ),
    "a takeover": (
        Observation(desired=DESIRED, live=LIVE, predicted=PREDICTED, takeovers=(OWNER,)),
        Observation(desired=DESIRED, live=LIVE, predicted=PREDICTED),
    ),
    "a takeover from someone else": (
        Observation(desired=DESIRED, live=LIVE, predicted=PREDICTED, takeovers=(replace(OWNER, manager="helm"),)),
        Observation(desired=DESIRED, live=LIVE, predicted=PREDICTED, takeovers=(OWNER,)),
    ),
    "an adoption": (
        Observation(desired=DESIRED, live=LIVE, predicted=PREDICTED, adopted_from=("helm",)),
        Observation(desired=DESIRED, live=LIVE, predicted=PREDICTED),
    ),
    "a replacement": (
        Observation(desired=DESIRED, live=LIVE, predicted=None),
        Observation(desired=DESIRED, live=LIVE, predicted=PREDICTED),
    ),
    "a field that goes": (
        Observation(desired=DESIRED, live=PREDICTED, predicted=LIVE),
        Observation(desired=DESIRED, live=LIVE, predicted=PREDICTED),
    ),
}


@pytest.mark.parametrize(("now", "approved"), WITHIN.values(), ids=WITHIN.keys())
def test_approval_covers_the_same_or_less(now: Observation, approved: Observation) -> None:
    assert find_new(plan(now), plan(approved)) == ()


@pytest.mark.parametrize(("now", "approved"), BEYOND.values(), ids=BEYOND.keys())
def test_approval_does_not_cover_more(now: Observation, approved: Observation) -> None:
    assert find_new(plan(now), plan(approved)) != ()


def build_secret(**data: str) -> dict[str, Any]:
    return build_object("Secret", data=data)


def test_values_of_secrets_are_never_shown() -> None:
    one, other = build_secret(p="aHVudGVyMg=="), build_secret(p="aHVudGVyMw==")
    for seen in (
        Observation(desired=one),
        Observation(desired=one, live=make_live(other), predicted=make_live(one)),
        Observation(desired=one, live=make_live(other)),
    ):
        text = repr(plan(seen)) + repr(dict(plan(seen).planned))
        assert "aHVudGVy" not in text
        assert "(sensitive" in text


def test_other_values_of_secrets_look_different() -> None:
    one, other = build_secret(p="aHVudGVyMg=="), build_secret(p="aHVudGVyMw==")
    (shown,) = plan(Observation(desired=one, live=make_live(other), predicted=make_live(one))).attributes
    assert shown.before != shown.after


def test_hash_of_a_value_needs_the_key_of_the_run() -> None:
    one, other = build_secret(p="MQ=="), build_secret(p="Mg==")
    seen = Observation(desired=one, live=make_live(other), predicted=make_live(one))
    assert plan(seen).attributes != plan(seen, ValueHider(b"another")).attributes


def test_sensitive_outputs_are_hidden_in_any_object() -> None:
    hider = ValueHider(b"k", frozenset({"hunter2"}))
    change = plan(Observation(desired=build_config_map(url="postgres://x:hunter2@db")), hider)
    assert "hunter2" not in repr(change)
    assert {each.digest for each in change.planned.values()} >= {"*"}


def test_texts_of_secrets_are_known_in_each_spelling() -> None:
    secret = build_object("Secret", stringData={"a": "plain text"}, data={"b": "c2VjcmV0"})
    assert set(list_secret_texts(secret)) == {"plain text", "cGxhaW4gdGV4dA==", "c2VjcmV0", "secret"}
    assert list_secret_texts(build_config_map(a="plain text")) == ()
