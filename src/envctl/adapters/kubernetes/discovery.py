"""The kinds of a cluster, from one aggregated document, or from one of each group version of an older cluster."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from envctl.adapters.http.waits import map_in_threads
from envctl.adapters.kubernetes.failures import missing_api_error
from envctl.adapters.kubernetes.refusals import NOT_FOUND, ApiRefusal
from envctl.adapters.kubernetes.transport import JSON, Call, Transport

_AGGREGATED = ",".join(
    [f"{JSON};g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1")] + [JSON]
)
_AGGREGATED_KIND = "APIGroupDiscoveryList"
_ROOTS = ("/apis", "/api")


@dataclass(frozen=True)
class ApiResource:
    """A kind as a cluster serves it. The group of the core API is empty."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def build_path(self, namespace: str = "", name: str = "") -> str:
        """Return the path of an object, or of a list without a name; of all namespaces without a namespace."""
        root = group_path(self.api_version)
        space = f"/namespaces/{quote(namespace, safe='')}" if namespace and self.namespaced else ""
        return f"{root}{space}/{self.plural}" + (f"/{quote(name, safe='')}" if name else "")


Kinds = Mapping[str, ApiResource]


def group_path(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


@dataclass(frozen=True)
class _KnownApi:
    """The kinds of a cluster by API version, and the APIs without an answering server.

    Without `is_aggregated`, each of the `api_versions` is asked for when it is needed.
    """

    kinds: dict[str, Kinds]
    stale: frozenset[str] = frozenset()
    api_versions: tuple[str, ...] = ()
    is_aggregated: bool = False


@dataclass(eq=False, repr=False)
class Discovery:
    """Asks once, and again after `forget`. Threads share it."""

    transport: Transport
    _known: _KnownApi | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def forget(self) -> None:
        with self._lock:
            self._known = None

    def find_resource(self, api_version: str, kind: str) -> ApiResource | None:
        """Return the kind; None if the cluster does not serve it. Raises OperationFailedError if its group is there,
        and the server behind it does not answer.
        """
        known = self._load()
        self._require_group(known, api_version)
        found = known.kinds.get(api_version, {}).get(kind)
        if found is None and api_version in known.stale:
            raise missing_api_error(self.transport.connection.name, api_version)
        return found

    def list_resources(self) -> tuple[ApiResource, ...]:
        """Return all kinds that can be listed, each in the version that the cluster prefers."""
        known = self._load()
        for api_version in known.api_versions:
            self._require_group(known, api_version)
        found: dict[tuple[str, str], ApiResource] = {}
        for kinds in known.kinds.values():
            for each in kinds.values():
                if "list" in each.verbs:
                    found.setdefault((each.group, each.kind), each)
        return tuple(found.values())

    def _require_group(self, known: _KnownApi, api_version: str) -> None:
        if api_version not in known.kinds and not known.is_aggregated:
            known.kinds[api_version] = self._load_group(api_version)

    def _load(self) -> _KnownApi:
        with self._lock:
            if self._known is None:
                self._known = self._ask()
            return self._known

    def _ask(self) -> _KnownApi:
        # Both at once: each takes a while over a network.
        calls = [Call("GET", path, accept=_AGGREGATED) for path in _ROOTS]
        answers = map_in_threads(self.transport.send_json, calls, len(_ROOTS))
        if not all(each.get("kind") == _AGGREGATED_KIND for each in answers):
            return _KnownApi({}, api_versions=tuple(name for each in answers for name in _list_legacy_versions(each)))
        versions = [each for answer in answers for each in _list_versions(answer)]
        stale = frozenset(name for name, version in versions if version.get("freshness") == "Stale")
        return _KnownApi({name: _read_kinds(name, version) for name, version in versions}, stale, is_aggregated=True)

    def _load_group(self, api_version: str) -> Kinds:
        try:
            answer = self.transport.send_json(Call("GET", group_path(api_version)))
        except ApiRefusal as refusal:
            if refusal.code == NOT_FOUND:
                return {}
            raise
        group, _, version = api_version.rpartition("/")
        # Subresources have a slash in their names.
        return {
            str(each["kind"]): ApiResource(
                group, version, str(each["kind"]), str(each["name"]), bool(each.get("namespaced")), _read_verbs(each)
            )
            for each in answer.get("resources") or ()
            if "/" not in each.get("name", "/") and each.get("kind")
        }


def _list_versions(answer: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the group versions of an aggregated document, by api version."""
    found = []
    for group in answer.get("items") or ():
        name = (group.get("metadata") or {}).get("name") or ""
        found += [(f"{name}/{each['version']}" if name else each["version"], each) for each in group["versions"]]
    return found


def _list_legacy_versions(answer: Mapping[str, Any]) -> list[str]:
    """Return the api versions of an older document, those that the cluster prefers first."""
    found = list(answer.get("versions") or ())
    groups = answer.get("groups") or ()
    found += [each["preferredVersion"]["groupVersion"] for each in groups if each.get("preferredVersion")]
    found += [version["groupVersion"] for each in groups for version in each.get("versions") or ()]
    return list(dict.fromkeys(found))


def _read_kinds(api_version: str, version: Mapping[str, Any]) -> Kinds:
    group, _, name = api_version.rpartition("/")
    kinds: dict[str, ApiResource] = {}
    for each in version.get("resources") or ():
        if kind := (each.get("responseKind") or {}).get("kind"):
            found = ApiResource(group, name, kind, each["resource"], each["scope"] == "Namespaced", _read_verbs(each))
            kinds.setdefault(kind, found)
    return kinds


def _read_verbs(resource: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(resource.get("verbs") or ())
