"""A driver on the sandbox's Kubernetes, with objects in place of a rendered tree."""

import copy
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.kubernetes.api import ClusterApi
from envctl.adapters.kubernetes.driver import KubernetesDriver
from envctl.domain.errors import EnvctlError
from envctl.domain.kubernetes.manifests.rendered import RenderedManifests
from envctl.domain.kubernetes.owner import format_owner
from envctl.domain.kubernetes.workload import ClusterReference, Workload
from envctl.domain.plan.changes import ResourceChange, StackPlan
from envctl.domain.terraform.outputs import Output
from envctl.usecases.ports.kubernetes import ClusterConnection
from envctl.usecases.ports.terraform import NullTracer, PreparedStack, ProgressEvent
from tests.fakes.terminal import RecordingObserver
from tests.kubernetes_cluster import TOKEN, KubernetesCluster

Manifest = dict[str, Any]


class FixedRenderer:
    """Returns the same objects each time, and remembers the values that it gets."""

    def __init__(self) -> None:
        self.rendered = RenderedManifests(())
        self.values: Mapping[str, str] = {}

    def render(self, tree: Path, workload: Workload, values: Mapping[str, str]) -> RenderedManifests:
        self.values = values
        return copy.deepcopy(self.rendered)


class ProgressObserver(RecordingObserver):
    """Remembers what is told of objects. `on_object` may stop the run."""

    def __init__(self) -> None:
        super().__init__()
        self.objects: list[tuple[str, str]] = []
        self.on_object: Callable[[str, str], None] = lambda phase, address: None

    def on_progress(self, event: ProgressEvent) -> None:
        if event.phase in ("started", "done", "failed"):
            self.objects.append((event.phase, event.address))
            self.on_object(event.phase, event.address)


