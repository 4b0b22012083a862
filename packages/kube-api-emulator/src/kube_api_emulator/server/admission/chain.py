"""The order in which a write is completed and checked, as the plugins of kube-apiserver are called.

Source: k8s.io/kubernetes v1.36.2, pkg/kubeapiserver/options/plugins.go (AllOrderedPlugins,
DefaultOffAdmissionPlugins); k8s.io/apiserver v0.36.2, pkg/admission/plugin/namespace/lifecycle/admission.go (Admit).
"""

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from kube_api_emulator.server.admission.accounts import set_account
from kube_api_emulator.server.admission.claim_sizes import check_claim_size
from kube_api_emulator.server.admission.cluster_defaults import (
    check_default_priority,
    set_ingress_class,
    set_priority,
    set_protection,
    set_storage_class,
    set_taint,
)
from kube_api_emulator.server.admission.limit_ranges import check_limit_ranges, set_default_resources
from kube_api_emulator.server.admission.pod_security import check_pod_security
from kube_api_emulator.server.admission.policies import check_policies
from kube_api_emulator.server.admission.quotas import check_quotas
from kube_api_emulator.server.admission.requests import AdmissionRequest
from kube_api_emulator.server.admission.runtime_classes import check_overhead, set_runtime_class
from kube_api_emulator.server.admission.webhooks.calls import mutate_object, validate_object
from kube_api_emulator.server.conversion import to_stored
from kube_api_emulator.server.metadata import MOST_BASE, drop_double_owners, keep_fixed_parts
from kube_api_emulator.server.resources import Object, Resource
from kube_api_emulator.server.rules.pod_updates import POD_PARTS, keep_pod_part
from kube_api_emulator.server.rules.schema_rules import SchemaRules

_COMPLETED = frozenset(
    {
        "Ingress",
        "Node",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "Pod",
    }
)
# The server sets them in a new object after the webhooks that may change it.
_LATE_METADATA = ("uid", "creationTimestamp", "generation")
_IMMORTAL = frozenset({"default", "kube-system", "kube-public"})

Check = Callable[[AdmissionRequest], None]


class AdmissionChain:
    """The plugins of one cluster.

    Attributes:
        has_accounts: whether pods get the service account of their namespace.
        checks: more checks, which come before the quotas.
    """

    def __init__(self) -> None:
        self.has_accounts = False
        self.checks: list[Check] = []

    def change(self, request: AdmissionRequest, rules: SchemaRules) -> Object:
        """Return the object of a create or an update with the changes of plugins and webhooks.

        Raises StatusError and ContentError.
        """
        item = self._complete(request, rules)
        shown = item if request.live else _hide_late_fields(request.resource, item)
        changed = mutate_object(replace(request, item=shown), partial(self._finish, request, rules))
        if changed is None or changed is shown:
            return item
        return changed if request.live else _restore_late_fields(request.resource, item, changed)

    def _complete(self, request: AdmissionRequest, rules: SchemaRules) -> Object:
        """Return the object of a write with what the server itself changes."""
        resource, item, live = request.resource, request.subject, request.live
        if live is not None:
            return keep_pod_part(live, copy.deepcopy(item)) if request.part in POD_PARTS else item
        if resource.is_custom or resource.kind not in _COMPLETED:
            return item
        kept = copy.deepcopy(item)
        if self._run_plugins(replace(request, item=kept)):
            rules.set_defaults(resource, kept, None)
        return kept

    def _finish(self, request: AdmissionRequest, rules: SchemaRules, matched: Resource, patched: Object) -> Object:
        """Return an object that a webhook has changed, as the server goes on with it."""
        rules.check_types(matched, patched, "Ignore")
        resource, live = request.resource, request.live
        item = to_stored(matched, patched) | {"apiVersion": resource.group_version, "kind": resource.kind}
        if live is not None:
            keep_fixed_parts(resource, live, item, request.part)
        drop_double_owners(item)
        rules.set_defaults(resource, item, live)
        return self._complete(replace(request, item=item), rules)

    def _run_plugins(self, request: AdmissionRequest) -> bool:
        """Change a new object. Returns whether anything has changed, raises StatusError."""
        changed = set_default_resources(request)
        if self.has_accounts:
            changed |= set_account(request)
        changed |= set_priority(request)
        changed |= set_protection(request)
        changed |= set_taint(request)
        changed |= set_storage_class(request)
        changed |= set_runtime_class(request)
        return set_ingress_class(request) or changed

    def check(self, request: AdmissionRequest) -> None:
        """Check a write, and add to its warnings. Raises StatusError."""
        if request.operation == "DELETE" and request.resource.is_namespace and request.name in _IMMORTAL:
            raise request.refuse("this namespace may not be deleted")
        if request.item is None:
            # The other operations have asked these webhooks before.
            mutate_object(request, lambda _, item: item)
        check_limit_ranges(request)
        check_default_priority(request)
        check_claim_size(request)
        check_overhead(request)
        request.warnings.extend(check_pod_security(request))
        for check in self.checks:
            check(request)
        request.warnings.extend(check_policies(request))
        validate_object(request)
        # The last one: what is refused anyway uses nothing.
        check_quotas(request)


def _hide_late_fields(resource: Resource, item: Object) -> Object:
    """Return a new object as webhooks see it that may change it."""
    metadata = {name: value for name, value in item["metadata"].items() if name not in _LATE_METADATA}
    base = metadata.get("generateName")
    if base and metadata["name"].startswith(base[:MOST_BASE]):
        del metadata["name"]
    return {name: value for name, value in item.items() if name != "status" or not resource.has_status} | {
        "metadata": metadata
    }


def _restore_late_fields(resource: Resource, item: Object, changed: Object) -> Object:
    late = {name: item["metadata"][name] for name in ("name", *_LATE_METADATA) if name in item["metadata"]}
    status = {"status": item["status"]} if resource.has_status and "status" in item else {}
    return changed | {"metadata": changed["metadata"] | late} | status
