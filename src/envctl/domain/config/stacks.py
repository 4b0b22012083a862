"""The tables of stacks in the project file: modules, root modules, Kubernetes objects, and removed stacks."""

from collections.abc import Mapping
from datetime import timedelta
from posixpath import normpath
from typing import Literal

from pydantic import Field

from envctl.domain.config import fields
from envctl.domain.config.fields import Duration
from envctl.domain.config.rollout import Rollout
from envctl.domain.plan.changes import Fate

StackKind = Literal["terraform", "kubernetes"]
DEFAULT_WAIT = timedelta(minutes=5)


class Stack(fields.Section):
    """A stack: one module or root module with a state of its own in each environment, or objects of Kubernetes."""

    kind: StackKind = "terraform"  # `kubernetes`: a stack of Kubernetes objects, with `path` or `chart`
    module: fields.Folder | None = None  # folder of a module, called by a root module that envctl renders
    root: fields.RootFolder | None = None  # in place of `module`: folder of a root module, which stays as it is
    path: fields.Folder | None = None  # `kubernetes`: folder with a kustomization, or with plain YAML
    chart: fields.Folder | None = None  # `kubernetes`, in place of `path`: archive or folder of a Helm chart
    # `kubernetes`: folder over `path`, or file of values of a chart, of each environment; placeholder: {environment}
    overlay: fields.OverlayPath | None = None
    values: fields.Folder | None = None  # file of values of a chart, for all environments
    hooks: Literal["refuse", "skip"] = "refuse"  # `skip`: the hooks of a chart are left out
    # `kubernetes`: an output with the name of its EKS cluster, such as `eks.cluster_name`, or the name itself
    cluster: fields.ClusterName | None = None
    # in place of `cluster`: context of the kubeconfig; placeholders: {environment} and {project}
    kubeconfig_context: fields.ContextName | None = None
    # `kubernetes`: namespace of objects that name none; placeholders: {environment} and {project}
    namespace: fields.NamespaceName | None = None
    wait: Duration = DEFAULT_WAIT  # `kubernetes`: time for its objects to get ready
    secrets: Literal["refuse", "allow"] = "refuse"  # `allow`: it may hold Secrets with values
    # values of variables that are the same in all environments and travel with the release, such as `name = "web"`;
    # of a chart: by their paths in the values, such as `"controller.replicaCount" = 2`
    set_values: Mapping[fields.VariablePath, fields.SetValue] = Field(default={}, alias="set")
    # variables that come from the outputs of other stacks, such as `vpc_id = "network.vpc_id"`
    inputs: Mapping[fields.VariablePath, str] = {}
    after: tuple[fields.Name, ...] = ()  # further stacks to apply before it
    # environments outside the pipeline that have it; unset: all of the pipeline
    environments: tuple[fields.Name, ...] = ()
    region: fields.Name | None = None  # name of one of the further `regions` of the environment
    rollout: Rollout | None = None  # traffic steps of a new release
    moved_from: fields.Name | None = None  # earlier name of the stack; its state moves
    # keys of `[state]` with other values for this stack, such as `key = "legacy/{env}/web.tfstate"`
    state: Mapping[str, fields.StateValue] = {}
    # further configurations of providers that its module declares, such as `"aws.us_east_1" = { region = "us-east-1" }`
    providers: Mapping[fields.ProviderName, Mapping[str, fields.ProviderValue]] = {}
    # whether its AWS resources get the default tags of envctl; unset: true for a module, false for a root
    default_tags: fields.Flag | None = None

    @property
    def folder(self) -> str:
        """The normalized folder of its code, or the archive of its chart."""
        return normpath(self.module or self.root or self.path or self.chart or ".")

    @property
    def paths(self) -> tuple[str, ...]:
        """The folders and files of its code; overlays have their placeholder."""
        return (self.folder, *(normpath(each) for each in (self.overlay, self.values) if each))

    @property
    def is_kubernetes(self) -> bool:
        return self.kind == "kubernetes"


class RemovedStack(fields.Section):
    """A removed stack that is still deployed: `destroy` its resources, or `forget` them and its state."""

    then: Fate  # `destroy` its resources, or `forget` them
    state: Mapping[str, fields.StateValue] = {}  # the `state` that the stack had
