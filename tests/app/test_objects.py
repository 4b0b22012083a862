"""The application in the cluster: what its objects say fits its own code, and the secret that module rds writes."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]
APP = ROOT / "app"
OBJECTS = ROOT / "kubernetes"
CONFIG = (APP / "src" / "config.ts").read_text()
ROLES = {"read", "connect", "write"}


def load(folder: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the objects of a folder by kind and name."""
    files = [path for path in sorted((OBJECTS / folder).glob("*.yaml")) if path.name != "kustomization.yaml"]
    documents = [each for path in files for each in yaml.safe_load_all(path.read_text())]
    return {(each["kind"], each["metadata"]["name"]): each for each in documents}


WEB = load("web")
BASE = load("base")
POD = WEB["Deployment", "web"]["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]


def test_probes_ask_paths_that_the_application_has() -> None:
    routes = set(re.findall(r'^    "(/\w*)": \(\) =>', (APP / "src" / "server.ts").read_text(), re.MULTILINE))
    asked = {CONTAINER[f"{probe}Probe"]["httpGet"]["path"] for probe in ("startup", "readiness", "liveness")}
    assert asked == {"/health", "/ready"}
    assert CONTAINER["readinessProbe"]["httpGet"]["path"] == "/ready"
    assert asked <= routes
    balanced = WEB["Ingress", "web"]["metadata"]["annotations"]["alb.ingress.kubernetes.io/healthcheck-path"]
    assert balanced == "/ready"


def test_requests_reach_the_port_of_the_application() -> None:
    (port,) = CONTAINER["ports"]
    assert f'reader.port("PORT", {port["containerPort"]})' in CONFIG
    (service,) = WEB["Service", "web"]["spec"]["ports"]
    (path,) = WEB["Ingress", "web"]["spec"]["rules"][0]["http"]["paths"]
    assert service["targetPort"] == port["name"] == CONTAINER["readinessProbe"]["httpGet"]["port"]
    # Network policies of the VPC CNI need one port, with one name.
    assert (service["name"], service["port"]) == (port["name"], port["containerPort"])
    assert path["backend"]["service"] == {"name": "web", "port": {"name": service["name"]}}
    (allowed,) = WEB["NetworkPolicy", "web"]["spec"]["ingress"]
    assert allowed["ports"] == [{"protocol": "TCP", "port": port["name"]}]


def test_each_environment_says_who_reaches_the_load_balancer() -> None:
    kustomization = yaml.safe_load((OBJECTS / "web" / "kustomization.yaml").read_text())
    (filled,) = (each for each in kustomization["replacements"] if each["source"]["fieldPath"] == "data.inbound_cidrs")
    (target,) = filled["targets"]
    assert target["fieldPaths"] == [r"metadata.annotations.alb\.ingress\.kubernetes\.io/inbound-cidrs"]
    for path in (ROOT / "src/envctl/templates/eks/environments").glob("*/terraform.tfvars"):
        assert re.search(r'(?m)^inbound_cidrs += "', path.read_text())


def test_environment_has_names_that_the_application_reads() -> None:
    given = {*WEB["ConfigMap", "web"]["data"], *(each["name"] for each in CONTAINER["env"])}
    assert given == {"PROJECT", "ENVIRONMENT", "LOG_LEVEL", "SHUTDOWN_SECONDS", "IMAGE", "DATABASE_SECRET"}
    assert [name for name in given if f'"{name}"' not in CONFIG] == []


def test_secret_has_the_fields_that_the_application_reads() -> None:
    read = set(re.findall(r'read\("(\w+)"\)|fields\["(\w+)"\]', (APP / "src" / "database.ts").read_text()))
    written = (ROOT / "modules" / "rds" / "credentials.tf").read_text().split("secret_string = jsonencode({")[1]
    names = set(re.findall(r"^    (\w+) +=", written.split("})")[0], re.MULTILINE))
    assert {first or second for first, second in read} == names
    (entry,) = WEB["ExternalSecret", "web-database"]["spec"]["data"]
    source = next(each for each in CONTAINER["env"] if each["name"] == "DATABASE_SECRET")["valueFrom"]["secretKeyRef"]
    assert source == {"name": "web-database", "key": entry["secretKey"]}
    assert "property" not in entry["remoteRef"]


def test_secret_is_read_with_the_role_of_the_application() -> None:
    provider = WEB["SecretStore", "secrets-manager"]["spec"]["provider"]["aws"]
    assert provider["auth"] == {"jwt": {"serviceAccountRef": {"name": POD["serviceAccountName"]}}}
    assert "eks.amazonaws.com/role-arn" in WEB["ServiceAccount", POD["serviceAccountName"]]["metadata"]["annotations"]


def test_changed_configuration_starts_new_pods() -> None:
    kustomization = yaml.safe_load((OBJECTS / "web" / "kustomization.yaml").read_text())
    targets = {each["source"]["fieldPath"]: str(each["targets"]) for each in kustomization["replacements"]}
    filled = {name for found in targets.values() for name in re.findall(r"'data\.(\w+)'", found)}
    assert filled == set(WEB["ConfigMap", "web"]["data"])
    for source, found in targets.items():
        # These two never change in an environment.
        if "'data." in found and source not in ("data.project", "data.environment"):
            assert "spec.template.metadata.annotations." in found


def test_pod_ends_before_it_is_killed() -> None:
    stop = CONTAINER["lifecycle"]["preStop"]["sleep"]["seconds"]
    shutdown = next(int(each["value"]) for each in CONTAINER["env"] if each["name"] == "SHUTDOWN_SECONDS")
    assert stop + shutdown < POD["terminationGracePeriodSeconds"]
    # Until then, open requests may still come through the load balancer.
    attributes = WEB["Ingress", "web"]["metadata"]["annotations"]["alb.ingress.kubernetes.io/target-group-attributes"]
    assert int(attributes.removeprefix("deregistration_delay.timeout_seconds=")) <= stop + shutdown


CONTROLLERS = {path.stem: yaml.safe_load(path.read_text()) for path in (OBJECTS / "controllers").glob("*.yaml")}


@pytest.mark.parametrize("values", CONTROLLERS.values(), ids=CONTROLLERS)
def test_no_controller_keeps_a_node_from_being_drained(values: dict[str, Any]) -> None:
    budget = values["podDisruptionBudget"]
    replicas = values.get("replicaCount", values.get("replicas", 1))
    # Charts keep one pod if a budget has no number.
    assert budget.get("maxUnavailable", replicas - budget.get("minAvailable", 1)) >= 1


def test_application_keeps_no_node_from_being_drained() -> None:
    assert WEB["PodDisruptionBudget", "web"]["spec"]["maxUnavailable"] == 1
    strategy = WEB["Deployment", "web"]["spec"]["strategy"]["rollingUpdate"]
    assert strategy == {"maxSurge": 1, "maxUnavailable": 0}
    assert "replicas" not in WEB["Deployment", "web"]["spec"]


def test_pods_of_a_rollout_spread_over_zones_and_nodes() -> None:
    found = {each["topologyKey"]: each["matchLabelKeys"] for each in POD["topologySpreadConstraints"]}
    assert set(found) == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
    assert all(keys == ["pod-template-hash"] for keys in found.values())


def test_pod_fits_the_restricted_standard_and_the_image() -> None:
    namespace = BASE["Namespace", "shop"]["metadata"]["labels"]
    assert namespace["pod-security.kubernetes.io/enforce"] == "restricted"
    assert (POD["securityContext"]["runAsNonRoot"], POD["securityContext"]["seccompProfile"]) == (
        True,
        {"type": "RuntimeDefault"},
    )
    assert f"USER {POD['securityContext']['runAsUser']}:" in (APP / "Dockerfile").read_text()
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@pytest.mark.parametrize("kind", ["Role", "ClusterRole"])
def test_no_role_of_people_reads_secrets(kind: str) -> None:
    roles = [each for (found, _), each in {**BASE, **WEB}.items() if found == kind]
    for rule in [rule for role in roles for rule in role["rules"]]:
        assert not {"*", "secrets", "serviceaccounts/token"} & set(rule["resources"])
        assert not {"*", "impersonate", "bind", "escalate"} & set(rule["verbs"])


def test_bindings_name_roles_that_are_there() -> None:
    assert {name for kind, name in BASE if kind == "Role"} == ROLES
    bound = {each["roleRef"]["name"] for (kind, _), each in BASE.items() if kind == "RoleBinding"}
    assert bound <= ROLES


def test_every_variable_is_used() -> None:
    for folder, objects in (("web", WEB), ("base", BASE), ("access", load("access"))):
        names = set(objects["ConfigMap", "envctl"]["data"])
        kustomization = yaml.safe_load((OBJECTS / folder / "kustomization.yaml").read_text())
        assert {each["source"]["fieldPath"].removeprefix("data.") for each in kustomization["replacements"]} == names
