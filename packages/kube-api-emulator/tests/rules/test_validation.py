"""What kube-apiserver refuses, beyond the recorded answers."""

import copy
from typing import Any

import pytest

from tests.golden.replay import APPLY, Replay

Object = dict[str, Any]

CONTAINER: Object = {"name": "web", "image": "nginx@sha256:1"}
TEMPLATE: Object = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [CONTAINER]}}
SELECTOR = {"matchLabels": {"app": "web"}}
CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
GROUPS = {
    "Deployment": ("apps/v1", "deployments"),
    "StatefulSet": ("apps/v1", "statefulsets"),
    "DaemonSet": ("apps/v1", "daemonsets"),
    "Job": ("batch/v1", "jobs"),
    "CronJob": ("batch/v1", "cronjobs"),
    "Service": ("v1", "services"),
    "ConfigMap": ("v1", "configmaps"),
    "Secret": ("v1", "secrets"),
    "Pod": ("v1", "pods"),
    "PersistentVolumeClaim": ("v1", "persistentvolumeclaims"),
    "Ingress": ("networking.k8s.io/v1", "ingresses"),
    "NetworkPolicy": ("networking.k8s.io/v1", "networkpolicies"),
    "Role": ("rbac.authorization.k8s.io/v1", "roles"),
    "PodDisruptionBudget": ("policy/v1", "poddisruptionbudgets"),
    "HorizontalPodAutoscaler": ("autoscaling/v2", "horizontalpodautoscalers"),
}
JOB = {"template": {"spec": {"restartPolicy": "Never", "containers": [CONTAINER]}}}
BACKEND = {"service": {"name": "web", "port": {"number": 80}}}
VALID: dict[str, Object] = {
    "Deployment": {"spec": {"selector": SELECTOR, "template": TEMPLATE}},
    "StatefulSet": {"spec": {"selector": SELECTOR, "serviceName": "web", "template": TEMPLATE}},
    "DaemonSet": {"spec": {"selector": SELECTOR, "template": TEMPLATE}},
    "Job": {"spec": JOB},
    "CronJob": {"spec": {"schedule": "*/5 * * * 1-5", "jobTemplate": {"spec": JOB}}},
    "Service": {"spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80}]}},
    "ConfigMap": {"data": {"a": "1"}},
    "Secret": {"data": {"a": "MQ=="}},
    "Pod": {"spec": {"containers": [CONTAINER]}},
    "PersistentVolumeClaim": {"spec": CLAIM},
    "Ingress": {"spec": {"rules": [{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": BACKEND}]}}]}},
    "NetworkPolicy": {"spec": {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}},
    "Role": {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]},
    "PodDisruptionBudget": {"spec": {"minAvailable": "50%", "selector": SELECTOR}},
    "HorizontalPodAutoscaler": {
        "spec": {"maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}
    },
}


def set_value(part: Any, path: str, value: object) -> None:
    *steps, last = path.split(".")
    for step in steps:
        part = part[int(step)] if isinstance(part, list) else part.setdefault(step, {})
    if isinstance(part, list):
        part[int(last)] = value
    elif value is None:
        part.pop(last, None)
    else:
        part[last] = value


def send(replay: Replay, kind: str, content: Object) -> tuple[int, Object]:
    version, plural = GROUPS[kind]
    root = "/api/v1" if version == "v1" else f"/apis/{version}"
    path = f"{root}/namespaces/default/{plural}/web?fieldManager=test&force=true"
    metadata = {"name": "web"} | content.get("metadata", {})
    return replay.send("PATCH", path, APPLY, {"apiVersion": version, "kind": kind} | content | {"metadata": metadata})


def refuse(kind: str, *changes: tuple[str, object]) -> str:
    """Return the message for a valid object with changes, without the name of the object."""
    content = copy.deepcopy(VALID[kind])
    for path, value in changes:
        set_value(content, path, copy.deepcopy(value))
    code, answer = send(Replay(), kind, content)
    assert code == 422, answer
    return str(answer["message"]).partition(" is invalid: ")[2]


@pytest.mark.parametrize("kind", GROUPS)
def test_valid_object_is_taken_twice_without_change(kind: str) -> None:
    replay = Replay()
    code, item = send(replay, kind, VALID[kind])
    assert code == 201, item
    assert send(replay, kind, VALID[kind]) == (200, item)


SPREAD = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
NODE = {"fieldPath": "spec.nodeName"}
C, T = "spec.template.spec.containers.0", "spec.template.spec"
AT = "spec.template.spec.containers[0]"


@pytest.mark.parametrize(
    ("kind", "path", "value", "message"),
    [
        ("Deployment", f"{C}.ports", [{"containerPort": 70000}],
         f"{AT}.ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive"),
        ("Deployment", f"{C}.ports", [{"containerPort": 1, "name": "much-too-long-name"}],
         f'{AT}.ports[0].name: Invalid value: "much-too-long-name": must be no more than 15 characters'),
        ("Deployment", f"{C}.ports", [{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}],
         f'{AT}.ports[1].name: Duplicate value: "a"'),
        ("Deployment", f"{C}.env", [{"name": "A", "value": "1", "valueFrom": {"fieldRef": NODE}}],
         f'{AT}.env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty'),
        ("Deployment", f"{C}.env", [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": ""}}}],
         f"{AT}.env[0].valueFrom.secretKeyRef.key: Required value"),
        ("Deployment", f"{C}.livenessProbe", {"periodSeconds": 5},
         f"{AT}.livenessProbe: Required value: must specify a handler type"),
        ("Deployment", f"{C}.livenessProbe", {"tcpSocket": {"port": 80}, "successThreshold": 2},
         f"{AT}.livenessProbe.successThreshold: Invalid value: 2: must be 1"),
        ("Deployment", f"{C}.resources", {"limits": {"cpus": "1"}},
         (f'[{AT}.resources.limits[cpus]: Invalid value: "cpus": must be a standard resource type or fully qualified, '
         f'{AT}.resources.limits[cpus]: Invalid value: "cpus": must be a standard resource for containers]')),
        ("Deployment", f"{C}.volumeMounts", [{"name": "v", "mountPath": "/v"}],
         f'{AT}.volumeMounts[0].name: Not found: "v"'),
        ("Deployment", f"{T}.volumes", [{"name": "v", "emptyDir": {}, "hostPath": {"path": "/"}}],
         "spec.template.spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type"),
        ("Deployment", f"{T}.restartPolicy", "Never",
         'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'),
        ("Deployment", f"{T}.tolerations", [{"key": "a", "operator": "Exists", "tolerationSeconds": 3}],
         ('spec.template.spec.tolerations[0].effect: Invalid value: "": '
         "effect must be 'NoExecute' when `tolerationSeconds` is set")),
        ("Deployment", f"{T}.securityContext", {"fsGroupChangePolicy": "Never"},
         ('spec.template.spec.securityContext.fsGroupChangePolicy: Unsupported value: "Never": '
         'supported values: "Always", "OnRootMismatch"')),
        ("Deployment", f"{T}.securityContext", {"runAsUser": -1},
         ("spec.template.spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, "
         "inclusive")),
        ("Deployment", f"{T}.securityContext", {"sysctls": [{"name": "A"}]},
         ('spec.template.spec.securityContext.sysctls[0].name: Invalid value: "A": must have at most 253 '
         'characters and '
         "match regex ^([a-z0-9]")),
        ("Deployment", f"{T}.securityContext", {"seccompProfile": {"type": "Localhost"}},
         ("spec.template.spec.securityContext.seccompProfile.localhostProfile: Required value: must be set "
         "when seccomp "
         "type is Localhost")),
        ("Deployment", f"{C}.securityContext", {"seccompProfile": {"type": "Unconfined", "localhostProfile": "a"}},
         (f'{AT}.securityContext.seccompProfile.localhostProfile: Invalid value: {{"Type":"Unconfined",'
         '"LocalhostProfile":"a"}: can only be set when seccomp type is Localhost')),
        ("Deployment", f"{C}.securityContext", {"appArmorProfile": {"type": "Else"}},
         (f'{AT}.securityContext.appArmorProfile.type: Unsupported value: "Else": supported values: "Localhost", '
         '"RuntimeDefault", "Unconfined"')),
        ("Deployment", f"{C}.securityContext", {"procMount": "Unmasked"},
         f'{AT}.securityContext.procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`'),
        ("Deployment", f"{C}.securityContext", {"allowPrivilegeEscalation": False, "privileged": True},
         (f'{AT}.securityContext: Invalid value: {{"Capabilities":null,"Privileged":true,"SELinuxOptions":null,'
         '"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,'
         '"AllowPrivilegeEscalation":false,"ProcMount":null,"SeccompProfile":null,"AppArmorProfile":null}: cannot set '
         "`allowPrivilegeEscalation` to false and `privileged` to true")),
        ("Deployment", f"{T}.os", {"name": "plan9"},
         'spec.template.spec.os: Unsupported value: "plan9": supported values: "linux", "windows"'),
        ("Deployment", f"{T}.dnsConfig", {"searches": ["A"]},
         ('spec.template.spec.dnsConfig.searches[0]: Invalid value: "A": a lowercase RFC 1123 subdomain must '
         'consist of '
         "lower case alphanumeric characters, '_', '-' or '.'")),
        ("Deployment", f"{T}.dnsConfig", {"nameservers": ["1.1.1.1"] * 4},
         ('spec.template.spec.dnsConfig.nameservers: Invalid value: ["1.1.1.1","1.1.1.1","1.1.1.1","1.1.1.1"]: '
         'must not '
         "have more than 3 nameservers")),
        ("Deployment", f"{T}.schedulingGates", [{"name": "a b"}],
         'spec.template.spec.schedulingGates[0]: Invalid value: "a b": name part must consist of'),
        ("Deployment", f"{T}.topologySpreadConstraints", [{**SPREAD, "nodeTaintsPolicy": "x"}],
         ('spec.template.spec.topologySpreadConstraints[0].nodeTaintsPolicy: Unsupported value: "x": supported values: '
         '"Honor", "Ignore"')),
        ("Deployment", f"{T}.overhead", {"cpu": "-1"},
         'spec.template.spec.overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0'),
        ("Deployment", f"{C}.ports", [{"containerPort": 1, "hostPort": 5}, {"containerPort": 2, "hostPort": 5}],
         f'{AT}.ports[1].hostPort: Duplicate value: "TCP//5"'),
        ("Deployment", f"{C}.resizePolicy", [{"resourceName": "disk", "restartPolicy": "NotRequired"}],
         f'{AT}.resizePolicy: Unsupported value: "disk": supported values: "cpu", "memory"'),
        ("Deployment", f"{C}.restartPolicy", "Sometimes",
         f'{AT}.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"'),
        ("Deployment", f"{C}.readinessProbe", {"tcpSocket": {"port": 80}, "terminationGracePeriodSeconds": 5},
         (f"{AT}.readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: must not be set for "
         "readinessProbes")),
        ("Deployment", f"{C}.envFrom", [{"prefix": "a=", "secretRef": {"name": "s"}}],
         f'{AT}.envFrom[0].prefix: Invalid value: "a=": a valid environment variable name must consist only of'),
        ("Deployment", f"{C}.resources", {"requests": {"a.io/gpu": "1"}},
         f"{AT}.resources.limits: Required value: Limit must be set for non overcommitable resources"),
        ("Deployment", f"{C}.resources", {"limits": {"a.io/gpu": "2"}, "requests": {"a.io/gpu": "1"}},
         f'{AT}.resources.requests: Invalid value: "1": must be equal to a.io/gpu limit of 2'),
        ("Deployment", f"{C}.volumeDevices", [{"name": "v", "devicePath": "/dev/a"}],
         f'{AT}.volumeDevices[0].name: Not found: "v"'),
        ("Deployment", f"{T}.initContainers", [{**CONTAINER, "name": "i", "livenessProbe": {"tcpSocket": {"port": 1}}}],
         ("spec.template.spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without "
         "restartPolicy=Always")),
        ("Deployment", f"{T}.tolerations", [{"key": "a", "operator": "Gt", "value": "5"}],
         ('spec.template.spec.tolerations[0].operator: Unsupported value: "Gt": supported values: "Equal", "Exists", '
         '"Lt", "Gt"')),
        ("Pod", "spec.containers.0.image", " a",
         'spec.containers[0].image: Invalid value: " a": must not have leading or trailing whitespace'),
        ("Pod", "spec.volumes", [{"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}],
         ("spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when "
         "serviceAccountName is not set")),
        ("Pod", "spec.ephemeralContainers", [{**CONTAINER, "name": "debugger"}],
         "spec.ephemeralContainers: Forbidden: cannot be set on create"),
        ("Deployment", "spec.strategy", {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}},
         "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"),
        ("Deployment", "spec.strategy", {"rollingUpdate": {"maxUnavailable": "200%"}},
         'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "200%": must not be greater than 100%'),
        ("Deployment", "spec.progressDeadlineSeconds", 0,
         "spec.progressDeadlineSeconds: Invalid value: 0: must be greater than minReadySeconds"),
        ("StatefulSet", "spec.podManagementPolicy", "Fast",
         "spec.podManagementPolicy: Invalid value: \"Fast\": must be 'OrderedReady' or 'Parallel'"),
        ("DaemonSet", "spec.updateStrategy", {"type": "Fast"},
         ('spec.updateStrategy: Unsupported value: {"Type":"Fast","RollingUpdate":null}: supported values: '
         '"RollingUpdate", "OnDelete"')),
        ("CronJob", "spec.schedule", "61 * * * *",
         'spec.schedule: Invalid value: "61 * * * *": end of range (61) above maximum (59): 61'),
        ("CronJob", "spec.schedule", "@never",
         'spec.schedule: Invalid value: "@never": unrecognized descriptor: @never'),
        ("Service", "spec.type", "Outside",
         ('spec.type: Unsupported value: "Outside": supported values: '
         '"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"')),
        ("Service", "spec.ports", [], "spec.ports: Required value"),
        ("Service", "spec.ports.0.targetPort", "Not Ok",
         ('spec.ports[0].targetPort: Invalid value: "Not Ok": '
         "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")),
        ("ConfigMap", "data", {"a b": "1"},
         'data[a b]: Invalid value: "a b": a valid config key must consist of alphanumeric characters'),
        ("ConfigMap", "metadata", {"labels": {"a/b/c": "1"}},
         'metadata.labels: Invalid value: "a/b/c": a valid label key must consist of alphanumeric characters'),
        ("Secret", "type", "kubernetes.io/dockerconfigjson", "data[.dockerconfigjson]: Required value"),
        ("PersistentVolumeClaim", "spec.resources", {"requests": {"storage": "0"}},
         'spec.resources[storage]: Invalid value: "0": must be greater than zero'),
        ("Ingress", "spec.rules.0.host", "10.0.0.1",
         'spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address'),
        ("Ingress", "spec.rules.0.http.paths.0.backend", {"service": {"name": "web", "port": {}}},
         "spec.rules[0].http.paths[0].backend: Required value: port name or number is required"),
        ("NetworkPolicy", "spec.ingress.0.from.0", {},
         "spec.ingress[0].from[0]: Required value: must specify a peer"),
        ("NetworkPolicy", "spec.ingress.0.from.0.ipBlock.cidr", "10.0.0.0/99",
         ('spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.0/99": '
         "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")),
        ("Role", "rules.0.verbs", [], "rules[0].verbs: Required value: verbs must contain at least one value"),
        ("PodDisruptionBudget", "spec.minAvailable", "half",
         ("spec.minAvailable: Invalid value: \"half\": a valid percent string must be a numeric string followed by an "
         "ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')")),
        ("HorizontalPodAutoscaler", "spec.maxReplicas", 0,
         ("[spec.maxReplicas: Required value: must be set and greater than 0, "
         "spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`]")),
    ],
)  # fmt: skip
def test_invalid_object_is_refused(kind: str, path: str, value: object, message: str) -> None:
    assert refuse(kind, (path, value)).startswith(message)


@pytest.mark.parametrize(
    ("kind", "path", "value", "message"),
    [
        ("Deployment", "spec.selector", {"matchLabels": {"app": "web", "x": "y"}},
         'spec.selector: Invalid value: {"matchLabels":{"app":"web","x":"y"}}: field is immutable'),
        ("StatefulSet", "spec.serviceName", "other", "spec: Forbidden: updates to statefulset spec"),
        ("Job", "spec.completions", 3, "spec.completions: Invalid value: 3: field is immutable"),
        ("Secret", "type", "example.com/other", 'type: Invalid value: "example.com/other": field is immutable'),
        ("PersistentVolumeClaim", "spec.accessModes", ["ReadWriteMany"], "spec: Forbidden: spec is immutable"),
        ("Service", "spec.clusterIP", "None", 'spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set'),
        ("Pod", "spec.hostNetwork", True, "spec: Forbidden: pod updates may not change fields other than"),
    ],
)  # fmt: skip
def test_immutable_field_is_refused(kind: str, path: str, value: object, message: str) -> None:
    replay = Replay()
    assert send(replay, kind, VALID[kind])[0] == 201
    content = copy.deepcopy(VALID[kind])
    set_value(content, path, value)
    if kind == "Deployment":
        content["spec"]["template"]["metadata"]["labels"]["x"] = "y"
    code, answer = send(replay, kind, content)
    assert (code, message in answer["message"]) == (422, True), answer


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Deployment", "spec.template.spec.containers.0.image", "nginx@sha256:2"), ("StatefulSet", "spec.replicas", 3),
        ("Pod", "spec.containers.0.image", "nginx@sha256:2"), ("ConfigMap", "data.a", "2"),
        ("Service", "spec.type", "NodePort"), ("Job", "spec.parallelism", 3), ("CronJob", "spec.suspend", True),
    ],
)  # fmt: skip
def test_other_field_may_change(kind: str, path: str, value: object) -> None:
    replay = Replay()
    send(replay, kind, VALID[kind])
    content = copy.deepcopy(VALID[kind])
    set_value(content, path, value)
    assert send(replay, kind, content)[0] == 200
