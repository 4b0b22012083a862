"""The ClusterInspector port: tools of this machine, and what a cluster lets its caller do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from envctl.adapters.kubernetes.api import ApiRefusal, ClusterApi, Permission
from envctl.adapters.kubernetes.rendering.tools import HELM, KUBECTL, find_tool, read_kubectl_version, read_versions
from envctl.domain.plan.cluster_identity import IDENTITY_NAMESPACE
from envctl.usecases.ports.kubernetes import ClusterConnection, LookPermissions

PATIENCE_SECONDS = 10.0
_PROBES = (("deployments", "apps"), ("configmaps", ""))
# A namespace is in itself: a Role in it is enough.
_IDENTIFIES = Permission("get", "namespaces", namespace=IDENTITY_NAMESPACE, name=IDENTITY_NAMESPACE)
_VERBS = ("get", "create", "patch", "delete")
"""A server-side apply creates missing objects, and patches the others. A dry run needs the same permissions."""
_READ = (*_PROBES, ("pods", ""), ("events", ""))
_READ_VERBS = ("get", "list")
_TRIAL = "envctl-doctor"
"""Name of an object that is applied as a dry run, and the manager of its fields. It is never stored."""
_FORBIDDEN, _MISSING = 403, 404


@dataclass(frozen=True, eq=False, repr=False)
class KubernetesInspector:
    """`inherited` returns the environment with the proxies."""

    inherited: Callable[[], Mapping[str, str]]

    def describe_tools(self, *, with_helm: bool) -> Mapping[str, str]:
        versions = read_versions(with_helm=with_helm)
        found = {KUBECTL: f"with kustomize {versions['kustomize']} ({find_tool(KUBECTL)})"}
        return {**found, HELM: f"{versions[HELM]} ({find_tool(HELM)})"} if with_helm else found

    read_kubectl_version = staticmethod(read_kubectl_version)

    def fetch_version(self, connection: ClusterConnection) -> str:
        return self._open(connection).version

    def list_missing_permissions(self, connection: ClusterConnection, namespace: str) -> tuple[str, ...]:
        api = self._open(connection)
        wanted = [Permission(verb, resource, group, namespace) for resource, group in _PROBES for verb in _VERBS]
        return tuple(str(each) for each in (*wanted, _IDENTIFIES) if not api.has_permission(each))

    def check_looking(self, connection: ClusterConnection, namespace: str) -> LookPermissions:
        api = self._open(connection)
        wanted = [Permission(verb, resource, group, namespace) for resource, group in _READ for verb in _READ_VERBS]
        missing = tuple(str(each) for each in (*wanted, _IDENTIFIES) if not api.has_permission(each))
        trial = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": _TRIAL, "namespace": namespace}}
        try:
            api.apply(trial, manager=_TRIAL, dry_run=True)
        except ApiRefusal as refusal:
            if refusal.code == _MISSING:
                return LookPermissions(missing, None, f"namespace {namespace} does not exist yet")
            return LookPermissions(missing, False if refusal.code == _FORBIDDEN else None, refusal.message)
        return LookPermissions(missing, True)

    def _open(self, connection: ClusterConnection) -> ClusterApi:
        return ClusterApi(connection, self.inherited(), patience=PATIENCE_SECONDS)
