"""Documents that are about no object: health, version, and the list of paths."""

from collections.abc import Iterator, Mapping

from kube_api_emulator.server.api.exchange import ApiAnswer
from kube_api_emulator.server.resources import Object, ResourceRegistry

_TEXT = "text/plain; charset=utf-8"
_FIRST_HOOKS = (
    *("start-apiserver-admission-initializer", "generic-apiserver-start-informers"),
    *("priority-and-fairness-config-consumer", "priority-and-fairness-filter", "storage-object-count-tracker-hook"),
    *("start-apiextensions-informers", "start-apiextensions-controllers", "crd-informer-synced"),
    *("start-system-namespaces-controller", "peer-endpoint-reconciler-controller"),
    *("start-cluster-authentication-info-controller", "start-kube-apiserver-identity-lease-controller"),
    *("start-kube-apiserver-identity-lease-garbage-collector", "storage-readiness"),
    *("start-legacy-token-tracking-controller", "start-service-ip-repair-controllers", "rbac/bootstrap-roles"),
    *("scheduling/bootstrap-system-priority-classes", "priority-and-fairness-config-producer"),
    *("bootstrap-controller", "start-kubernetes-service-cidr-controller", "start-kube-aggregator-informers"),
    *("apiservice-status-local-available-controller", "apiservice-status-remote-available-controller"),
    *("apiservice-registration-controller", "apiservice-wait-for-first-sync", "apiservice-discovery-controller"),
    "kube-apiserver-autoregistration",
)
_LAST_HOOKS = ("apiservice-openapi-controller", "apiservice-openapiv3-controller")
_LIVE, _READY = ("loopback-serving-certificate", "etcd"), ("informer-sync",)
_OTHER_PATHS = ("/metrics", "/metrics/slis", "/openapi/v2", "/openapi/v3", "/openapi/v3/", "/version")


def answer_health(path: str, query: Mapping[str, str]) -> ApiAnswer | None:
    """Answer whether the server is healthy; None for another path."""
    _, kind, *rest = path.split("/")
    if kind not in ("healthz", "livez", "readyz"):
        return None
    checks, wanted = _list_checks(kind), "/".join(rest)
    if wanted:
        is_known = wanted in checks or (wanted == "etcd" and kind != "readyz")
        return ApiAnswer(200, b"ok", _TEXT) if is_known else page_not_found()
    if "verbose" not in query:
        return ApiAnswer(200, b"ok", _TEXT)
    excluded = query.get("exclude", "")
    lines = [f"[+]{check} {'excluded: ok' if check == excluded else 'ok'}" for check in checks]
    if excluded and excluded not in checks:
        lines.append(f'warn: some health checks cannot be excluded: no matches for "{excluded}"')
    return ApiAnswer(200, "".join(f"{line}\n" for line in [*lines, f"{kind} check passed"]).encode(), _TEXT)


def _list_checks(kind: str) -> list[str]:
    first, last = (_READY, ("shutdown",)) if kind == "readyz" else (_LIVE, ())
    hooks = [f"poststarthook/{name}" for name in _FIRST_HOOKS]
    later = [f"poststarthook/{name}" for name in _LAST_HOOKS]
    return ["ping", "log", *first, *hooks, "autoregister-completion", *later, *last]


def document_not_found() -> ApiAnswer:
    """Answer a path below the documents of OpenAPI that there is not."""
    return ApiAnswer(404, b"", "")


def page_not_found() -> ApiAnswer:
    """Answer a path that no part of the server knows."""
    return ApiAnswer(404, b"404 page not found\n", _TEXT)


def list_paths(registry: ResourceRegistry) -> Object:
    """Return the paths of the server."""
    health = ("/healthz", "/livez", "/readyz")
    checks = [f"{path}/{check}" for path in health for check in _list_checks(path[1:])]
    known = ["/.well-known/openid-configuration", "/openid/v1/jwks", *_list_kinds(registry), *health, *checks]
    return {"paths": sorted({*known, *_OTHER_PATHS})}


def _list_kinds(registry: ResourceRegistry) -> Iterator[str]:
    yield from ("/api", "/api/v1", "/apis", "/apis/")
    for group, versions in registry.group_versions().items():
        if group:
            yield f"/apis/{group}"
            yield from (f"/apis/{group}/{version}" for version in versions)


def describe_version(version: str) -> Object:
    major, _, minor = version.partition(".")
    described: Object = {"major": major, "minor": minor}
    described |= {"emulationMajor": major, "emulationMinor": minor}
    described |= {"minCompatibilityMajor": major, "minCompatibilityMinor": str(int(minor) - 1)}
    described |= {"gitVersion": f"v{major}.{minor}.0-emulator", "gitCommit": "0" * 40, "gitTreeState": "clean"}
    described |= {"buildDate": "1970-01-01T00:00:00Z", "goVersion": "none", "compiler": "gc"}
    return described | {"platform": "linux/amd64"}
