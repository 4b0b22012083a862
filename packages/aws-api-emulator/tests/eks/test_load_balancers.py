"""Which load balancers EKS and the controllers of users make."""

import hashlib
from collections.abc import Mapping
from typing import Any

import pytest

from aws_api_emulator.eks.load_balancers import find_ingress_host, find_service_host

UID = "3f0c8d5e-2b1a-4c6d-9e8f-001122334455"
NAME = "k8s-shop-web-" + hashlib.sha256(UID.encode()).hexdigest()[:10]
CONTROLLER = "aws-load-balancer-controller"
TYPE = "service.beta.kubernetes.io/aws-load-balancer-type"


def build(spec: Mapping[str, Any], **annotations: str) -> dict[str, Any]:
    return {"metadata": {"name": "web", "namespace": "shop", "uid": UID, "annotations": annotations}, "spec": spec}


@pytest.mark.parametrize(
    ("service", "running", "is_made"),
    [
        pytest.param(build({}), (), True, id="EKS makes one for a Service without a class"),
        pytest.param(build({}, **{TYPE: "external"}), (), False, id="the controller of the type is missing"),
        pytest.param(build({}, **{TYPE: "external"}), (CONTROLLER,), True, id="the controller of the type runs"),
        pytest.param(
            build({"loadBalancerClass": "service.k8s.aws/nlb"}), (CONTROLLER,), True, id="the controller has the class"
        ),
        pytest.param(build({"loadBalancerClass": "other"}), (CONTROLLER,), False, id="nobody has the class"),
    ],
)
def test_service_gets_its_load_balancer(service: dict[str, Any], running: tuple[str, ...], is_made: bool) -> None:
    assert find_service_host(service, running.__contains__).endswith(".elb.amazonaws.com") is is_made


@pytest.mark.parametrize(
    ("ingress", "controller", "running", "host"),
    [
        pytest.param(build({}), "ingress.k8s.aws/alb", (), "", id="its controller is missing"),
        pytest.param(build({}), "ingress.k8s.aws/alb", (CONTROLLER,), "aws", id="its controller runs"),
        pytest.param(build({}), "eks.amazonaws.com/alb", (), "aws", id="the controller of Auto Mode is always there"),
        pytest.param(
            build({}, **{"kubernetes.io/ingress.class": "alb"}), "", (CONTROLLER,), "aws", id="the class is annotated"
        ),
        pytest.param(build({}), "k8s.io/ingress-nginx", (CONTROLLER,), None, id="another controller has the class"),
        pytest.param(build({}), "", (CONTROLLER,), None, id="no controller has the class"),
    ],
)
def test_ingress_gets_the_host_of_its_controller(
    ingress: dict[str, Any], controller: str, running: tuple[str, ...], host: str | None
) -> None:
    found = find_ingress_host(ingress, controller, running.__contains__)
    assert found == (f"{NAME}.elb.amazonaws.com" if host == "aws" else host)
