"""When an object of an operator does what it is for: paused or degraded is no proof."""

from typing import Any

import pytest

from envctl.domain.kubernetes.readiness import check_readiness
from tests.unit.kubernetes.manifests import build_object, make_live

ROLLOUT, CANARY = ("Rollout", "argoproj.io/v1alpha1"), ("Canary", "flagger.app/v1beta1")
CERTIFICATE, REQUEST = ("Certificate", "cert-manager.io/v1"), ("CertificateRequest", "cert-manager.io/v1")
SECRET, BUCKET = ("ExternalSecret", "external-secrets.io/v1"), ("Bucket", "s3.aws.upbound.io/v1beta1")
PROMETHEUS, GATEWAY = ("Prometheus", "monitoring.coreos.com/v1"), ("Gateway", "gateway.networking.k8s.io/v1")
ROUTE, PROVIDER = ("HTTPRoute", "gateway.networking.k8s.io/v1"), ("Provider", "pkg.crossplane.io/v1")
ANALYSIS, CHALLENGE = ("AnalysisRun", "argoproj.io/v1alpha1"), ("Challenge", "acme.cert-manager.io/v1")
MANAGED: dict[str, Any] = {"providerConfigRef": {"name": "default"}}
PARENTS: dict[str, Any] = {"parentRefs": [{"name": "public"}, {"name": "private"}]}


