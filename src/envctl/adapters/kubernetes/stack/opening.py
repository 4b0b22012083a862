"""The first part of each work on a stack: its cluster, the values from other stacks, and the rendered objects."""

from __future__ import annotations

import json
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from envctl.adapters.kubernetes.cluster_identities import ClusterIdentities
from envctl.adapters.kubernetes.stack.scene import Scene
from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.kubernetes.objects import identify
from envctl.domain.kubernetes.order import rank_object
from envctl.domain.kubernetes.secret_values import ValueHider, list_secret_texts
from envctl.domain.plan.cluster_identity import is_same_cluster
from envctl.domain.terraform.outputs import StackInput, format_raw_output
from envctl.domain.terraform.workdir_names import WORKLOAD_ROOT, join_workdir
from envctl.domain.text.leaves import walk_leaves
from envctl.usecases.ports.kubernetes import AnotherClusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from envctl.adapters.kubernetes.api import ClusterApi
    from envctl.domain.kubernetes.manifests.rendered import RenderedManifests
    from envctl.domain.kubernetes.workload import Workload
    from envctl.domain.plan.changes import ResourceChange
    from envctl.domain.plan.forecasts import ForecastOutputs
    from envctl.domain.terraform.outputs import Output
    from envctl.usecases.ports import terraform as ports
    from envctl.usecases.ports.core import Observer
    from envctl.usecases.ports.terraform import PreparedStack

# Stands beside the variables of the stack: none of them has a space in its name.
_CLUSTER = "name of the cluster"


class Renderer(Protocol):
    def render(self, tree: Path, workload: Workload, values: Mapping[str, str]) -> RenderedManifests: ...


class OutputReader(Protocol):
    """Returns the outputs of a stack with a root module. With `recent`, not as known since long."""

    def __call__(self, environment: str, stack: PreparedStack, *, recent: bool) -> Mapping[str, Output]: ...