class SpanRecorder(NullTracer):
    """Remembers the spans as lane and name, in the order of their beginning."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, str]] = []

    def span(self, name: str, lane: str = "") -> AbstractContextManager[None]:
        self.spans.append((lane, name))
        return nullcontext()


@dataclass
class Bench:
    """One stack of a project `shop` in a cluster.

    Attributes:
        outputs: of the stacks with a root module.
        secrets: what was given to the redactor.
        known_cluster: the cluster that the ledger has recorded.
        reads: stacks whose outputs were read, one entry for each read; `recent` ones are marked.
    """

    cluster: KubernetesCluster
    tmp: Path
    name: str = "web"
    wait: float = 5.0
    managers: tuple[str, ...] = ()
    outputs: dict[str, dict[str, Output]] = field(default_factory=dict)
    secrets: list[object] = field(default_factory=list)
    is_stopping: bool = False
    environment: str = "dev"
    known_cluster: str = ""
    renderer: FixedRenderer = field(default_factory=FixedRenderer)
    observer: ProgressObserver = field(default_factory=ProgressObserver)
    trace: SpanRecorder = field(default_factory=SpanRecorder)
    reads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.api = connect(self.cluster)
        self.driver = KubernetesDriver(
            lambda: self.tmp,
            self.renderer,
            lambda environment, stack, name: self.api,
            self.read_outputs,
            self.observer,
            secrecy=self,
            is_stopping=lambda: self.is_stopping,
            trace=self.trace,
        )
        self.workload = Workload(
            owner=format_owner("shop", self.environment, self.name),
            path="kubernetes",
            cluster=ClusterReference(name="shop"),
            namespace="shop",
            wait=self.wait,
            managers=self.managers,
        )

    @property
    def stack(self) -> PreparedStack:
        return PreparedStack(self.name, workload=self.workload, known_cluster=self.known_cluster)

    def read_outputs(self, environment: str, stack: PreparedStack, *, recent: bool) -> Mapping[str, Output]:
        self.reads.append(f"recent {stack.name}" if recent else stack.name)
        return self.outputs.get(stack.name, {})

    def add_secrets(self, values: Collection[object], public: Iterable[str] = ()) -> object:
        self.secrets += values
        return None

    def redact_message(self, text: str) -> str:
        for each in self.secrets:
            text = text.replace(str(each), "(sensitive)")
        return text

    def release(self, *objects: Manifest, **more: Any) -> None:
        """Make a release of these objects."""
        self.renderer.rendered = RenderedManifests(objects, **more)

    def plan(self, *, destroy: bool = False) -> StackPlan:
        return self.driver.plan(self.environment, self.stack, destroy=destroy)

    def apply(self) -> None:
        self.driver.apply(self.environment, self.stack)

    def deploy(self, *objects: Manifest) -> StackPlan:
        """Plan a release and apply it."""
        self.release(*objects)
        plan = self.plan()
        if plan.changes:
            self.apply()
        return plan

    def destroy(self) -> StackPlan:
        plan = self.plan(destroy=True)
        if plan.changes:
            self.apply()
        return plan

    def await_ready(self) -> None:
        self.driver.await_ready(self.environment, self.stack)

    def pull_state(self) -> bytes:
        return self.driver.pull_state(self.environment, self.stack)

    def find_drift(self, *, unchanged: bool = True) -> StackPlan:
        return self.driver.detect_drift(self.environment, self.stack, unchanged=unchanged).drift

    def find_pending(self, *, unchanged: bool = False) -> StackPlan:
        return self.driver.detect_drift(self.environment, self.stack, unchanged=unchanged).pending

    def restart(self) -> "Bench":
        """Return a bench of a later command on the same stack."""
        later = Bench(
            self.cluster, self.tmp, self.name, self.wait, self.managers, self.outputs, environment=self.environment
        )
        later.renderer.rendered = self.renderer.rendered
        return later


def connect(cluster: KubernetesCluster, token: str = TOKEN) -> ClusterApi:
    headers = {"Authorization": f"Bearer {token}"}
    connection = ClusterConnection(
        name="test cluster", url=cluster.url, authority=cluster.authority, headers=lambda: headers
    )
    return ClusterApi(connection, {}, patience=20)


def list_changes(plan: StackPlan) -> list[tuple[str, str]]:
    """Return the action and the address of each change."""
    return [(change.action.value, change.address) for change in plan.resources]


def list_fields(change: ResourceChange) -> list[tuple[str, object, object]]:
    return [(each.path, each.before, each.after) for each in change.attributes]


def require_problem(error: "pytest.ExceptionInfo[EnvctlError]", code: str) -> str:
    """Check the code of the only problem, and return its message."""
    (problem,) = error.value.problems
    assert problem.code == code, problem
    assert problem.hint
    return problem.message


def build_namespace(name: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def build_config_map(name: str = "app", namespace: str = "shop", **data: str) -> Manifest:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(data)}


def build_deployment(image: str = "web:1", name: str = "web", replicas: int = 1, **env: str) -> Manifest:
    container: Manifest = {"name": "web", "image": image, "ports": [{"containerPort": 80}]}
    if env:
        container["env"] = [{"name": key, "value": value} for key, value in env.items()]
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {
            "replicas": replicas,
            "progressDeadlineSeconds": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": template,
        },
    }


def build_service(port: int = 80, name: str = "web") -> Manifest:
    ports = [{"name": "http", "port": port, "targetPort": 80}]
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"selector": {}, "ports": ports}}


def build_definition(scope: str = "Namespaced") -> Manifest:
    size = {"type": "object", "properties": {"size": {"type": "integer"}}}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": size}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": scope,
            "names": {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }


def build_widget(size: int = 1) -> Manifest:
    metadata = {"name": "w", "namespace": "shop"}
    return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": metadata, "spec": {"size": size}}


def build_job(**spec: object) -> Manifest:
    pod = {"restartPolicy": "Never", "containers": [{"name": "migrate", "image": "migrate:1"}]}
    metadata = {"name": "migrate", "namespace": "shop"}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": {"spec": pod}, **spec}}
