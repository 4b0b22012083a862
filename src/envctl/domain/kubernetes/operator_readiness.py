"""Readiness of objects of well-known operators, by their own phases and conditions.

A canary that is paused or degraded is no proof. Sources: the API types of Argo Rollouts, Flagger, cert-manager,
External Secrets, Karpenter, Crossplane, Prometheus Operator and Gateway API.
"""

from collections.abc import Callable, Mapping
from typing import Any

from envctl.domain.kubernetes.conditions import (
    FALSE,
    OUTDATED,
    READY,
    TRUE,
    Conditions,
    Readiness,
    describe_condition,
    is_true,
    read_conditions,
)
from envctl.domain.kubernetes.objects import Manifest, identify

Check = Callable[[Manifest, Mapping[str, Any], Conditions], Readiness]
_ANALYSES = frozenset({"AnalysisRun.argoproj.io", "Experiment.argoproj.io"})
# The time in conditions that a definition gives to new objects, before a controller has seen them.
_NEVER = "1970-01-01T00:00:00Z"
_PROMETHEUS = frozenset({"Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler"})


def find_operator_check(live: Manifest) -> Check | None:
    """Return the check of a kind that an operator owns; None for any other kind, and before an operator said something:
    none runs in the sandbox.
    """
    identity, spec, status = identify(live), live.get("spec") or {}, live.get("status") or {}
    if all(
        each.get("lastTransitionTime") == _NEVER for each in read_conditions(status.get("conditions")).values()
    ) and not (status.keys() - {"conditions"}):
        return None
    if identity.type in _CHECKS:
        return _CHECKS[identity.type]
    if identity.group == "monitoring.coreos.com" and identity.kind in _PROMETHEUS:
        return _check_prometheus
    if identity.group == "gateway.networking.k8s.io" and identity.kind.endswith("Route"):
        return _check_route
    # Resources of Crossplane are of any group: those of providers, and composite ones of version 1 and 2.
    if any(key in spec for key in ("providerConfigRef", "compositionRef", "crossplane")):
        return _require_conditions("Synced", "Ready")
    return None


def _require_conditions(*names: str) -> Check:
    """Return a check for conditions that must be there, be true, and be of the current object."""

    def check_conditions(live: Manifest, _status: Mapping[str, Any], conditions: Conditions) -> Readiness:
        generation = live["metadata"].get("generation")
        for name in names:
            condition = conditions.get(name)
            if condition is None:
                return Readiness("waiting", f"it does not say yet whether it is {name}")
            observed = condition.get("observedGeneration", generation)
            if isinstance(observed, int) and isinstance(generation, int) and observed < generation:
                return OUTDATED
            if condition.get("status") != TRUE:
                return Readiness("waiting", describe_condition(condition))
        return READY

    return check_conditions


def _check_rollout(live: Manifest, status: Mapping[str, Any], conditions: Conditions) -> Readiness:
    generation, observed = live["metadata"].get("generation"), str(status.get("observedGeneration", ""))
    # It is a text here. Before version 1.0 it was a hash.
    if observed.isdecimal() and isinstance(generation, int) and int(observed) < generation:
        return OUTDATED
    message = str(status.get("message") or "")
    match status.get("phase"):
        case "Healthy":
            return READY
        case "Degraded":
            return Readiness("failed", f"it is degraded: {message or 'it was aborted'}")
        case "Paused":
            return Readiness("waiting", f"it is paused: {message or 'somebody has to promote it'}")
        case None:
            return _check_early_rollout(conditions)
        case phase:
            return Readiness("waiting", f"it is {phase}{f': {message}' if message else ''}")


def _check_early_rollout(conditions: Conditions) -> Readiness:
    """Check a Rollout without a phase, as before version 1.0."""
    progressing = conditions.get("Progressing", {})
    if is_true(conditions, "InvalidSpec"):
        return Readiness("failed", describe_condition(conditions["InvalidSpec"]))
    if progressing.get("status") == FALSE:
        return Readiness("failed", describe_condition(progressing))
    if is_true(conditions, "Paused"):
        return Readiness("waiting", f"it is paused: {describe_condition(conditions['Paused'])}")
    available = conditions.get("Available", {"type": "Available", "status": "unknown"})
    return READY if available.get("status") == TRUE else Readiness("waiting", describe_condition(available))


def _check_phase(field: str, good: frozenset[str], bad: frozenset[str]) -> Check:
    """Return a check for the words in one field of the status."""

    def check_phase(_live: Manifest, status: Mapping[str, Any], conditions: Conditions) -> Readiness:
        phase = str(status.get(field) or "not seen yet")
        if phase in good:
            return READY
        said = [str(status.get(key)) for key in ("message", "reason") if status.get(key)][:1]
        said = said or [describe_condition(each) for each in conditions.values() if each.get("status") == FALSE][:1]
        why = f"it is {phase}{f': {said[0]}' if said else ''}"
        return Readiness("failed" if phase in bad else "waiting", why)

    return check_phase


