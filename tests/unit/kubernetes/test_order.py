"""In which order objects come and go."""

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.kubernetes.objects import ObjectIdentity, identify
from envctl.domain.kubernetes.order import group_for_deletion, rank_object
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


def test_what_others_need_comes_first() -> None:
    ranks = [rank_object(identify(build_object(*kind))) for kind in KINDS]
    assert ranks == sorted(ranks)
    assert [len(list(step)) for _, step in groupby(ranks)] == [1, 1, 2, 2, 1]


parts = st.sampled_from(["", "apps"]), st.sampled_from(["Namespace", "Pod"]), st.text(max_size=2), st.text(max_size=2)


@given(st.sets(st.builds(ObjectIdentity, *parts)))
def test_deletion_is_the_other_way_round(found: set[ObjectIdentity]) -> None:
    ranks = [rank_object(step[0]) for step in group_for_deletion(found)]
    assert ranks == sorted(ranks, reverse=True)
