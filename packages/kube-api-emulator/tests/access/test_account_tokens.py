"""Tokens of service accounts."""

from typing import Any

import pytest

from tests.access.roles import build_binding, build_role, build_rule
from tests.cluster import LocalCluster, RefusedError
from tests.requests.sending import Sender

ACCOUNT = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": "shop"}}
PATH = "/api/v1/namespaces/shop/serviceaccounts/robot"
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"


def request_token(cluster: LocalCluster, **spec: Any) -> str:
    return str(cluster.request("POST", f"{PATH}/token", {"spec": spec})["status"]["token"])


def test_a_token_has_the_permissions_of_its_account(secured: LocalCluster) -> None:
    secured.apply(ACCOUNT)
    secured.apply(build_role("reader", build_rule("get", "configmaps")))
    secured.apply(build_binding("reader", "ServiceAccount robot", role_kind="Role"))
    review = {"spec": {"token": request_token(secured)}}
    known = secured.request("POST", REVIEWS, review)["status"]
    assert known["user"]["username"] == "system:serviceaccount:shop:robot"
    assert known["authenticated"]

    admin, secured.token = secured.token, review["spec"]["token"]
    assert secured.get("ConfigMap", "nothing") is None
    with pytest.raises(RefusedError, match="403"):
        secured.get("Secret", "nothing")

    secured.token = admin
    secured.delete("ServiceAccount", "robot")
    secured.token = review["spec"]["token"]
    with pytest.raises(RefusedError, match="401"):
        secured.get("ConfigMap", "nothing")


def test_a_token_for_another_audience_is_not_accepted(secured: LocalCluster) -> None:
    secured.apply(ACCOUNT)
    review = {"spec": {"token": request_token(secured, audiences=["vault"])}}
    assert secured.request("POST", REVIEWS, review)["status"]["error"] == "invalid bearer token"


def test_a_changed_token_is_not_accepted(secured: LocalCluster) -> None:
    secured.apply(ACCOUNT)
    for token in (f"{request_token(secured)}x", "x", "a.b.c"):
        assert secured.request("POST", REVIEWS, {"spec": {"token": token}})["status"]["user"] == {}


def test_a_token_lasts_ten_minutes_at_least() -> None:
    sender = Sender()
    sender.send("POST", "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "robot"}})
    code, message = sender.refuse(
        "POST", "/api/v1/namespaces/default/serviceaccounts/robot/token", {"spec": {"expirationSeconds": 5}}
    )
    assert code == 422
    assert message.endswith("spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes")