def _check_request(live: Manifest, status: Mapping[str, Any], conditions: Conditions) -> Readiness:
    for name in ("Denied", "InvalidRequest"):
        if is_true(conditions, name):
            return Readiness("failed", describe_condition(conditions[name]))
    if conditions.get("Ready", {}).get("reason") == "Failed":
        return Readiness("failed", describe_condition(conditions["Ready"]))
    return _require_conditions("Ready")(live, status, conditions)


def _check_prometheus(live: Manifest, status: Mapping[str, Any], conditions: Conditions) -> Readiness:
    if (live.get("spec") or {}).get("paused") or status.get("paused"):
        return Readiness("waiting", "it is paused: its operator changes nothing")
    return _require_conditions("Reconciled", "Available")(live, status, conditions)


def _check_gateway(live: Manifest, status: Mapping[str, Any], conditions: Conditions) -> Readiness:
    found = _require_conditions("Accepted", "Programmed")(live, status, conditions)
    if found.phase != "ready":
        return found
    for listener in status.get("listeners") or ():
        said = read_conditions(listener.get("conditions"))
        bad = [said[name] for name in ("Accepted", "ResolvedRefs", "Programmed") if _is_false(said, name)]
        bad += [said["Conflicted"]] if is_true(said, "Conflicted") else []
        if bad:
            return Readiness("waiting", f"listener {listener.get('name')}: {describe_condition(bad[0])}")
    return READY


def _check_route(live: Manifest, status: Mapping[str, Any], _conditions: Conditions) -> Readiness:
    parents = [each for each in status.get("parents") or () if isinstance(each, Mapping)]
    answered = {str(each.get("parentRef")) for each in parents}
    asked = len((live.get("spec") or {}).get("parentRefs") or ())
    if len(answered) < asked:
        return Readiness("waiting", f"{len(answered)} of its {asked} gateways have answered")
    for parent in parents:
        said = read_conditions(parent.get("conditions"))
        found = _require_conditions("Accepted", "ResolvedRefs")(live, status, said)
        if found.phase == "ready" and is_true(said, "PartiallyInvalid"):
            found = Readiness("waiting", describe_condition(said["PartiallyInvalid"]))
        if found.phase != "ready":
            name = (parent.get("parentRef") or {}).get("name")
            return Readiness(found.phase, f"gateway {name}: {found.why}")
    return READY


def _is_false(conditions: Conditions, name: str) -> bool:
    return conditions.get(name, {}).get("status") == FALSE


_READY_TYPES = (
    *(f"{kind}.cert-manager.io" for kind in ("Certificate", "Issuer", "ClusterIssuer")),
    *(
        f"{kind}.external-secrets.io"
        for kind in ("ExternalSecret", "ClusterExternalSecret", "SecretStore", "ClusterSecretStore", "PushSecret")
    ),
    *("NodePool.karpenter.sh", "NodeClaim.karpenter.sh", "EC2NodeClass.karpenter.k8s.aws"),
)
_PACKAGE_TYPES = tuple(f"{kind}.pkg.crossplane.io" for kind in ("Provider", "Function", "Configuration"))
_ENDS = (frozenset({"Successful"}), frozenset({"Failed", "Error", "Inconclusive"}))
_STATES = (frozenset({"valid"}), frozenset({"invalid", "errored", "expired"}))
_CHECKS: Mapping[str, Check] = {
    "Rollout.argoproj.io": _check_rollout,
    **dict.fromkeys(_ANALYSES, _check_phase("phase", *_ENDS)),
    "Canary.flagger.app": _check_phase("phase", frozenset({"Initialized", "Succeeded"}), frozenset({"Failed"})),
    **dict.fromkeys(_READY_TYPES, _require_conditions("Ready")),
    "CertificateRequest.cert-manager.io": _check_request,
    **dict.fromkeys(("Order.acme.cert-manager.io", "Challenge.acme.cert-manager.io"), _check_phase("state", *_STATES)),
    **dict.fromkeys(_PACKAGE_TYPES, _require_conditions("Installed", "Healthy")),
    "CompositeResourceDefinition.apiextensions.crossplane.io": _require_conditions("Established"),
    "GatewayClass.gateway.networking.k8s.io": _require_conditions("Accepted"),
    "Gateway.gateway.networking.k8s.io": _check_gateway,
}