@dataclass(eq=False, repr=False)
class StackOpener:
    """Opens stacks. Threads share it.

    Args:
        find_work: returns the folder of all work directories.
        find_api: returns the cluster of a stack, by its name if it is an output or a literal.
        key: hides values of Secrets.
        secrecy: receives the values of Secrets.
        is_stopping: whether the user stops the command.
        trace: receives a span for each part of the work.
    """

    find_work: Callable[[], Path]
    renderer: Renderer
    find_api: Callable[[str, PreparedStack, str], ClusterApi]
    read_outputs: OutputReader
    observer: Observer
    _: KW_ONLY
    key: bytes
    secrecy: ports.MessageRedactor
    is_stopping: Callable[[], bool]
    trace: ports.Tracer
    identities: ClusterIdentities = field(default_factory=ClusterIdentities)

    def connect(self, environment: str, stack: PreparedStack, *, recent: bool = False) -> Scene:
        """Return the stack in its cluster. Raises UpstreamBehindError if the output with its name is missing."""
        inputs = self._read_inputs(environment, stack, (), recent=recent)
        return self._open_scene(environment, stack, inputs, recent=recent)

    def render(
        self, environment: str, stack: PreparedStack, *, recent: bool = False
    ) -> tuple[Scene, RenderedManifests]:
        """Return the stack in its cluster, and its objects with the values of other stacks.

        Args:
            environment: its environment.
            stack: the stack.
            recent: whether the values may be no older than some seconds.
        """
        inputs = self._read_inputs(environment, stack, stack.inputs, recent=recent)
        scene = self._open_scene(environment, stack, inputs, recent=recent)
        values = {name: output.value for name, output in inputs.items() if name != _CLUSTER}
        with scene.span("render"):
            rendered = self._render_objects(environment, stack, values)
        scene.places.update(rendered.places)
        return scene, rendered

    def forecast(
        self, environment: str, stack: PreparedStack, outputs: ForecastOutputs
    ) -> tuple[tuple[ResourceChange, ...], RenderedManifests]:
        """Return the creation of each object, rendered without a cluster. Unknown `outputs` are a text that says so."""
        from envctl.domain.kubernetes.plan import Observation, plan_change
        from envctl.domain.plan.forecasts import find_value

        applied = tuple(each for each in stack.inputs if each.stack not in outputs)
        read = self._select_inputs(environment, stack, applied, recent=False) if applied else {}
        values = {each.variable: find_value(each, outputs) for each in stack.inputs if each.stack in outputs}
        values |= {name: output.value for name, output in read.items()}
        rendered = self._render_objects(environment, stack, values)
        hider = ValueHider(self.key, frozenset(_list_sensitive(read)))
        objects = sorted(rendered.objects, key=lambda each: (rank_object(identify(each)), identify(each)))
        changes = (plan_change(Observation(desired=each), hider) for each in objects)
        return tuple(each for each in changes if each), rendered

    def _render_objects(
        self, environment: str, stack: PreparedStack, values: Mapping[str, object]
    ) -> RenderedManifests:
        workload = require_workload(stack)
        format_value = json.dumps if workload.is_chart else format_raw_output
        texts = {name: format_value(value) for name, value in values.items()}
        tree = self.find_work() / join_workdir(environment, stack.name, WORKLOAD_ROOT)
        rendered = self.renderer.render(tree, workload, {**workload.values, **texts})
        self.secrecy.add_secrets([text for each in rendered.objects for text in list_secret_texts(each)])
        return rendered

    def _open_scene(
        self, environment: str, stack: PreparedStack, inputs: Mapping[str, Output], *, recent: bool
    ) -> Scene:
        """Return the stack in its cluster. Nothing but its identity is read from one that is not the recorded one."""
        workload = require_workload(stack)
        name = format_raw_output(inputs[_CLUSTER].value) if workload.cluster.output else workload.cluster.name
        with self.trace.span("connect", f"{environment}/{stack.name}"):
            api = self.find_api(environment, stack, name)
            cluster = self.identities.read_identity(api, recent=recent)
        if stack.known_cluster and not is_same_cluster(stack.known_cluster, cluster.recorded):
            raise AnotherClusterError(environment, stack.name, stack.known_cluster, cluster)
        sensitive = frozenset(_list_sensitive({key: each for key, each in inputs.items() if key != _CLUSTER}))
        return Scene(
            environment=environment,
            stack=stack.name,
            workload=workload,
            api=api,
            hider=ValueHider(self.key, sensitive),
            observer=self.observer,
            is_stopping=self.is_stopping,
            redact=self.secrecy.redact_message,
            trace=self.trace,
            cluster=cluster,
        )

    def _read_inputs(
        self, environment: str, stack: PreparedStack, inputs: tuple[StackInput, ...], *, recent: bool
    ) -> Mapping[str, Output]:
        """Return the values of these inputs, and the name of the cluster: each other stack is read once."""
        if output := require_workload(stack).cluster.output:
            inputs = (*inputs, replace(output, variable=_CLUSTER))
        return self._select_inputs(environment, stack, inputs, recent=recent) if inputs else {}

    def _select_inputs(
        self, environment: str, stack: PreparedStack, inputs: tuple[StackInput, ...], *, recent: bool
    ) -> Mapping[str, Output]:
        from envctl.domain.terraform.stack_inputs import select_inputs

        def read_outputs(each: StackInput) -> Mapping[str, Output]:
            upstream = replace(
                stack, name=each.stack, root=each.root, workspace=each.workspace, inputs=(), secrets={}, workload=None
            )
            return self.read_outputs(environment, upstream, recent=recent)

        with self.trace.span("outputs", f"{environment}/{stack.name}"):
            return select_inputs(stack.name, inputs, read_outputs)


def require_workload(stack: PreparedStack) -> Workload:
    if stack.workload is None:
        raise ConfigurationError(Problem("E640", f"{stack.name} is no stack of Kubernetes objects"))
    return stack.workload


def _list_sensitive(inputs: Mapping[str, Output]) -> Iterator[str]:
    for output in inputs.values():
        if output.sensitive:
            leaves = walk_leaves(output.value)
            yield from (format_raw_output(leaf) for leaf in leaves if leaf is not None and not isinstance(leaf, bool))
