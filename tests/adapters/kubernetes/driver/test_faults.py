"""Faults of a cluster in each part of a deployment: the code, and the words that a person sees."""

from dataclasses import dataclass, field, replace

import pytest

from envctl.adapters.kubernetes.api import ClusterApi
from envctl.adapters.kubernetes.stack import applying
from envctl.domain.errors import OperationFailedError
from envctl.domain.plan.changes import Action
from envctl.usecases.ports.kubernetes import ClusterConnection
from tests.adapters.kubernetes.driver.bench import (
    Bench,
    Manifest,
    build_config_map,
    build_definition,
    build_deployment,
    build_widget,
    list_changes,
    require_problem,
)
from tests.kubernetes_cluster import TOKEN, Fault

APPLIED = r"configmaps/app\?fieldManager=envctl-shop.dev.web&fieldValidation=Strict&force=true$"
FORBIDDEN = 'configmaps "app" is forbidden: '
TERMINATING = f"{FORBIDDEN}unable to create new content in namespace shop because it is being terminated"
WEBHOOK = 'Internal error occurred: failed calling webhook "inject.example.com": context deadline exceeded'
DENIED = f'{FORBIDDEN}User "ci" cannot patch resource "configmaps" in API group "" in the namespace "shop"'


@pytest.fixture(autouse=True)
def single_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client tries a request once: its attempts have tests of their own."""
    monkeypatch.setattr("envctl.adapters.kubernetes.transport.ATTEMPTS", 1)
    monkeypatch.setattr(applying, "_PAUSE", 0.01)
    monkeypatch.setattr(applying, "_WEBHOOK_PAUSE", 0.01)


@dataclass(frozen=True)
class Case:
    """A fault that lasts, and what a person sees: the code, words of the message, words of the hint."""

    fault: Fault
    code: str
    message: str
    hint: str


def make_cases() -> dict[str, Case]:
    def last(code: int, message: str = "", path: str = APPLIED) -> Fault:
        return Fault(code, path=path, times=-1, message=message)

    inventory = last(403, DENIED.replace("app", "envctl-shop"), "configmaps/envctl-shop.*force=true")
    cut = Fault(path=APPLIED, times=-1, loses_answer=True)
    patch = "patch configmaps in namespace shop"
    return {
        "other program": Case(last(409), "E642", "has been modified", "try again"),
        "invalid": Case(last(422), "E642", "ConfigMap/shop/app", "correct the manifest"),
        "throttled": Case(last(429), "E625", "throttles with 429", "try again in a minute"),
        "failing": Case(last(503), "E625", "fails with 503", "try again in a minute"),
        "namespace ends": Case(last(403, TERMINATING), "E642", "being terminated", "wait until the namespace"),
        "webhook": Case(last(500, WEBHOOK), "E625", "inject.example.com", "check that it runs"),
        "permission": Case(last(403, DENIED), "E624", patch, 'verbs ["patch"]'),
        "broken connection": Case(cut, "E620", "can't be reached", "check the network"),
        "lost credentials": Case(last(401), "E623", "does not accept", "sign in again"),
        "inventory": Case(inventory, "E624", "ConfigMap/shop/envctl-shop.dev.web", 'resources ["configmaps"]'),
    }


CASES = make_cases()


@pytest.mark.parametrize("name", CASES)
def test_lasting_fault_of_an_apply_is_told(name: str, bench: Bench) -> None:
    case = CASES[name]
    bench.workload = replace(bench.workload, wait=0.1)
    bench.release(build_config_map(), build_config_map("other"))
    bench.plan()
    bench.cluster.faults.add(replace(case.fault))
    with pytest.raises(OperationFailedError) as error:
        bench.apply()
    assert case.message in require_problem(error, case.code)
    assert case.hint in error.value.problems[0].hint
    # The same command continues.
    bench.cluster.faults.clear()
    later = bench.restart()
    later.deploy(build_config_map(), build_config_map("other"))
    assert list_changes(later.plan()) == []


def test_failed_apply_tells_what_it_finished(bench: Bench) -> None:
    bench.release(build_config_map(), build_config_map("other"))
    bench.plan()
    bench.cluster.faults.add(replace(CASES["invalid"].fault))
    done = list[tuple[str, Action]]()
    with pytest.raises(OperationFailedError):
        bench.driver.apply(bench.environment, bench.stack, lambda address, action: done.append((address, action)))
    assert done == [("ConfigMap/shop/other", Action.CREATE)]


def test_api_that_vanishes_after_the_plan_is_named(bench: Bench) -> None:
    bench.cluster.apply(build_definition(), "test")
    bench.api.rediscover()
    bench.release(build_config_map(), build_widget())
    bench.plan()
    bench.cluster.delete("CustomResourceDefinition", "widgets.example.com")
    with pytest.raises(OperationFailedError) as error:
        bench.apply()
    assert "Widget.example.com/shop/w: the test cluster does not know Widget" in require_problem(error, "E640")
    assert bench.cluster.get("ConfigMap", "app") is None


def test_object_that_vanishes_after_the_plan_ends_the_apply(bench: Bench) -> None:
    bench.deploy(build_config_map(a="1"))
    bench.release(build_config_map(a="2"))
    bench.plan()
    bench.cluster.delete("ConfigMap", "app")
    with pytest.raises(OperationFailedError) as error:
        bench.apply()
    require_problem(error, "E644")


@pytest.mark.parametrize("fault", [Fault(503, "GET", "deployments/web"), Fault(0, "GET", "deployments/web")])
def test_wait_outlives_a_cluster_that_is_down_for_a_while(fault: Fault, bench: Bench) -> None:
    bench.deploy(build_deployment())
    fault = replace(fault, times=4, loses_answer=not fault.code)
    bench.cluster.faults.add(fault)
    bench.await_ready()
    assert fault.met == 4


def test_cluster_that_is_down_at_the_end_of_a_wait_is_named(bench: Bench) -> None:
    bench.deploy(build_deployment())
    bench.workload = replace(bench.workload, wait=0.3)
    bench.cluster.faults.add(Fault(503, method="GET", path="deployments/web", times=-1))
    with pytest.raises(OperationFailedError) as error:
        bench.await_ready()
    assert "fails with 503" in require_problem(error, "E625")


def test_missing_permission_ends_a_wait_at_once(bench: Bench) -> None:
    bench.deploy(build_deployment())
    bench.cluster.api.authorize = lambda access: access.resource != "deployments"
    with pytest.raises(OperationFailedError) as error:
        bench.await_ready()
    assert "get deployments.apps" in require_problem(error, "E624")


@dataclass
class Tokens:
    """Credentials that give another token after the first one is refused."""

    current: str = TOKEN
    renewals: list[str] = field(default_factory=list)

    def renew(self) -> bool:
        self.current = "second token"
        self.renewals.append(self.current)
        return True


def test_token_that_ends_in_a_wait_is_renewed(bench: Bench) -> None:
    tokens, cluster = Tokens(), bench.cluster
    connection = ClusterConnection(
        name="test cluster",
        url=cluster.url,
        authority=cluster.authority,
        headers=lambda: {"Authorization": f"Bearer {tokens.current}"},
        renew_credentials=tokens.renew,
    )
    bench.api = ClusterApi(connection, {}, patience=5)
    bench.deploy(build_deployment())
    cluster.tokens["second token"] = cluster.tokens.pop(TOKEN)
    bench.await_ready()
    assert tokens.renewals == ["second token"]


def test_claim_that_is_never_bound_is_named(bench: Bench) -> None:
    bench.workload = replace(bench.workload, wait=0.3)
    spec: Manifest = {"accessModes": ["ReadWriteOnce"], "storageClassName": "none"}
    spec["resources"] = {"requests": {"storage": "1Gi"}}
    metadata = {"name": "data", "namespace": "shop"}
    bench.deploy({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec})
    with pytest.raises(OperationFailedError) as error:
        bench.await_ready()
    said = require_problem(error, "E660")
    assert said.startswith("PersistentVolumeClaim/shop/data is not ready after")
    assert 'it is not bound: ProvisioningFailed: storageclass.storage.k8s.io "none" not found' in said


def test_pause_of_a_throttling_cluster_is_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    bench.release(build_config_map())
    bench.plan()
    fault = bench.cluster.faults.add(Fault(429, path=APPLIED, times=1, retry_after=1))
    bench.apply()
    assert fault.met == 1
    assert list_changes(bench.plan()) == []


def test_deletion_without_a_permission_names_the_object(bench: Bench) -> None:
    bench.deploy(build_config_map(), build_config_map("old"))
    bench.release(build_config_map())
    bench.plan()
    denied = DENIED.replace("patch", "delete").replace('"app"', '"old"')
    bench.cluster.faults.add(Fault(403, method="DELETE", times=-1, message=denied))
    with pytest.raises(OperationFailedError) as error:
        bench.apply()
    assert "ConfigMap/shop/old" in require_problem(error, "E624")
    bench.cluster.faults.clear()
    later = bench.restart()
    assert list_changes(later.deploy(build_config_map())) == [("delete", "ConfigMap/shop/old")]
