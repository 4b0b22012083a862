"""One rendering of a stack: charts by helm, and everything by kustomize, the one parser of all YAML."""

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Any

from envctl.adapters.kubernetes.rendering.chart import (
    find_foreign_kinds,
    read_chart_output,
    render_chart,
    uses_lookup,
    write_values,
)
from envctl.adapters.kubernetes.rendering.code_reader import find_variable_maps, read_chart_files, read_references
from envctl.adapters.kubernetes.rendering.image_files import read_pins
from envctl.adapters.kubernetes.rendering.tools import KUBECTL, read_versions, run_tool, shorten_words
from envctl.adapters.kubernetes.rendering.yaml_documents import YamlDocument, read_documents
from envctl.domain.errors import ConfigurationError, EnvctlError, Location, Problem
from envctl.domain.kubernetes.manifests.image_pins import find_pins_file, pin_images
from envctl.domain.kubernetes.manifests.kustomization import YAML_SUFFIXES, KeyPath, find_kustomization
from envctl.domain.kubernetes.manifests.manifest_checks import (
    ORIGIN,
    drop_notes,
    drop_wrong_namespaces,
    find_differences,
    find_duplicates,
    find_hooks,
    find_malformed,
    find_secret_values,
    flatten_lists,
    is_hook,
    list_images,
)
from envctl.domain.kubernetes.manifests.rendered import RenderedManifests
from envctl.domain.kubernetes.objects import Manifest, ObjectIdentity, identify
from envctl.domain.kubernetes.workload import LABEL, Workload
from envctl.domain.release.bundle import File

_GENERATED = (".envctl-first", ".envctl-second")
"""Folders of the generated kustomizations, one for each of the two renderings."""
_CHART_OUTPUT = "chart.yaml"
_MALFORMED = ("already registered id", "ID conflict", "missing metadata.name", "missing kind", "missing apiVersion")
"""Words of kustomize about an object without a part, or one that comes twice."""


