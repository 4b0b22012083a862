"""Checks of the kinds of stacks, in the raw document: keys of Terraform, and keys of Kubernetes."""

from collections.abc import Collection, Iterator, Mapping

from envctl.domain.command_lines import format_command
from envctl.domain.config.fields import Fault, TomlPath, find_table
from envctl.domain.config.regions import parse_stack
from envctl.domain.terraform.expressions import OutputReference, is_cluster_output
from envctl.domain.text.suggestions import find_nearest

KUBERNETES = "kubernetes"
KUBERNETES_KEYS = frozenset(
    {
        "path",
        "chart",
        "overlay",
        "values",
        "hooks",
        "cluster",
        "kubeconfig_context",
        "namespace",
        "wait",
        "secrets",
    }
)
TERRAFORM_KEYS = frozenset({"module", "root", "rollout", "moved_from", "providers", "state", "default_tags"})
_CHART_KEYS = frozenset({"values", "hooks"})
# A stack with no other keys was probably meant to be a table of another stack.
_KEYS_OF_TABLES = frozenset({"inputs", "providers", "rollout", "set", "state"})


def parse_cluster_stack(stack: Mapping[str, object]) -> str:
    """Return the stack whose output names the cluster; empty for another cluster, or a reference reported elsewhere."""
    text = stack.get("cluster")
    return parse_stack(text) if isinstance(text, str) and is_cluster_output(text) else ""


def check_stack_kinds(document: Mapping[str, object]) -> Iterator[Fault]:
    """Yield faults: a missing key (E108), two codes (E150), a key of the other kind or a wrong one (E600)."""
    stacks = find_table(document, "stacks")
    of_terraform = {name for name, each in stacks.items() if find_table(each).keys() & {"module", "root"}}
    for name in stacks:
        stack = find_table(document, "stacks", name)
        if stack.get("kind") == KUBERNETES:
            yield from _check_kubernetes_stack(document, name, stack)
        else:
            yield from _check_terraform_stack(name, stack, of_terraform)


def _check_terraform_stack(name: str, stack: Mapping[str, object], others: Collection[str]) -> Iterator[Fault]:
    keys, foreign = {"module", "root"} & stack.keys(), KUBERNETES_KEYS & stack.keys()
    for key in sorted(foreign):
        message = f"stacks.{name}.{key} is for stacks of Kubernetes objects"
        yield Fault("E600", message, 'add kind = "kubernetes" to the stack, or remove the key', ("stacks", name, key))
    if not keys and not foreign:
        hint = 'add it: module = "modules/NAME"; or root = "FOLDER" for a root module that stays as it is'
        near = find_nearest(name, [other for other in others if other != name])
        if near and stack.keys() <= _KEYS_OF_TABLES:
            hint = f"did you mean [stacks.{near}]? Else {hint}"
        yield Fault("E108", f"stacks.{name}.module is missing", hint, ("stacks", name))
    elif len(keys) > 1:
        message = f"the stack {name} has both a module and a root"
        hint = "remove one: envctl renders a root module around a module, and runs a root as it is"
        yield Fault("E150", message, hint, ("stacks", name, "root"))
    for table in ("set", "inputs"):
        for variable in find_table(stack, table):
            if "." in variable or "[" in variable:
                message = f"{variable} in {table} of the stack {name} is a path in the values of a chart"
                hint = "write the name of a variable of the module"
                yield Fault("E600", message, hint, ("stacks", name, table, variable))


def _find_terraform_keys(name: str, stack: Mapping[str, object]) -> Iterator[Fault]:
    for key in sorted(TERRAFORM_KEYS & stack.keys()):
        message = f'stacks.{name}.{key} is for Terraform, but the stack has kind = "kubernetes"'
        hint = "remove the key, or the kind"
        if key == "moved_from":
            message = (
                f"the stack {name} can't take over Kubernetes objects: they have the name of their stack in a label"
            )
            hint = f"keep the name of the stack; to move objects: {format_command('explain', 'E600')}"
        yield Fault("E600", message, hint, ("stacks", name, key))


def _check_kubernetes_stack(document: Mapping[str, object], name: str, stack: Mapping[str, object]) -> Iterator[Fault]:
    place: TomlPath = ("stacks", name)
    yield from _find_terraform_keys(name, stack)
    codes = {"path", "chart"} & stack.keys()
    if not codes and not {"module", "root"} & stack.keys():
        hint = 'add it: path = "kubernetes/NAME"; or chart = "charts/NAME-VERSION.tgz" for a Helm chart'
        yield Fault("E108", f"stacks.{name}.path is missing", hint, place)
    elif len(codes) > 1:
        message = f"the stack {name} has both a path and a chart"
        yield Fault("E600", message, "remove one, or make two stacks", (*place, "chart"))
    elif "chart" not in codes:
        for key in sorted(_CHART_KEYS & stack.keys()):
            message = f"stacks.{name}.{key} is for charts, but the stack has no chart"
            yield Fault("E600", message, "remove the key", (*place, key))
        for table in ("set", "inputs"):
            for variable in find_table(stack, table):
                if "." in variable or "[" in variable:
                    message = f"{variable} in {table} of the stack {name} is a path in the values of a chart"
                    hint = f"write a key of the ConfigMap envctl: {format_command('explain', 'E600')}"
                    yield Fault("E600", message, hint, (*place, table, variable))
    yield from _check_cluster(name, stack)
    if "namespace" not in stack:
        message = f"stacks.{name}.namespace is missing"
        yield Fault("E108", message, 'add it: namespace = "shop", for objects that name none', place)
    yield from _check_label(document, name)


def _check_cluster(name: str, stack: Mapping[str, object]) -> Iterator[Fault]:
    clusters = {"cluster", "kubeconfig_context"} & stack.keys()
    place: TomlPath = ("stacks", name)
    if not clusters:
        hint = 'add it: cluster = "STACK.OUTPUT" with the name of an EKS cluster; or kubeconfig_context = "NAME"'
        yield Fault("E108", f"stacks.{name}.cluster is missing", hint, place)
    elif len(clusters) > 1:
        message = f"the stack {name} has both a cluster and a kubeconfig_context"
        yield Fault("E600", message, "remove one: an EKS cluster needs no kubeconfig", (*place, "kubeconfig_context"))
    text = stack.get("cluster")
    if isinstance(text, str) and is_cluster_output(text):
        try:
            OutputReference.parse(text)
        except ValueError as error:
            hint = 'write an output such as "eks.cluster_name", or the name of an EKS cluster without a dot'
            yield Fault("E107", f"cluster of the stack {name}: {error}", hint, (*place, "cluster"))


def _check_label(document: Mapping[str, object], name: str) -> Iterator[Fault]:
    """Find names that can't be in a label and in the name of an object."""
    project = find_table(document, "project").get("name")
    for text, path in ((project, ("project", "name")), (name, ("stacks", name))):
        if isinstance(text, str) and ("_" in text or text.endswith("-")):
            message = f"{text} can't be in the name of a Kubernetes object"
            hint = "use a-z, 0-9 and - in the names of the project and of its Kubernetes stacks, and no - at the end"
            yield Fault("E600", message, hint, path)
