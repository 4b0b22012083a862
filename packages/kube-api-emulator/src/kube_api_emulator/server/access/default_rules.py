"""The rules of the roles that each cluster has from its beginning.

Facts of Kubernetes 1.36: plugin/pkg/auth/authorizer/rbac/bootstrappolicy.

`= NAME >VIEW <VIEW` begins a role that is part of the role after `>`, or is made of the roles for the role after `<`.
Below it are its rules: verbs, groups (`-` for the first one), resources, names of objects. A path begins with `/`.
"""

# ruff: noqa: E501 (a rule a line)

CLUSTER_ROLES = """
= admin <admin
= cluster-admin
* * *
* /*
= edit >admin <edit
= system:aggregate-to-admin >admin
create authorization.k8s.io localsubjectaccessreviews
ALL rbac.authorization.k8s.io rolebindings,roles
= system:aggregate-to-edit >edit
READ - pods/attach,pods/exec,pods/portforward,pods/proxy,secrets,services/proxy
impersonate - serviceaccounts
WRITE - pods,pods/attach,pods/exec,pods/portforward,pods/proxy
create - pods/eviction
WRITE - configmaps,persistentvolumeclaims,replicationcontrollers,replicationcontrollers/scale,secrets,serviceaccounts,services,services/proxy
create - serviceaccounts/token
WRITE -,events.k8s.io events
WRITE apps daemonsets,deployments,deployments/rollback,deployments/scale,replicasets,replicasets/scale,statefulsets,statefulsets/scale
WRITE autoscaling horizontalpodautoscalers
WRITE batch cronjobs,jobs
WRITE extensions daemonsets,deployments,deployments/rollback,deployments/scale,ingresses,networkpolicies,replicasets,replicasets/scale,replicationcontrollers/scale
WRITE policy poddisruptionbudgets
WRITE networking.k8s.io ingresses,networkpolicies
ALL coordination.k8s.io leases
WRITE resource.k8s.io resourceclaims,resourceclaimtemplates
= system:aggregate-to-view >view
READ - configmaps,endpoints,persistentvolumeclaims,persistentvolumeclaims/status,pods,replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/status
READ - bindings,limitranges,namespaces/status,pods/log,pods/status,replicationcontrollers/status,resourcequotas,resourcequotas/status
READ - namespaces
READ -,events.k8s.io events
READ discovery.k8s.io endpointslices
READ apps controllerrevisions,daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,replicasets,replicasets/scale,replicasets/status,statefulsets,statefulsets/scale,statefulsets/status
READ autoscaling horizontalpodautoscalers,horizontalpodautoscalers/status
READ batch cronjobs,cronjobs/status,jobs,jobs/status
READ extensions daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,ingresses,ingresses/status,networkpolicies,replicasets,replicasets/scale,replicasets/status,replicationcontrollers/scale
READ policy poddisruptionbudgets,poddisruptionbudgets/status
READ networking.k8s.io ingresses,ingresses/status,networkpolicies
READ resource.k8s.io resourceclaims,resourceclaims/status,resourceclaimtemplates
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
= system:heapster
READ - events,namespaces,nodes,pods
READ extensions deployments
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
get,list,update,watch coordination.k8s.io leases kube-scheduler
ALL coordination.k8s.io leasecandidates
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
READ storage.k8s.io volumeattachments
READ - namespaces
READ storage.k8s.io csidrivers
READ storage.k8s.io csistoragecapacities
READ resource.k8s.io deviceclasses
get,list,patch,update,watch resource.k8s.io resourceclaims
get,list,patch,update,watch resource.k8s.io resourceclaims/status
update - pods/finalizers
READ resource.k8s.io resourceslices
create,delete resource.k8s.io resourceclaims
patch,update resource.k8s.io resourceclaims/binding
= system:kubelet-api-admin
READ - nodes
proxy - nodes
* - nodes/log,nodes/metrics,nodes/proxy,nodes/stats
* - nodes/configz,nodes/healthz,nodes/pods
= system:monitoring
get /flagz,/healthz,/healthz/*,/livez,/livez/*,/metrics,/metrics/slis,/readyz,/readyz/*,/statusz
get - nodes/metrics
= system:node
create authentication.k8s.io tokenreviews
create authorization.k8s.io localsubjectaccessreviews,subjectaccessreviews
READ - services
create,get,list,watch - nodes
patch,update - nodes/status
patch,update - nodes
EVENTS -,events.k8s.io events
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
get resource.k8s.io resourceclaims
deletecollection resource.k8s.io resourceslices
get - serviceaccounts
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
list,watch networking.k8s.io servicecidrs
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
get /.well-known/openid-configuration,/.well-known/openid-configuration/,/openid/v1/jwks,/openid/v1/jwks/
= system:volume-scheduler
get,list,patch,update,watch - persistentvolumes
READ storage.k8s.io storageclasses
get,list,patch,update,watch - persistentvolumeclaims
= view >edit <view
"""

# Each name begins with its namespace.
NAMESPACE_ROLES = """
= kube-system/extension-apiserver-authentication-reader
READ - configmaps extension-apiserver-authentication
"""

# Each binds the role of its name: kind and names of the subjects.
CLUSTER_BINDINGS = """
cluster-admin Group:system:masters
system:basic-user Group:system:authenticated
system:discovery Group:system:authenticated
system:public-info-viewer Group:system:authenticated Group:system:unauthenticated
system:monitoring Group:system:monitoring
system:kube-controller-manager User:system:kube-controller-manager
system:kube-dns ServiceAccount:kube-dns
system:kube-scheduler User:system:kube-scheduler
system:node
system:node-proxier User:system:kube-proxy
system:service-account-issuer-discovery Group:system:serviceaccounts
system:volume-scheduler User:system:kube-scheduler
"""

# Namespace and name, the name of the role, and the subjects.
NAMESPACE_BINDINGS = """
kube-system/system::extension-apiserver-authentication-reader extension-apiserver-authentication-reader User:system:kube-controller-manager User:system:kube-scheduler
"""