@dataclass(kw_only=True)
class StackRendering:
    """One rendering of a copied tree.

    Attributes:
        sources: templates of a chart by kind and name of their objects.
        documents: documents of files by path, for lines.
    """

    tree: Path
    home: Path
    workload: Workload
    values: Mapping[str, str]
    with_examples: bool = False
    sources: dict[tuple[str, str], str] = field(default_factory=dict)
    documents: dict[str, list[YamlDocument]] = field(default_factory=dict)

    def run(self) -> RenderedManifests:
        files = self._read_files()
        notes = [*self.compare_tools()]
        if self.workload.is_chart:
            chart = self.workload.path
            looking = uses_lookup(dict(read_chart_files(files, chart)))
            notes += [f"{chart}: {each} looks into a cluster with lookup, and finds nothing" for each in looking]
            notes += filter(None, [find_foreign_kinds(self.workload)])
            path = write_values(self.home, self.values)
            with ThreadPoolExecutor(2) as pool:
                outputs = list(pool.map(lambda name: self._render_chart(name, path), _GENERATED))
            entries = [_CHART_OUTPUT] * 2
            if not any(outputs):
                return RenderedManifests((), notes=tuple(notes))
            self._note_sources(outputs[0])
        else:
            self._check_kustomizations(files)
            self._write_variables(files)
            entries = [self._prepare_entry(files)] * 2
        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(self._build, _GENERATED, entries)
        objects = self._check_objects(first)
        if differing := list(find_differences(objects, self._check_objects(second))):
            raise ConfigurationError(*differing)
        pinned = find_pins_file(self.workload.path)
        pins = read_pins(files[pinned].data, pinned) if self.workload.is_chart and pinned in files else {}
        plain = tuple(drop_wrong_namespaces([pin_images(drop_notes(each), pins) for each in objects]))
        places: dict[ObjectIdentity, Location] = {}
        lines: dict[ObjectIdentity, Mapping[KeyPath, int]] = {}
        for rendered, clean in zip(objects, plain, strict=True):
            place, document = self._find_source(rendered)
            if place is not None:
                places[identify(clean)] = place
            if document is not None:
                lines[identify(clean)] = document.lines
        return RenderedManifests(plain, list_images(plain), places, tuple(notes), lines)

    def _read_files(self) -> dict[str, File]:
        found = {}
        for folder, _, names in os.walk(self.tree):
            for name in names:
                path = Path(folder, name)
                if path.is_file() and not path.is_symlink():
                    found[path.relative_to(self.tree).as_posix()] = File(path.read_bytes())
        return found

    def compare_tools(self) -> list[str]:
        found = read_versions(with_helm=self.workload.is_chart)
        return [
            f"{tool} is {found[tool]} here, and was {known} when the release was made: it may render other objects"
            for tool, known in sorted(self.workload.tools.items())
            if found.get(tool, known) != known
        ]

    def _check_kustomizations(self, files: Mapping[str, File]) -> None:
        """Check all kustomizations that will be read, and the YAML that they name: the bytes of a release may be made
        by hand, and parsers differ in what a key means that comes twice.
        """
        problems: list[Problem] = []
        waiting, seen = [self.workload.overlay or self.workload.path], set()
        while waiting:
            folder = waiting.pop()
            if folder in seen:
                continue
            seen.add(folder)
            found = read_references(files, folder, allows_secrets=self.workload.allows_secrets)
            problems += found.problems
            named = [reference.target for reference, _ in found.references]
            if not found.has_kustomization:
                named = _list_plain_files(files, folder)
            for path in named:
                if path in files and path.endswith(YAML_SUFFIXES):
                    self.documents[path] = read_documents(files[path].data, path)
                elif path not in files:
                    waiting.append(path)
        if problems:
            raise ConfigurationError(*problems)

    def _write_variables(self, files: Mapping[str, File]) -> None:
        """Write the values into the ConfigMap with the variables, and leave all other text as it is."""
        maps: dict[str, list[YamlDocument]] = {}
        for document in find_variable_maps(files):
            maps.setdefault(document.file, []).append(document)
        for path, documents in maps.items():
            text = files[path].data.decode("utf-8-sig")
            for document in reversed(documents):
                if "data" in document.spans:
                    text = self._replace_data(text, document)
            (self.tree / path).write_text(text, encoding="utf-8")

    def _replace_data(self, text: str, document: YamlDocument) -> str:
        examples = document.value.get("data") or {}
        missing = [name for name in examples if name not in self.values]
        if missing and not self.with_examples:
            message = f"{', '.join(missing)} has no value"
            hint = "add it to the settings, or to inputs or set of the stack"
            raise ConfigurationError(Problem("E603", message, hint, document.locate(("data", missing[0]))))
        known = {name: self.values[name] for name in examples if name in self.values}
        start, end = document.spans["data"]
        old = text[start:end]
        tail = old[len(old.rstrip()) :]
        return f"{text[:start]}{json.dumps({**examples, **known})}{tail}{text[end:]}"

    def _prepare_entry(self, files: Mapping[str, File]) -> str:
        """Return the folder to build, from a generated one. Folders of plain YAML get a kustomization."""
        path, overlay = self.workload.path, self.workload.overlay
        if not find_kustomization(files, path):
            inside = "" if path == "." else f"{path}/"
            resources = [each.removeprefix(inside) for each in _list_plain_files(files, path)]
            if not resources:
                raise ConfigurationError(Problem("E601", f"{path} has no YAML", "put manifests there", Location(path)))
            _write_json(self.tree / path / "kustomization.yaml", {"resources": resources})
        return join("..", overlay or path)

    def _render_chart(self, name: str, values: Path) -> str:
        output = render_chart(self.tree, self.home, self.workload, values)
        documents = read_chart_output(output, self.workload.path)
        folder = self.tree / name
        folder.mkdir(exist_ok=True)
        (folder / _CHART_OUTPUT).write_text(output, encoding="utf-8")
        return output if any(each.value is not None for each in documents) else ""

    def _note_sources(self, output: str) -> None:
        for document in read_chart_output(output, self.workload.path):
            if isinstance(document.value, dict) and isinstance(document.value.get("metadata"), dict):
                key = (str(document.value.get("kind")), str(document.value["metadata"].get("name")))
                self.sources.setdefault(key, document.file)

    def _build(self, name: str, entry: str) -> list[Any]:
        folder = self.tree / name
        folder.mkdir(exist_ok=True)
        _write_json(folder / "kustomization.yaml", self._generate(entry))
        code, output, errors = run_tool(KUBECTL, ["kustomize", str(folder)], self.home)
        if code:
            raise self._explain_failure(errors)
        documents = read_documents(output.encode(), "the output of kustomize")
        return list(flatten_lists(each.value for each in documents))

    def _generate(self, entry: str) -> dict[str, Any]:
        """Return the kustomization over all others: namespace, label and the file of each object."""
        namespace = {
            "apiVersion": "builtin",
            "kind": "NamespaceTransformer",
            "metadata": {"name": "envctl", "namespace": self.workload.namespace},
            # Objects with a namespace of their own keep it.
            "unsetOnly": True,
            "setRoleBindingSubjects": "none",
        }
        return {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [entry],
            "buildMetadata": ["originAnnotations"],
            "labels": [{"pairs": {LABEL: self.workload.owner}}],
            "transformers": [json.dumps(namespace) + "\n"],
        }

    def _explain_failure(self, errors: str) -> EnvctlError:
        said = "\n".join(line for line in errors.splitlines() if not line.startswith("# Warning:"))
        text = said.replace(str(self.tree), "").replace("'/", "'").removeprefix("error: ").strip()
        for name in _GENERATED:
            text = text.replace(f"/{name}", "").replace(name, "")
        text = shorten_words(text)
        message = f"kustomize can't render {self.workload.overlay or self.workload.path}: {text}"
        hint = f"to see it alone: kubectl kustomize {self.workload.overlay or self.workload.path}"
        place = Location(self.workload.overlay or self.workload.path)
        is_malformed = any(words in text for words in _MALFORMED)
        if "expected kind != 'Component'" in text:
            hint = "list a component under components, in a kustomization that also has the resources it changes"
        if "missing metadata.name" in text:
            hint = "give each object a name of its own: generateName would make a new object each time"
        code = "E609" if is_malformed else "E606"
        return ConfigurationError(Problem(code, message, hint, place))

    def _check_objects(self, objects: Sequence[Any]) -> list[Manifest]:
        """Return the objects without hooks. Raises ConfigurationError with all problems."""
        problems = list(find_malformed(objects, self._locate))
        if problems:
            raise ConfigurationError(*problems)
        kept = list(objects)
        if self.workload.is_chart:
            if self.workload.hooks == "refuse":
                problems += find_hooks(kept)
            kept = [each for each in kept if not is_hook(each)]
        problems += find_duplicates(kept, self._locate)
        if not self.workload.allows_secrets:
            problems += find_secret_values(kept, self._locate)
        if problems:
            raise ConfigurationError(*problems)
        return kept

    def _locate(self, manifest: Manifest) -> Location | None:
        return self._find_source(manifest)[0]

    def _find_source(self, manifest: Manifest) -> tuple[Location | None, YamlDocument | None]:
        """Return the place of an object by what kustomize notes of its origin, and its document there."""
        metadata = manifest.get("metadata")
        if not isinstance(metadata, Mapping):
            return None, None
        kind, name = str(manifest.get("kind")), str(metadata.get("name"))
        if self.workload.is_chart:
            return Location(self.sources.get((kind, name), self.workload.path)), None
        origin = (metadata.get("annotations") or {}).get(ORIGIN)
        if not isinstance(origin, str):
            return None, None
        noted = read_documents(origin.encode(), "origin")[0].value
        path = noted.get("path") or noted.get("configuredIn") if isinstance(noted, dict) else None
        if not isinstance(path, str):
            return None, None
        path = normpath(join(_GENERATED[0], path))
        document = self._find_document(path, kind, name)
        return (document.locate() if document else Location(path)), document

    def _find_document(self, path: str, kind: str, name: str) -> YamlDocument | None:
        if path not in self.documents:
            try:
                self.documents[path] = read_documents((self.tree / path).read_bytes(), path)
            except (OSError, ConfigurationError):
                self.documents[path] = []
        best: YamlDocument | None = None
        for document in self.documents[path]:
            if isinstance(document.value, dict) and document.value.get("kind") == kind:
                own = str((document.value.get("metadata") or {}).get("name"))
                if own == name:
                    return document
                # A prefix or a suffix may have been added.
                if own in name and best is None:
                    best = document
        return best


def _list_plain_files(files: Mapping[str, File], folder: str) -> list[str]:
    """Return the YAML files below a folder without a kustomization. Folders below with one are not part of it."""
    inside = "" if folder == "." else f"{folder}/"
    own = {dirname(each) for each in files if find_kustomization(files, dirname(each) or ".")}
    return [
        each
        for each in sorted(files)
        if each.startswith(inside)
        and each.endswith(YAML_SUFFIXES)
        and not any(f"{dirname(each)}/".startswith(f"{other}/") for other in own)
    ]


def _write_json(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")
