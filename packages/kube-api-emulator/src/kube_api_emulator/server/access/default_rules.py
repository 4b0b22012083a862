"""The rules of the roles that each cluster has from its beginning.

`= NAME >VIEW <VIEW` begins a role that is part of the role after `>`, or is made of the roles for the role after `<`.
Below it are its rules: verbs, groups (`-` for the first one), resources, names of objects. A path begins with `/`.

Source: k8s.io/kubernetes v1.36.2, plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go (ClusterRoles,
ClusterRoleBindings, viewRules, editRules), plugin/pkg/auth/authorizer/rbac/bootstrappolicy/controller_policy.go
(ControllerRoles), plugin/pkg/auth/authorizer/rbac/bootstrappolicy/namespace_policy.go (NamespaceRoles).
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

# Each is bound to the service account of its controller.
CONTROLLER_ROLES = """
= system:controller:attachdetach-controller
list,watch - persistentvolumeclaims,persistentvolumes
READ - nodes
patch,update - nodes/status
list,watch - pods
EVENTS -,events.k8s.io events
create,delete,get,list,watch storage.k8s.io volumeattachments
READ storage.k8s.io csidrivers
READ storage.k8s.io csinodes
= system:controller:certificate-controller
delete,get,list,watch certificates.k8s.io certificatesigningrequests
update certificates.k8s.io certificatesigningrequests/approval,certificatesigningrequests/status
approve certificates.k8s.io signers kubernetes.io/kube-apiserver-client-kubelet
sign certificates.k8s.io signers kubernetes.io/kube-apiserver-client kubernetes.io/kube-apiserver-client-kubelet kubernetes.io/kubelet-serving kubernetes.io/legacy-unknown
create authorization.k8s.io subjectaccessreviews
EVENTS -,events.k8s.io events
= system:controller:clusterrole-aggregation-controller
escalate,get,list,patch,update,watch rbac.authorization.k8s.io clusterroles
= system:controller:cronjob-controller
get,list,update,watch batch cronjobs
create,delete,get,list,patch,update,watch batch jobs
update batch cronjobs/status
update batch cronjobs/finalizers
delete,list,watch - pods
EVENTS -,events.k8s.io events
= system:controller:daemon-set-controller
READ apps,extensions daemonsets
update apps,extensions daemonsets/status
update apps,extensions daemonsets/finalizers
list,watch - nodes
create,delete,list,patch,watch - pods
create - pods/binding
create,delete,get,list,patch,update,watch apps controllerrevisions
EVENTS -,events.k8s.io events
= system:controller:deployment-controller
get,list,update,watch apps,extensions deployments
update apps,extensions deployments/status
update apps,extensions deployments/finalizers
create,delete,get,list,patch,update,watch apps,extensions replicasets
get,list,update,watch - pods
EVENTS -,events.k8s.io events
= system:controller:device-taint-eviction-controller
delete,get,list,watch - pods
patch,update - pods/status
READ resource.k8s.io resourceclaims
READ resource.k8s.io resourceslices
READ resource.k8s.io deviceclasses
EVENTS -,events.k8s.io events
= system:controller:disruption-controller
READ apps,extensions deployments
READ apps,extensions replicasets
READ - replicationcontrollers
READ policy poddisruptionbudgets
READ apps statefulsets
update policy poddisruptionbudgets/status
patch,update - pods/status
get * */scale
EVENTS -,events.k8s.io events
= system:controller:endpoint-controller
READ - pods,services
create,delete,get,list,update,watch - endpoints
create - endpoints/restricted
EVENTS -,events.k8s.io events
= system:controller:endpointslice-controller
READ - nodes,pods,services
update - services/finalizers
create,delete,get,list,update,watch discovery.k8s.io endpointslices
create discovery.k8s.io endpointslices/restricted
EVENTS -,events.k8s.io events
= system:controller:endpointslicemirroring-controller
READ - endpoints,services
update - services/finalizers
update - endpoints/finalizers
create,delete,get,list,update,watch discovery.k8s.io endpointslices
create discovery.k8s.io endpointslices/restricted
EVENTS -,events.k8s.io events
= system:controller:ephemeral-volume-controller
READ - pods
update - pods/finalizers
create,get,list,watch - persistentvolumeclaims
EVENTS -,events.k8s.io events
= system:controller:expand-controller
get,list,patch,update,watch - persistentvolumes
patch,update - persistentvolumeclaims/status
READ - persistentvolumeclaims
EVENTS -,events.k8s.io events
= system:controller:generic-garbage-collector
delete,get,list,patch,update,watch * *
EVENTS -,events.k8s.io events
= system:controller:horizontal-pod-autoscaler
READ autoscaling horizontalpodautoscalers
update autoscaling horizontalpodautoscalers/status
get,update * */scale
list,watch - pods
list,watch metrics.k8s.io pods
READ custom.metrics.k8s.io *
READ external.metrics.k8s.io *
EVENTS -,events.k8s.io events
= system:controller:job-controller
get,list,patch,update,watch batch jobs
update batch jobs/status
update batch jobs/finalizers
create,delete,list,patch,watch - pods
EVENTS -,events.k8s.io events
= system:controller:legacy-service-account-token-cleaner
get - configmaps kube-apiserver-legacy-service-account-token-tracking
delete,patch - secrets
= system:controller:namespace-controller
delete,get,list,watch - namespaces
update - namespaces/finalize,namespaces/status
delete,deletecollection,get,list,watch * *
= system:controller:node-controller
delete,get,list,patch,update,watch - nodes
patch,update - nodes/status
patch,update - pods/status
delete,get,list,watch - pods
EVENTS -,events.k8s.io events
= system:controller:persistent-volume-binder
create,delete,get,list,update,watch - persistentvolumes
update - persistentvolumes/status
get,list,update,watch - persistentvolumeclaims
update - persistentvolumeclaims/status
create,delete,get,list,watch - pods
READ storage.k8s.io storageclasses
list,watch - nodes
EVENTS -,events.k8s.io events
watch - events
= system:controller:pod-garbage-collector
delete,list,watch - pods
READ - nodes
patch - pods/status
= system:controller:pv-protection-controller
get,list,update,watch - persistentvolumes
EVENTS -,events.k8s.io events
= system:controller:pvc-protection-controller
get,list,update,watch - persistentvolumeclaims
update - persistentvolumeclaims/status
READ - pods
EVENTS -,events.k8s.io events
= system:controller:replicaset-controller
get,list,update,watch apps,extensions replicasets
update apps,extensions replicasets/status
update apps,extensions replicasets/finalizers
create,delete,list,patch,watch - pods
EVENTS -,events.k8s.io events
= system:controller:replication-controller
get,list,update,watch - replicationcontrollers
update - replicationcontrollers/status
update - replicationcontrollers/finalizers
create,delete,list,patch,watch - pods
EVENTS -,events.k8s.io events
= system:controller:resource-claim-controller
READ - pods
update - pods/finalizers
create,delete,get,list,watch resource.k8s.io resourceclaims
patch,update resource.k8s.io resourceclaims,resourceclaims/status
patch,update - pods/status
EVENTS -,events.k8s.io events
patch,update resource.k8s.io resourceclaims/binding
= system:controller:resourcequota-controller
list,watch * *
update - resourcequotas/status
EVENTS -,events.k8s.io events
= system:controller:root-ca-cert-publisher
create,update - configmaps
EVENTS -,events.k8s.io events
= system:controller:route-controller
list,watch - nodes
patch - nodes/status
EVENTS -,events.k8s.io events
= system:controller:selinux-warning-controller
EVENTS -,events.k8s.io events
READ - persistentvolumes
READ - persistentvolumeclaims
READ - pods
READ storage.k8s.io csidrivers
= system:controller:service-account-controller
create - serviceaccounts
EVENTS -,events.k8s.io events
= system:controller:service-cidrs-controller
get,list,patch,update,watch networking.k8s.io servicecidrs
patch,update networking.k8s.io servicecidrs/finalizers
patch,update networking.k8s.io servicecidrs/status
READ networking.k8s.io ipaddresses
EVENTS -,events.k8s.io events
= system:controller:service-controller
READ - services
patch,update - services/status
list,watch - nodes
EVENTS -,events.k8s.io events
= system:controller:statefulset-controller
list,watch - pods
READ apps statefulsets
update apps statefulsets/status
update apps statefulsets/finalizers
create,delete,get,patch,update - pods
create,delete,get,list,patch,update,watch apps controllerrevisions
create,get,list,watch - persistentvolumeclaims
delete,update - persistentvolumeclaims
update - pods/finalizers
EVENTS -,events.k8s.io events
= system:controller:ttl-after-finished-controller
delete,get,list,watch batch jobs
EVENTS -,events.k8s.io events
= system:controller:ttl-controller
list,patch,update,watch - nodes
EVENTS -,events.k8s.io events
= system:controller:validatingadmissionpolicy-status-controller
READ admissionregistration.k8s.io validatingadmissionpolicies
get,patch,update admissionregistration.k8s.io validatingadmissionpolicies/status
EVENTS -,events.k8s.io events
= system:controller:volumeattributesclass-protection-controller
READ - persistentvolumeclaims
READ - persistentvolumes
get,list,update,watch storage.k8s.io volumeattributesclasses
EVENTS -,events.k8s.io events
"""

# Each name begins with its namespace.
NAMESPACE_ROLES = """
= kube-public/system:controller:bootstrap-signer
READ - configmaps
update - configmaps cluster-info
EVENTS -,events.k8s.io events
= kube-system/extension-apiserver-authentication-reader
READ - configmaps extension-apiserver-authentication
= kube-system/system::leader-locking-kube-controller-manager
create,get,list,update,watch coordination.k8s.io leases
create,get,list,update,watch coordination.k8s.io leasecandidates
= kube-system/system::leader-locking-kube-scheduler
create,get,list,update,watch coordination.k8s.io leases
create,get,list,update,watch coordination.k8s.io leasecandidates
= kube-system/system:controller:bootstrap-signer
READ - secrets
= kube-system/system:controller:cloud-provider
create,get,list,watch - configmaps
= kube-system/system:controller:token-cleaner
delete,get,list,watch - secrets
EVENTS -,events.k8s.io events
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
kube-public/system:controller:bootstrap-signer system:controller:bootstrap-signer ServiceAccount:bootstrap-signer
kube-system/system::extension-apiserver-authentication-reader extension-apiserver-authentication-reader User:system:kube-controller-manager User:system:kube-scheduler
kube-system/system::leader-locking-kube-controller-manager system::leader-locking-kube-controller-manager User:system:kube-controller-manager ServiceAccount:kube-controller-manager ServiceAccount:leader-election-controller
kube-system/system::leader-locking-kube-scheduler system::leader-locking-kube-scheduler User:system:kube-scheduler ServiceAccount:kube-scheduler
kube-system/system:controller:bootstrap-signer system:controller:bootstrap-signer ServiceAccount:bootstrap-signer
kube-system/system:controller:cloud-provider system:controller:cloud-provider ServiceAccount:cloud-provider
kube-system/system:controller:token-cleaner system:controller:token-cleaner ServiceAccount:token-cleaner
"""
