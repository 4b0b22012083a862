"""The code of stacks of Kubernetes objects in the working tree: what a release holds of it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from posixpath import basename, dirname, normpath

from envctl.domain.config.stacks import Stack
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.kubernetes.manifests.image_pins import find_pins_file
from envctl.domain.kubernetes.manifests.kustomization import KUSTOMIZATION_FILES, YAML_SUFFIXES, Reference
from envctl.domain.kubernetes.manifests.value_paths import ANY, find_path_conflict
from envctl.domain.kubernetes.workload import VALUES_TABLE
from envctl.domain.release.bundle import File
from envctl.domain.release.kubernetes_code import OVERLAY_PLACEHOLDER, KubernetesCode
from envctl.domain.terraform.expressions import OutputReference
from envctl.domain.terraform.variables import ModuleInterface, Variable, build_required_variable
from envctl.domain.text.suggestions import find_nearest
from envctl.usecases.ports.context import Context
from envctl.usecases.project.project_file import locate_key
from envctl.usecases.project.shared_code import describe_misplaced_folder, normalize_folder

_EXCLUDED = frozenset({".git", ".terraform", ".envctl", ".DS_Store"})


@dataclass(frozen=True)
class KubernetesStack:
    """The code of one stack in the working tree."""

    files: Mapping[str, File]
    interface: ModuleInterface
    code: KubernetesCode


def collect_stack(context: Context, name: str, stack: Stack) -> KubernetesStack:
    """Return the code of a stack of Kubernetes objects, with the overlays of all environments of the pipeline.

    Raises ConfigurationError with all problems of its code.
    """
    collector = _Collector(context=context, name=name, stack=stack)
    collector.collect_paths()
    if not stack.chart and stack.secrets != "allow":
        # A release has the overlays of all environments. A deployment renders one of them.
        collector.problems += context.ports.manifests.find_secrets(collector.files)
    if collector.problems:
        raise ConfigurationError(*dict.fromkeys(collector.problems))
    variables = (
        collector.list_chart_variables() if stack.chart else context.ports.manifests.find_variables(collector.files)
    )
    return KubernetesStack(collector.files, ModuleInterface(variables, (), ()), collector.describe())


@dataclass(kw_only=True)
class _Collector:
    """Follows the references of kustomizations from the path and the overlays of a stack."""

    context: Context
    name: str
    stack: Stack
    files: dict[str, File] = field(default_factory=dict)  # files of the release so far
    found: dict[str, File] = field(default_factory=dict)  # all files in the folders so far
    tree: dict[str, None] = field(default_factory=dict)  # folders and files that the tree of the stack holds
    reached: dict[str, set[str]] = field(default_factory=dict)  # folders that each folder leads to
    problems: list[Problem] = field(default_factory=list)

    def collect_paths(self) -> None:
        if self.stack.chart:
            self._add_chart()
            return
        self._add_folder(self.stack.folder, "path", self._locate("path"))
        for environment, overlay in self._list_overlays():
            self._add_folder(overlay, f"overlay of {environment}", self._locate("overlay"))
            if overlay in self.reached and not self.problems and not self._reaches(overlay, self.stack.folder):
                message = f"the overlay {overlay} does not lead to {self.stack.folder}"
                hint = "list that folder in its resources, or remove one of the two keys"
                self.problems.append(Problem("E601", message, hint, self._locate("overlay")))

    def _list_overlays(self) -> Iterator[tuple[str, str]]:
        overlay = self.stack.overlay
        if overlay:
            seen: set[str] = set()
            for environment in self.context.project.pipeline.order:
                path = overlay.replace(OVERLAY_PLACEHOLDER, environment)
                if path not in seen:
                    seen.add(path)
                    yield environment, _normalize(self.context, path)

    def _locate(self, key: str) -> Location:
        return locate_key(self.context.ports, "stacks", self.name, key)

    def _read(self, folder: str) -> Mapping[str, File] | None:
        found = self.context.ports.tree.read_folder(folder, without=_EXCLUDED)
        return None if found is None else dict(found)

    def _add_folder(self, folder: str, what: str, wanted_at: Location) -> None:
        if folder in self.reached:
            return
        ports = self.context.ports
        if misplaced := describe_misplaced_folder(ports, folder, f"stack {self.name}"):
            self.problems.append(replace(misplaced, location=wanted_at))
            return
        found = self._read(folder)
        if not found or not any(path.endswith(YAML_SUFFIXES) or "kustomization" in path.lower() for path in found):
            message = f"the {what} of the stack {self.name} is {folder}, which has no YAML"
            parent = dirname(folder)
            beside = self._read(parent) if parent and not parent.startswith("..") else None
            near = find_nearest(folder, {dirname(path) for path in beside or ()})
            hint = f"did you mean {near}?" if near else "put manifests or a kustomization.yaml there"
            self.problems.append(Problem("E601", message, hint, wanted_at))
            return
        self.found |= found
        # Other files are no part of the release unless they are read: they may hold secrets.
        self.files |= {
            path: file
            for path, file in found.items()
            if path.endswith((*YAML_SUFFIXES, ".json")) or basename(path) in KUSTOMIZATION_FILES
        }
        self.tree[folder] = None
        self.reached[folder] = set()
        try:
            references = ports.manifests.find_references(
                self.files, folder, allows_secrets=self.stack.secrets == "allow"
            )
        except ConfigurationError as error:
            self.problems += error.problems
            return
        self.problems += references.problems
        if not references.has_kustomization and folder != self.stack.folder:
            message = f"the {what} of the stack {self.name} is {folder}, which has no kustomization.yaml"
            self.problems.append(Problem("E601", message, "add one that lists its resources", wanted_at))
        kustomization = next((p for p in found if dirname(p) == folder and "kustomization" in p.lower()), folder)
        for reference, line in references.references:
            self._follow(folder, reference, Location(kustomization, line))

    def _follow(self, folder: str, reference: Reference, at: Location) -> None:
        target = normalize_folder(self.context.ports, reference.target)
        if target in self.found and target.startswith("" if folder == "." else f"{folder}/"):
            self.files[target] = self.found[target]
            return
        if reference.may_be_folder and self.context.ports.tree.read_folder(target, without=_EXCLUDED) is not None:
            self.reached[folder].add(target)
            self._add_folder(target, "base", at)
            return
        near = find_nearest(target, self.found)
        hint = f"did you mean {near}?" if near else "correct the path, or add the file"
        message = f"{folder} reads {target}, which does not exist"
        if self.context.ports.tree.read_file(target) is not None:
            message = f"{folder} reads {target}, which is outside of its folder: kustomize refuses that"
            hint = "move the file below the folder, or make a base of it"
        self.problems.append(Problem("E602", message, hint, at))

    def _reaches(self, folder: str, target: str) -> bool:
        seen, waiting = set(), [folder]
        while waiting:
            current = waiting.pop()
            if current == target:
                return True
            if current not in seen:
                seen.add(current)
                waiting += self.reached.get(current, ())
        return False

    def _add_chart(self) -> None:
        ports, path = self.context.ports, self.stack.folder
        if misplaced := describe_misplaced_folder(ports, dirname(path) or path, f"stack {self.name}"):
            self.problems.append(replace(misplaced, location=self._locate("chart")))
            return
        folder = self._read(path)
        file = None if folder is not None else ports.tree.read_file(path)
        if folder is None and file is None:
            message = f"the chart of the stack {self.name} is {path}, which does not exist"
            hint = "put it there: helm pull NAME --repo URL --version VERSION"
            self.problems.append(Problem("E601", message, hint, self._locate("chart")))
            return
        self.files |= folder if folder is not None else {}
        if file is not None:
            self.files[path] = file
        self.tree[path] = None
        try:
            ports.manifests.check_chart(self.files, path)
        except ConfigurationError as error:
            self.problems += error.problems
        if (pins := ports.tree.read_file(find_pins_file(path))) is not None:
            self.files[find_pins_file(path)] = pins
            self.tree[find_pins_file(path)] = None
        if self.stack.values:
            self._add_file(_normalize(self.context, self.stack.values), "values")
        for _, overlay in self._list_overlays():
            self._add_file(overlay, "overlay")
        if conflict := find_path_conflict({**self.stack.inputs, **self.stack.set_values}):
            message = f"{conflict[0]} and {conflict[1]} set the same value of the chart"
            table = "inputs" if conflict[1] in self.stack.inputs else "set"
            place = locate_key(ports, "stacks", self.name, table, conflict[1])
            self.problems.append(Problem("E603", message, "remove one of the two", place))

    def _add_file(self, path: str, key: str) -> None:
        file = self.context.ports.tree.read_file(path)
        if file is None:
            message = f"the {key} of the stack {self.name} is {path}, which does not exist"
            self.problems.append(Problem("E601", message, "add the file, or correct the path", self._locate(key)))
            return
        self.files[path] = file
        self.tree[path] = None

    def list_chart_variables(self) -> tuple[Variable, ...]:
        """Return the variables of a chart: its inputs and set values, and the keys below `envctl` in its values."""
        ports = self.context.ports
        found: dict[str, Variable] = {}
        for table, names in (("inputs", self.stack.inputs), ("set", self.stack.set_values)):
            for path in names:
                place = locate_key(ports, "stacks", self.name, table, path)
                found[path] = build_required_variable(path, ANY, place, nullable=True)
        if self.stack.values:
            path = _normalize(self.context, self.stack.values)
            for each in ports.manifests.find_value_keys(self.files[path].data, path):
                if f"{VALUES_TABLE}.{each.name}" not in found:
                    found.setdefault(each.name, each)
        return tuple(found.values())

    def describe(self) -> KubernetesCode:
        tools = self.context.ports.manifests.read_tools(with_helm=self.stack.chart is not None)
        return replace(describe_code(self.context, self.stack), tree=tuple(sorted(self.tree)), tools=tools)


def describe_code(context: Context, stack: Stack) -> KubernetesCode:
    """Return what envctl.toml says of a stack of Kubernetes objects, without its files and tools."""
    return KubernetesCode(
        tree=(),
        namespace=stack.namespace or "",
        is_chart=stack.chart is not None,
        overlay=_normalize(context, stack.overlay) if stack.overlay else "",
        values_file=_normalize(context, stack.values) if stack.values else "",
        cluster=stack.cluster or "",
        context=stack.kubeconfig_context or "",
        wait=int(stack.wait.total_seconds()),
        skips_hooks=stack.hooks == "skip",
        allows_secrets=stack.secrets == "allow",
    )


def _normalize(context: Context, path: str) -> str:
    """Return the only spelling of a path of envctl.toml."""
    return normalize_folder(context.ports, normpath(path))


def find_misplaced_references(
    context: Context, name: str, stack: Stack, outputs: Mapping[str, Collection[str]]
) -> Iterator[Problem]:
    """Yield the texts of `set` of a chart that name an output of a stack: `set` passes them on as they are."""
    for path, value in stack.set_values.items() if stack.chart else ():
        try:
            reference = OutputReference.parse(value) if isinstance(value, str) else None
        except ValueError:
            continue
        if reference and reference.output in outputs.get(reference.stack, ()):
            message = f"{path} in set of the stack {name} is the text {value}, and there is an output of that name"
            hint = f"move the line to [stacks.{name}.inputs], or write another text"
            yield Problem("E603", message, hint, locate_key(context.ports, "stacks", name, "set", path))