def live(kind: tuple[str, str], spec: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    return make_live(build_object(*kind, spec=spec or {}), **status)


def told(name: str, status: str = "True", reason: str = "", **more: Any) -> dict[str, Any]:
    return {"type": name, "status": status, "reason": reason, **more}


def answer(gateway: str, *conditions: dict[str, Any]) -> dict[str, Any]:
    return {"parentRef": {"name": gateway}, "conditions": [*conditions]}


ACCEPTED = (told("Accepted"), told("ResolvedRefs"))
PROGRAMMED = [told("Accepted"), told("Programmed")]

READY: dict[str, dict[str, Any]] = {
    "a healthy rollout": live(ROLLOUT, phase="Healthy", observedGeneration="1"),
    "a rollout of an early version": live(ROLLOUT, observedGeneration="5d4c8b", conditions=[told("Available")]),
    "a canary that succeeded": live(CANARY, phase="Succeeded"),
    "a canary that is new": live(CANARY, phase="Initialized"),
    "an analysis that passed": live(ANALYSIS, phase="Successful"),
    "an issued certificate": live(CERTIFICATE, conditions=[told("Ready")]),
    "a solved challenge": live(CHALLENGE, state="valid"),
    "a synced secret": live(SECRET, conditions=[told("Ready", reason="SecretSynced")]),
    "a resource of Crossplane": live(BUCKET, MANAGED, conditions=[told("Synced"), told("Ready")]),
    "a healthy package": live(PROVIDER, conditions=[told("Installed"), told("Healthy")]),
    "a Prometheus": live(PROMETHEUS, conditions=[told("Reconciled"), told("Available")]),
    "a programmed gateway": live(
        GATEWAY, conditions=PROGRAMMED, listeners=[{"name": "web", "conditions": [told("Conflicted", "False")]}]
    ),
    "an accepted route": live(ROUTE, PARENTS, parents=[answer("public", *ACCEPTED), answer("private", *ACCEPTED)]),
    "a rollout that nobody has seen yet": live(ROLLOUT),
    "a gateway that nobody has seen yet": live(
        GATEWAY, conditions=[told("Accepted", "Unknown", "Pending", lastTransitionTime="1970-01-01T00:00:00Z")]
    ),
    "a kind of no operator": live(("Widget", "example.com/v1"), phase="Paused"),
}
WAITING: dict[str, tuple[dict[str, Any], str]] = {
    "a paused rollout": (
        live(ROLLOUT, phase="Paused", message="CanaryPauseStep"),
        "it is paused: CanaryPauseStep",
    ),
    "a rollout on its way": (
        live(ROLLOUT, phase="Progressing", message="more replicas need to be updated"),
        "it is Progressing: more replicas need to be updated",
    ),
    "a rollout before its change": (
        live(ROLLOUT, phase="Healthy", observedGeneration="0"),
        "its controller has not seen the change yet",
    ),
    "a paused rollout of an early version": (
        live(ROLLOUT, conditions=[told("Paused", reason="RolloutPaused"), told("Available")]),
        "it is paused: RolloutPaused",
    ),
    "a canary on its way": (live(CANARY, phase="Progressing"), "it is Progressing"),
    "a canary that waits for a person": (live(CANARY, phase="WaitingPromotion"), "it is WaitingPromotion"),
    "an old word of a certificate": (
        live(CERTIFICATE, conditions=[told("Ready", observedGeneration=0)]),
        "its controller has not seen the change yet",
    ),
    "a certificate without a word": (
        live(CERTIFICATE, conditions=[told("Issuing")]),
        "it does not say yet whether it is Ready",
    ),
    "a secret without its source": (
        live(SECRET, conditions=[told("Ready", "False", "SecretSyncedError", message="no such key")]),
        "SecretSyncedError: no such key",
    ),
    "a paused resource of Crossplane": (
        live(BUCKET, MANAGED, conditions=[told("Synced", "False", "ReconcilePaused"), told("Ready")]),
        "ReconcilePaused",
    ),
    "a composite resource on its way": (
        live(
            ("XShop", "example.com/v1"),
            {"crossplane": {}},
            conditions=[told("Synced"), told("Ready", "False", "Creating")],
        ),
        "Creating",
    ),
    "a package that is not healthy": (
        live(PROVIDER, conditions=[told("Installed"), told("Healthy", "Unknown", "UnknownPackageRevisionHealth")]),
        "UnknownPackageRevisionHealth",
    ),
    "a paused Prometheus": (
        live(PROMETHEUS, {"paused": True}, conditions=[told("Reconciled"), told("Available")]),
        "it is paused: its operator changes nothing",
    ),
    "a degraded Prometheus": (
        live(PROMETHEUS, conditions=[told("Reconciled"), told("Available", "Degraded", "SomePodsNotReady")]),
        "SomePodsNotReady",
    ),
    "a gateway with two of one port": (
        live(
            GATEWAY,
            conditions=PROGRAMMED,
            listeners=[{"name": "web", "conditions": [told("Conflicted", reason="HostnameConflict")]}],
        ),
        "listener web: HostnameConflict",
    ),
    "a route with one answer": (
        live(ROUTE, PARENTS, parents=[answer("public", *ACCEPTED)]),
        "1 of its 2 gateways have answered",
    ),
    "a route without its service": (
        live(ROUTE, parents=[answer("public", told("Accepted"), told("ResolvedRefs", "False", "BackendNotFound"))]),
        "gateway public: BackendNotFound",
    ),
    "a route that counts in parts": (
        live(ROUTE, parents=[answer("public", *ACCEPTED, told("PartiallyInvalid", reason="UnsupportedValue"))]),
        "gateway public: UnsupportedValue",
    ),
}
FAILED: dict[str, tuple[dict[str, Any], str]] = {
    "a degraded rollout": (
        live(ROLLOUT, phase="Degraded", message="RolloutAborted: metric error-rate"),
        "it is degraded: RolloutAborted: metric error-rate",
    ),
    "an invalid rollout of an early version": (
        live(ROLLOUT, conditions=[told("InvalidSpec", reason="NoTraffic")]),
        "NoTraffic",
    ),
    "a late rollout of an early version": (
        live(ROLLOUT, conditions=[told("Progressing", "False", "ProgressDeadlineExceeded")]),
        "ProgressDeadlineExceeded",
    ),
    "a canary that failed at 20 %": (
        live(
            CANARY, phase="Failed", conditions=[told("Promoted", "False", "Failed", message="canary analysis failed")]
        ),
        "it is Failed: Failed: canary analysis failed",
    ),
    "an analysis without a result": (
        live(ANALYSIS, phase="Inconclusive", message="metric p99"),
        "it is Inconclusive: metric p99",
    ),
    "a denied request": (live(REQUEST, conditions=[told("Denied", reason="policy")]), "policy"),
    "a failed request": (live(REQUEST, conditions=[told("Ready", "False", "Failed")]), "Failed"),
    "an invalid challenge": (live(CHALLENGE, state="invalid", reason="404"), "it is invalid: 404"),
}


@pytest.mark.parametrize("found", READY.values(), ids=READY.keys())
def test_object_of_an_operator_is_ready(found: dict[str, Any]) -> None:
    assert check_readiness(found).phase == "ready"


@pytest.mark.parametrize(("found", "why"), WAITING.values(), ids=WAITING.keys())
def test_object_of_an_operator_waits(found: dict[str, Any], why: str) -> None:
    readiness = check_readiness(found)
    assert (readiness.phase, readiness.why) == ("waiting", why)


@pytest.mark.parametrize(("found", "why"), FAILED.values(), ids=FAILED.keys())
def test_object_of_an_operator_has_failed(found: dict[str, Any], why: str) -> None:
    readiness = check_readiness(found)
    assert (readiness.phase, readiness.why) == ("failed", why)
