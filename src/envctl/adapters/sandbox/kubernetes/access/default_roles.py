"""The roles and bindings that each cluster has from its beginning.

Facts of the Kubernetes project: plugin/pkg/auth/authorizer/rbac/bootstrappolicy (cluster-roles.yaml,
cluster-role-bindings.yaml). The roles of the controllers are left out, because those of the sandbox need none.
"""

import uuid
from collections.abc import Iterator
from typing import Any

from envctl.adapters.sandbox.kubernetes.identity.rules import Rule, format_rule

Object = dict[str, Any]

GROUP = "rbac.authorization.k8s.io"
_LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}
_ANNOTATIONS = {"rbac.authorization.kubernetes.io/autoupdate": "true"}
_AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"
_VERBS = {
    "READ": ("get", "list", "watch"),
    "WRITE": ("create", "delete", "deletecollection", "patch", "update"),
    "ALL": ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"),
    "EVENTS": ("create", "patch", "update"),
}

# `= NAME >VIEW <VIEW`: a role that is part of the role after `>`, or is made of the roles for the role after `<`.
# Below it its rules: verbs, groups (`-` for the first one), resources, names of objects. A path begins with `/`.
_ROLES = """
= cluster-admin
* * *
* /*
= admin <admin
= edit <edit >admin
= view <view >edit
= system:aggregate-to-admin >admin
create authorization.k8s.io localsubjectaccessreviews
ALL rbac.authorization.k8s.io rolebindings,roles
= system:aggregate-to-edit >edit
READ - pods/attach,pods/exec,pods/portforward,pods/proxy,secrets,services/proxy
impersonate - serviceaccounts
WRITE - pods,pods/attach,pods/exec,pods/portforward,pods/proxy
create - pods/eviction
WRITE - configmaps,events,persistentvolumeclaims,replicationcontrollers,replicationcontrollers/scale,secrets,serviceaccounts,services,services/proxy
create - serviceaccounts/token
WRITE apps daemonsets,deployments,deployments/rollback,deployments/scale,replicasets,replicasets/scale,statefulsets,statefulsets/scale
WRITE autoscaling horizontalpodautoscalers
WRITE batch cronjobs,jobs
WRITE extensions daemonsets,deployments,deployments/rollback,deployments/scale,ingresses,networkpolicies,replicasets,replicasets/scale,replicationcontrollers/scale
WRITE policy poddisruptionbudgets
WRITE networking.k8s.io ingresses,networkpolicies
ALL coordination.k8s.io leases
= system:aggregate-to-view >view
READ - configmaps,endpoints,persistentvolumeclaims,persistentvolumeclaims/status,pods,replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/status
READ - bindings,events,limitranges,namespaces/status,pods/log,pods/status,replicationcontrollers/status,resourcequotas,resourcequotas/status
READ - namespaces
READ discovery.k8s.io endpointslices
READ apps controllerrevisions,daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,replicasets,replicasets/scale,replicasets/status,statefulsets,statefulsets/scale,statefulsets/status
READ autoscaling horizontalpodautoscalers,horizontalpodautoscalers/status
READ batch cronjobs,cronjobs/status,jobs,jobs/status
READ extensions daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,ingresses,ingresses/status,networkpolicies,replicasets,replicasets/scale,replicasets/status,replicationcontrollers/scale
READ policy poddisruptionbudgets,poddisruptionbudgets/status
READ networking.k8s.io ingresses,ingresses/status,networkpolicies
= system:auth-delegator
create authentication.k8s.io tokenreviews
create authorization.k8s.io subjectaccessreviews
= system:basic-user
create authorization.k8s.io selfsubjectaccessreviews,selfsubjectrulesreviews
create authentication.k8s.io selfsubjectreviews
= system:certificates.k8s.io:certificatesigningrequests:nodeclient
create certificates.k8s.io certificatesigningrequests/nodeclient
= system:certificates.k8s.io:certificatesigningrequests:selfnodeclient
create certificates.k8s.io certificatesigningrequests/selfnodeclient
= system:certificates.k8s.io:kube-apiserver-client-approver
approve certificates.k8s.io signers kubernetes.io/kube-apiserver-client
= system:certificates.k8s.io:kube-apiserver-client-kubelet-approver
approve certificates.k8s.io signers kubernetes.io/kube-apiserver-client-kubelet
= system:certificates.k8s.io:kubelet-serving-approver
approve certificates.k8s.io signers kubernetes.io/kubelet-serving
= system:certificates.k8s.io:legacy-unknown-approver
approve certificates.k8s.io signers kubernetes.io/legacy-unknown
= system:discovery
get /api,/api/*,/apis,/apis/*,/healthz,/livez,/openapi,/openapi/*,/readyz,/version,/version/
= system:kube-aggregator
READ - endpoints,services
= system:kube-controller-manager
EVENTS -,events.k8s.io events
create coordination.k8s.io leases
get,update coordination.k8s.io leases kube-controller-manager
create - secrets,serviceaccounts
delete - secrets
get - configmaps,namespaces,secrets,serviceaccounts
update - secrets,serviceaccounts
create authentication.k8s.io tokenreviews
create authorization.k8s.io subjectaccessreviews
list,watch * *
create - serviceaccounts/token
= system:kube-dns
list,watch - endpoints,services
= system:kube-scheduler
EVENTS -,events.k8s.io events
create coordination.k8s.io leases
get,update coordination.k8s.io leases kube-scheduler
READ - nodes
delete,get,list,watch - pods
create - bindings,pods/binding
patch,update - pods/status
READ - replicationcontrollers,services
READ apps,extensions replicasets
READ apps statefulsets
READ policy poddisruptionbudgets
READ - persistentvolumeclaims,persistentvolumes
create authentication.k8s.io tokenreviews
create authorization.k8s.io subjectaccessreviews
READ storage.k8s.io csinodes
READ - namespaces
READ storage.k8s.io csidrivers
READ storage.k8s.io csistoragecapacities
= system:kubelet-api-admin
READ - nodes
proxy - nodes
* - nodes/log,nodes/metrics,nodes/proxy,nodes/stats
= system:monitoring
get /healthz,/healthz/*,/livez,/livez/*,/metrics,/metrics/slis,/readyz,/readyz/*
= system:node
create authentication.k8s.io tokenreviews
create authorization.k8s.io localsubjectaccessreviews,subjectaccessreviews
READ - services
create,get,list,watch - nodes
patch,update - nodes/status
patch,update - nodes
EVENTS - events
READ - pods
create,delete - pods
patch,update - pods/status
create - pods/eviction
READ - configmaps,secrets
get - persistentvolumeclaims,persistentvolumes
get - endpoints
create,get,list,watch certificates.k8s.io certificatesigningrequests
create,delete,get,patch,update coordination.k8s.io leases
get storage.k8s.io volumeattachments
create - serviceaccounts/token
get,patch,update - persistentvolumeclaims/status
READ storage.k8s.io csidrivers
create,delete,get,patch,update storage.k8s.io csinodes
READ node.k8s.io runtimeclasses
= system:node-bootstrapper
create,get,list,watch certificates.k8s.io certificatesigningrequests
= system:node-problem-detector
get - nodes
patch - nodes/status
EVENTS -,events.k8s.io events
= system:node-proxier
list,watch - endpoints,services
READ - nodes
EVENTS -,events.k8s.io events
list,watch discovery.k8s.io endpointslices
= system:persistent-volume-provisioner
create,delete,get,list,watch - persistentvolumes
get,list,update,watch - persistentvolumeclaims
READ storage.k8s.io storageclasses
watch - events
EVENTS -,events.k8s.io events
= system:public-info-viewer
get /healthz,/livez,/readyz,/version,/version/
= system:service-account-issuer-discovery
get /.well-known/openid-configuration,/openid/v1/jwks
= system:volume-scheduler
get,list,patch,update,watch - persistentvolumes
READ storage.k8s.io storageclasses
get,list,patch,update,watch - persistentvolumeclaims
"""  # noqa: E501 (a rule a line)

