"""The clusters behind the endpoints of EKS."""

from types import SimpleNamespace

import pytest

from aws_api_emulator.eks.clusters import KubernetesClusters
from aws_api_emulator.exchange import EksCluster

HOST = "shop.eks.example"


@pytest.mark.parametrize(
    ("versions", "logged"),
    [
        (("1.36",), ""),
        (("1.35",), "cluster shop: Kubernetes 1.35: types of 1.35, rules of 1.36\n"),
        (("1.36", "1.37"), "cluster shop: Kubernetes 1.37: types of 1.37, rules of 1.36\n"),
    ],
)
def test_borrowed_rules_are_logged_once(
    versions: tuple[str, ...], logged: str, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = [EksCluster(account_id="111111111111", name="shop", host=HOST, version=each) for each in versions]
    answers = iter([facts[0], *facts, facts[-1], None])
    clusters = KubernetesClusters(SimpleNamespace(find_cluster=lambda _: next(answers)))
    for _ in range(len(facts) + 2):
        assert clusters.find_api(HOST)
    assert clusters.find_api(HOST) is None
    assert capsys.readouterr().err == logged
