"""Reads the code of a stack of Kubernetes objects: what kustomizations read, and the variables of the stack."""

import io
import re
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import suppress

from envctl.adapters.kubernetes.rendering.yaml_documents import YamlDocument, read_documents
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.kubernetes.manifests.kustomization import (
    FOLDER_HINT,
    PLUGIN_KEYS,
    YAML_SUFFIXES,
    find_kustomization,
    find_references,
    is_local_config,
    is_variables_map,
)
from envctl.domain.kubernetes.manifests.manifest_checks import find_written_secrets
from envctl.domain.kubernetes.manifests.value_paths import STRING
from envctl.domain.kubernetes.workload import LOCAL_CONFIG, VARIABLES_NAME
from envctl.domain.release.bundle import File
from envctl.domain.terraform.variables import Variable, build_required_variable
from envctl.usecases.ports.manifests import FoundReferences

_IDENTIFIER = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
_LARGEST_CHART = 50_000_000


def read_references(files: Mapping[str, File], folder: str, *, allows_secrets: bool) -> FoundReferences:
    """Return the references of the kustomization of a folder. Raises ConfigurationError."""
    path = find_kustomization(files, folder)
    if not path:
        return FoundReferences(has_kustomization=False)
    documents = [each for each in read_documents(files[path].data, path) if each.value is not None]
    if len(documents) != 1 or not isinstance(documents[0].value, dict):
        message = "a kustomization is one document with keys such as resources"
        raise ConfigurationError(Problem("E602", message, "write one document", Location(path)))
    found = find_references(documents[0].value, folder, allows_secrets=allows_secrets)
    problems = [Problem("E602", each.message, each.hint, documents[0].locate(each.path)) for each in found.faults]
    problems += [
        Problem("E602", f"{each.target}: an address in a network", FOLDER_HINT, documents[0].locate(each.path))
        for each in found.references
        if each.path[0] in PLUGIN_KEYS and each.target in files and b"://" in files[each.target].data
    ]
    references = tuple((each, documents[0].locate(each.path).line) for each in found.references)
    return FoundReferences(True, references, tuple(problems))


def find_secrets(files: Mapping[str, File]) -> tuple[Problem, ...]:
    """Return a problem (E610) for each Secret with values in these files. A file that is not YAML has none: kustomize
    reports it where it is read.
    """
    found: list[Problem] = []
    for path in sorted(files):
        if path.endswith((*YAML_SUFFIXES, ".json")) and b"Secret" in files[path].data:
            with suppress(ConfigurationError):
                documents = read_documents(files[path].data, path)
                found += find_written_secrets((each.value, each.locate()) for each in documents)
    return tuple(found)


def read_variables(files: Mapping[str, File]) -> tuple[Variable, ...]:
    """Return the keys of the ConfigMap `envctl` in these files. Raises ConfigurationError."""
    found = list(find_variable_maps(files))
    # Others are patches of overlays: examples that hold without envctl.
    declared = [each for each in found if is_local_config(each.value)] or found
    problems = [problem for each in declared for problem in _check_local(each)]
    problems += [problem for each in found for problem in _check_examples(each)]
    if not problems:
        problems += _find_other_keys(declared[0], found) if found else ()
    if problems:
        raise ConfigurationError(*problems)
    return tuple(
        build_required_variable(name, STRING, declared[0].locate(("data", name)), nullable=False)
        for name in (declared[0].value.get("data") or {} if found else {})
    )


def _find_other_keys(first: YamlDocument, found: list[YamlDocument]) -> Iterator[Problem]:
    """Yield a problem for each ConfigMap with other keys; a patch may have a part of them."""
    keys = set(first.value.get("data") or {})
    for each in found:
        own = set(each.value.get("data") or {})
        if other := (own ^ keys) if is_local_config(each.value) else own - keys:
            names = ", ".join(sorted(other))
            message = (
                f"two ConfigMaps {VARIABLES_NAME} have other keys: {names} is not in both ({first.locate(('data',))})"
            )
            yield Problem("E603", message, "write the same keys, or keep one", each.locate(("data",)))


