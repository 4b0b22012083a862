"""The built-in kinds of Kubernetes in their stable versions. Of two versions, the first is stored."""

# group/version, plural, kind, scope (Namespaced or Cluster), short names, subresources
BUILT_IN = """
v1 namespaces Namespace C ns finalize,status
v1 configmaps ConfigMap N cm -
v1 secrets Secret N - -
v1 serviceaccounts ServiceAccount N sa token
v1 services Service N svc proxy,status
v1 endpoints Endpoints N ep -
v1 pods Pod N po attach,ephemeralcontainers,eviction,exec,log,portforward,proxy,status
v1 events Event N ev -
v1 nodes Node C no proxy,status
v1 persistentvolumes PersistentVolume C pv status
v1 persistentvolumeclaims PersistentVolumeClaim N pvc status
v1 replicationcontrollers ReplicationController N rc scale,status
v1 limitranges LimitRange N limits -
v1 resourcequotas ResourceQuota N quota status
apps/v1 deployments Deployment N deploy scale,status
apps/v1 replicasets ReplicaSet N rs scale,status
apps/v1 statefulsets StatefulSet N sts scale,status
apps/v1 daemonsets DaemonSet N ds status
apps/v1 controllerrevisions ControllerRevision N - -
batch/v1 jobs Job N - status
batch/v1 cronjobs CronJob N cj status
networking.k8s.io/v1 ingresses Ingress N ing status
networking.k8s.io/v1 ingressclasses IngressClass C - -
networking.k8s.io/v1 networkpolicies NetworkPolicy N netpol -
rbac.authorization.k8s.io/v1 roles Role N - -
rbac.authorization.k8s.io/v1 rolebindings RoleBinding N - -
rbac.authorization.k8s.io/v1 clusterroles ClusterRole C - -
rbac.authorization.k8s.io/v1 clusterrolebindings ClusterRoleBinding C - -
policy/v1 poddisruptionbudgets PodDisruptionBudget N pdb status
autoscaling/v2 horizontalpodautoscalers HorizontalPodAutoscaler N hpa status
autoscaling/v1 horizontalpodautoscalers HorizontalPodAutoscaler N hpa status
events.k8s.io/v1 events Event N ev -
storage.k8s.io/v1 storageclasses StorageClass C sc -
storage.k8s.io/v1 csidrivers CSIDriver C - -
scheduling.k8s.io/v1 priorityclasses PriorityClass C pc -
node.k8s.io/v1 runtimeclasses RuntimeClass C - -
coordination.k8s.io/v1 leases Lease N - -
discovery.k8s.io/v1 endpointslices EndpointSlice N - -
apiregistration.k8s.io/v1 apiservices APIService C - status
admissionregistration.k8s.io/v1 mutatingwebhookconfigurations MutatingWebhookConfiguration C - -
admissionregistration.k8s.io/v1 validatingwebhookconfigurations ValidatingWebhookConfiguration C - -
admissionregistration.k8s.io/v1 validatingadmissionpolicies ValidatingAdmissionPolicy C - status
admissionregistration.k8s.io/v1 validatingadmissionpolicybindings ValidatingAdmissionPolicyBinding C - -
apiextensions.k8s.io/v1 customresourcedefinitions CustomResourceDefinition C crd,crds status
authorization.k8s.io/v1 selfsubjectaccessreviews SelfSubjectAccessReview C - -
authorization.k8s.io/v1 selfsubjectrulesreviews SelfSubjectRulesReview C - -
authorization.k8s.io/v1 subjectaccessreviews SubjectAccessReview C - -
authorization.k8s.io/v1 localsubjectaccessreviews LocalSubjectAccessReview N - -
authentication.k8s.io/v1 tokenreviews TokenReview C - -
authentication.k8s.io/v1 selfsubjectreviews SelfSubjectReview C - -
"""
