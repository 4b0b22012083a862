"""The references of a kustomization: folders and files of the project, never a network."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import join, normpath
from typing import Any

from envctl.domain.kubernetes.workload import LOCAL_CONFIG, VARIABLES_NAME

KUSTOMIZATION_FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
YAML_SUFFIXES = (".yaml", ".yml")
_ENTRIES = ("resources", "bases", "components")
_FILES = ("crds", "configurations", "generators", "transformers", "validators", "patchesStrategicMerge")
PLUGIN_KEYS = frozenset({"generators", "transformers", "validators"})
"""Keys with configurations of built-in plugins, which may read files as well."""
_FOLDERS = frozenset({*_ENTRIES, *PLUGIN_KEYS})
_TABLES = ("patches", "patchesJson6902", "replacements")
_GENERATORS = ("configMapGenerator", "secretGenerator")
_HELM = ("helmCharts", "helmChartInflationGenerator", "helmGlobals")
# Entries that kustomize would take for addresses in a network.
_REMOTE = re.compile(r"\w+://|git::|git@|[\w.-]+@[\w.-]+:|(www\.)?github\.com[/:]|gh:|.*(\?ref=|\.git(/|$|\?)|//)")
_VARIABLES_PATCH = re.compile(rf"""name:\s*["']?{VARIABLES_NAME}["']?\s*([,}}]|$)""", re.MULTILINE)
FOLDER_HINT = "copy it into the project: a release is complete, and is rendered without a network"

_KNOWN_KEYS = {
    each.lower(): each
    for each in (
        *(*_ENTRIES, *_FILES, *_TABLES, *_GENERATORS, *_HELM),
        *("openapi", "path", "files", "envs", "env", "literals", "name", "target", "patch", "kind"),
    )
}
"""The keys that lead to files, values or the ConfigMap of variables, by their lower case."""

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class KustomizationFault:
    """A part of a kustomization that no release can hold, with the keys that lead to it."""

    message: str
    hint: str
    path: KeyPath


@dataclass(frozen=True)
class Reference:
    """A path in a kustomization, from the top of the project, with the keys that lead to it."""

    target: str
    path: KeyPath
    may_be_folder: bool = False


@dataclass(frozen=True)
class KustomizationFindings:
    references: tuple[Reference, ...] = ()
    faults: tuple[KustomizationFault, ...] = ()


@dataclass
class _Search:
    folder: str
    references: list[Reference] = field(default_factory=list)
    faults: list[KustomizationFault] = field(default_factory=list)

    def add(self, entry: object, path: KeyPath, *, may_be_folder: bool = False) -> None:
        if not isinstance(entry, str):
            return
        # YAML in the place of a path.
        if "\n" in entry.strip() or entry.lstrip().startswith(("{", "[")):
            if path[0] in PLUGIN_KEYS and "://" in entry:
                message = f"{path[0]}: an address in a network"
                self.faults.append(KustomizationFault(message, FOLDER_HINT, path))
            return
        if _REMOTE.match(entry):
            self.faults.append(KustomizationFault(f"{entry} is fetched from a network", FOLDER_HINT, path))
        elif entry.startswith("/"):
            hint = "write a path from the folder of the kustomization"
            self.faults.append(KustomizationFault(f"{entry} is not a relative path", hint, path))
        else:
            self.references.append(Reference(normpath(join(self.folder, entry)), path, may_be_folder))


def find_references(document: Mapping[str, Any], folder: str, *, allows_secrets: bool) -> KustomizationFindings:
    """Return the references of a kustomization in this folder, and its parts that no release can hold."""
    search = _Search(folder)
    search.faults += _find_misspelled(document)
    for key in (*_ENTRIES, *_FILES):
        for position, entry in enumerate(_list_entries(document.get(key))):
            search.add(entry, (key, position), may_be_folder=key in _FOLDERS)
    for key in _TABLES:
        for position, table in enumerate(_list_entries(document.get(key))):
            if isinstance(table, Mapping):
                search.add(table.get("path"), (key, position, "path"))
    openapi = document.get("openapi")
    if isinstance(openapi, Mapping):
        search.add(openapi.get("path"), ("openapi", "path"))
    for key in _GENERATORS:
        for position, table in enumerate(_list_entries(document.get(key))):
            _search_generator(search, table, (key, position))
    search.faults += _find_refused_parts(document, allows_secrets=allows_secrets)
    return KustomizationFindings(tuple(search.references), tuple(search.faults))


def _search_generator(search: _Search, table: object, path: KeyPath) -> None:
    if not isinstance(table, Mapping):
        return
    for position, entry in enumerate(_list_entries(table.get("files"))):
        text = entry.partition("=")[2] or entry if isinstance(entry, str) else entry
        search.add(text, (*path, "files", position))
    for position, entry in enumerate(_list_entries(table.get("envs"))):
        search.add(entry, (*path, "envs", position))
    search.add(table.get("env"), (*path, "env"))


def _find_misspelled(document: Mapping[str, Any]) -> Iterator[KustomizationFault]:
    """Yield the keys that kustomize takes for others: it does not mind their case, and envctl would not read them."""
    for path, key in _walk_keys(document):
        known = _KNOWN_KEYS.get(key.lower(), key)
        if key != known:
            yield KustomizationFault(f"kustomize reads the key {key} as {known}", f"write {known}", (*path, key))


def _walk_keys(document: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Yield the keys at the top, and those of the tables below a key that has some."""
    yield from (((), str(key)) for key in document)
    for name, value in document.items():
        if str(name).lower() not in {each.lower() for each in (*_TABLES, *_GENERATORS, "openapi")}:
            continue
        tables: dict[KeyPath, object] = {(str(name),): value}
        tables |= {(str(name), number): each for number, each in enumerate(_list_entries(value))}
        for path, table in tables.items():
            if isinstance(table, Mapping):
                yield from ((path, str(key)) for key in table)
                target = table.get("target")
                yield from (((*path, "target"), str(key)) for key in target) if isinstance(target, Mapping) else ()


def _find_refused_parts(document: Mapping[str, Any], *, allows_secrets: bool) -> Iterator[KustomizationFault]:
    for key in _HELM:
        if key in document:
            hint = 'make the chart a stack of its own: chart = "charts/NAME-VERSION.tgz"'
            yield KustomizationFault(f"{key}: kustomize would start helm", hint, (key,))
    for key, position in _find_changed_variables(document):
        hint = "let the settings of the environment say the values, or patch them by a file of its own"
        message = f"{key} changes the ConfigMap {VARIABLES_NAME}: the values that envctl writes would have no effect"
        yield KustomizationFault(message, hint, (key, position))
    if document.get("secretGenerator") and not allows_secrets:
        hint = 'name a secret of another store instead, or allow them: secrets = "allow" in the stack'
        message = "secretGenerator: the release would hold the values of Secrets"
        yield KustomizationFault(message, hint, ("secretGenerator",))


def _find_changed_variables(document: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield key and position of what changes the variables of the stack where no file can be written."""
    for key in ("patches", "patchesJson6902", "patchesStrategicMerge", "configMapGenerator"):
        for position, entry in enumerate(_list_entries(document.get(key))):
            table = entry if isinstance(entry, Mapping) else {"patch": entry}
            target = table.get("target")
            target = target if isinstance(target, Mapping) else {}
            named = target.get("name") if target.get("kind", "ConfigMap") == "ConfigMap" else None
            inline = str(table.get("patch", ""))
            is_inline = "\n" in inline and _VARIABLES_PATCH.search(inline) is not None
            is_generated = key == "configMapGenerator" and table.get("name") == VARIABLES_NAME
            if named == VARIABLES_NAME or is_inline or is_generated:
                yield key, position


def _list_entries(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def find_kustomization(names: Mapping[str, object], folder: str) -> str:
    """Return the path of the kustomization in a folder; empty without one."""
    prefix = "" if folder == "." else f"{folder}/"
    return next((f"{prefix}{name}" for name in KUSTOMIZATION_FILES if f"{prefix}{name}" in names), "")


def is_variables_map(value: object) -> bool:
    """Tell if an object is the ConfigMap with the variables of a stack."""
    return (
        isinstance(value, Mapping)
        and value.get("kind") == "ConfigMap"
        and isinstance(value.get("metadata"), Mapping)
        and value["metadata"].get("name") == VARIABLES_NAME
    )


def is_local_config(value: Mapping[str, Any]) -> bool:
    """Tell if an object stays on this machine: kustomize leaves it out."""
    annotations = value["metadata"].get("annotations")
    return isinstance(annotations, Mapping) and str(annotations.get(LOCAL_CONFIG, "")).lower() == "true"
