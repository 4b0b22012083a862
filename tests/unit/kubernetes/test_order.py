"""In which order objects come and go."""

from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.kubernetes.objects import ObjectIdentity
from envctl.domain.kubernetes.order import group_by_order, group_for_deletion, rank_object
from tests.unit.kubernetes.manifests import build_object

KINDS = [
    ("Namespace", "v1"),
    ("CustomResourceDefinition", "apiextensions.k8s.io/v1"),
    ("ConfigMap", "v1"),
    ("Role", "rbac.authorization.k8s.io/v1"),
    ("Deployment", "apps/v1"),
    ("Widget", "example.com/v1"),
    ("ValidatingWebhookConfiguration", "admissionregistration.k8s.io/v1"),
]
objects = st.lists(st.sampled_from(KINDS).map(lambda kind: build_object(*kind)), max_size=8)


def test_what_others_need_comes_first() -> None:
    steps = group_by_order([build_object(*kind) for kind in reversed(KINDS)])
    assert [sorted(each["kind"] for each in step) for step in steps] == [
        ["Namespace"],
        ["CustomResourceDefinition"],
        ["ConfigMap", "Role"],
        ["Deployment", "Widget"],
        ["ValidatingWebhookConfiguration"],
    ]


@given(objects)
def test_no_object_is_lost(found: list[dict[str, object]]) -> None:
    assert sorted(map(str, found)) == sorted(str(each) for step in group_by_order(found) for each in step)


parts = st.sampled_from(["", "apps"]), st.sampled_from(["Namespace", "Pod"]), st.text(max_size=2), st.text(max_size=2)


@given(st.sets(st.builds(ObjectIdentity, *parts)))
def test_deletion_is_the_other_way_round(found: set[ObjectIdentity]) -> None:
    ranks = [rank_object(step[0]) for step in group_for_deletion(found)]
    assert ranks == sorted(ranks, reverse=True)