# Each binds the role of its name.
_BINDINGS = """
cluster-admin Group system:masters
system:basic-user Group system:authenticated
system:discovery Group system:authenticated
system:public-info-viewer Group system:authenticated,system:unauthenticated
system:monitoring Group system:monitoring
system:kube-controller-manager User system:kube-controller-manager
system:kube-dns ServiceAccount kube-dns
system:kube-scheduler User system:kube-scheduler
system:node-proxier User system:kube-proxy
system:service-account-issuer-discovery Group system:serviceaccounts
system:volume-scheduler User system:kube-scheduler
"""


def build_default_roles() -> Iterator[Object]:
    """Return the ClusterRoles of a new cluster."""
    for text in _ROLES.strip().removeprefix("= ").split("\n= "):
        head, *lines = text.splitlines()
        name, *marks = head.split()
        labels = {f"{_AGGREGATE}{mark[1:]}": "true" for mark in marks if mark.startswith(">")}
        role = _build("ClusterRole", name, labels)
        for mark in marks:
            if mark.startswith("<"):
                selector = {"matchLabels": {f"{_AGGREGATE}{mark[1:]}": "true"}}
                role["aggregationRule"] = {"clusterRoleSelectors": [selector]}
        yield role | {"rules": [format_rule(_parse_rule(line)) for line in lines]}


def build_default_bindings() -> Iterator[Object]:
    """Return the ClusterRoleBindings of a new cluster."""
    for line in _BINDINGS.strip().splitlines():
        name, kind, names = line.split()
        subjects: list[Object] = [{"apiGroup": GROUP, "kind": kind, "name": each} for each in names.split(",")]
        if kind == "ServiceAccount":
            subjects = [{"kind": kind, "name": names, "namespace": "kube-system"}]
        reference = {"apiGroup": GROUP, "kind": "ClusterRole", "name": name}
        yield _build("ClusterRoleBinding", name, {}) | {"roleRef": reference, "subjects": subjects}


def _parse_rule(line: str) -> Rule:
    verbs, subject, *rest = line.split()
    named = _VERBS.get(verbs) or tuple(verbs.split(","))
    if subject.startswith("/"):
        return Rule(named, paths=("*",) if subject == "/*" else tuple(subject.split(",")))
    groups = tuple("" if each == "-" else each for each in subject.split(","))
    return Rule(named, groups, tuple(rest[0].split(",")), tuple(rest[1:]))


def _build(kind: str, name: str, labels: dict[str, str]) -> Object:
    metadata = {
        "name": name,
        "uid": str(uuid.uuid4()),
        "creationTimestamp": "1970-01-01T00:00:00Z",
        "labels": _LABELS | labels,
        "annotations": dict(_ANNOTATIONS),
    }
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": metadata}