def find_variable_maps(files: Mapping[str, File]) -> Iterator[YamlDocument]:
    """Yield the documents with the ConfigMap of the variables."""
    for path in sorted(files):
        if path.endswith(YAML_SUFFIXES) and VARIABLES_NAME.encode() in files[path].data:
            yield from (each for each in read_documents(files[path].data, path) if is_variables_map(each.value))


def _check_local(document: YamlDocument) -> Iterator[Problem]:
    if not is_local_config(document.value):
        message = f"the ConfigMap {VARIABLES_NAME} holds the variables of the stack, but would be sent to the cluster"
        hint = f'add the annotation {LOCAL_CONFIG}: "true", or give it another name'
        yield Problem("E603", message, hint, document.locate(("metadata",)))


def _check_examples(document: YamlDocument) -> Iterator[Problem]:
    data = document.value.get("data")
    if data is not None and not isinstance(data, dict):
        yield Problem("E603", "data is not a map of texts", "write KEY: TEXT", document.locate(("data",)))
        return
    for name, example in (data or {}).items():
        if not _IDENTIFIER.fullmatch(str(name)):
            message = f"{name} can't be the name of a variable"
            yield Problem("E603", message, "use letters, digits and _", document.locate(("data", str(name))))
        elif not isinstance(example, str):
            message = f"the example of {name} is not a text: kustomize would refuse it"
            yield Problem("E603", message, f'write it in quotes: {name}: "…"', document.locate(("data", name)))


def read_value_keys(data: bytes, path: str) -> tuple[Variable, ...]:
    """Return the keys below `envctl` in a file of values. Raises ConfigurationError."""
    documents = [each for each in read_documents(data, path) if each.value is not None]
    if not documents:
        return ()
    if len(documents) > 1 or not isinstance(documents[0].value, dict):
        message = "a file of values is one document with keys"
        raise ConfigurationError(Problem("E603", message, "write one document", Location(path)))
    table = documents[0].value.get(VARIABLES_NAME)
    if not isinstance(table, dict):
        return ()
    return tuple(
        build_required_variable(name, STRING, documents[0].locate((VARIABLES_NAME, name)), nullable=False)
        for name in map(str, table)
        if _IDENTIFIER.fullmatch(name)
    )


def check_chart(files: Mapping[str, File], path: str) -> None:
    """Raise ConfigurationError (E601) if there is no complete chart in the archive or folder."""
    found = dict(read_chart_files(files, path))
    described = found.get("Chart.yaml")
    if described is None:
        message = f"{path} is not a Helm chart: it has no Chart.yaml"
        hint = "put the archive there: helm pull NAME --repo URL --version VERSION"
        raise ConfigurationError(Problem("E601", message, hint, Location(path)))
    documents = read_documents(described, f"{path}/Chart.yaml")
    chart = documents[0].value if documents else None
    listed = chart.get("dependencies") if isinstance(chart, dict) else None
    missing = [
        str(each["name"])
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict) and "name" in each and not _has_dependency(found, str(each["name"]))
    ]
    if missing:
        message = f"{path} lacks the charts it depends on: {', '.join(missing)}"
        hint = "put them into its folder charts/: helm dependency update"
        raise ConfigurationError(Problem("E601", message, hint, Location(path)))


def _has_dependency(found: Mapping[str, bytes], name: str) -> bool:
    return any(path.startswith((f"charts/{name}/", f"charts/{name}-")) for path in found)


def read_chart_files(files: Mapping[str, File], path: str) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a chart, by path from its top. Raises ConfigurationError (E601) for a damaged archive."""
    if path not in files:
        prefix = f"{path}/"
        yield from ((name.removeprefix(prefix), each.data) for name, each in files.items() if name.startswith(prefix))
        return
    total = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(files[path].data), mode="r:gz") as tar:
            for member in tar:
                total += member.size
                if total > _LARGEST_CHART:
                    message = f"{path} unpacks to more than 50 MB"
                    raise ConfigurationError(Problem("E601", message, "use another chart", Location(path)))
                data = tar.extractfile(member) if member.isreg() else None
                if data is not None:
                    yield member.name.partition("/")[2], data.read()
    except (tarfile.TarError, EOFError, OSError) as error:
        message = f"{path} is not the archive of a chart: {error}"
        raise ConfigurationError(Problem("E601", message, "make it again: helm pull, or helm package")) from None
