"""Renders a Helm chart with `helm template`: no release of Helm, no network, no cluster."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envctl.adapters.kubernetes.rendering.tools import HELM, run_tool
from envctl.adapters.kubernetes.rendering.yaml_documents import YamlDocument, read_documents
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.kubernetes.manifests.value_paths import find_path_conflict, nest_values
from envctl.domain.kubernetes.workload import Workload

if TYPE_CHECKING:
    from kube_api_emulator.schemas.schemas import Schemas

VALUES_FILE = "values.json"
KUBERNETES = "kubernetes"
"""Tool of a release with charts: the newest version of Kubernetes whose kinds are known when the release is made."""
_FIRST_KUBERNETES = "1.36"
"""That version of releases that do not record it."""
_SOURCE = re.compile(r"^# Source: [^/\s]+/(.+)$", re.MULTILINE)
_MOST_LINES = 12
_FAILED_AT = re.compile(r"\(?([\w.-]+/(?:charts/[\w.-]+/)*templates/[\w./-]+):(\d+)")


def write_values(folder: Path, values: Mapping[str, str]) -> Path:
    """Write the values of a chart, given as JSON by path, and return the file."""
    if conflict := find_path_conflict(values):
        message = f"{conflict[0]} and {conflict[1]} set the same value of the chart"
        raise ConfigurationError(Problem("E603", message, "remove one of the two"))
    path = folder / VALUES_FILE
    nested: Mapping[str, Any] = nest_values({name: json.loads(text) for name, text in values.items()})
    path.write_text(json.dumps(nested))
    return path


def render_chart(tree: Path, home: Path, workload: Workload, values: Path) -> str:
    """Return the rendered templates of a chart. Raises ConfigurationError (E606)."""
    from kube_api_emulator.schemas.schemas import format_api_version

    files = [str(tree / each) for each in (workload.values_file, workload.overlay) if each]
    # The API versions of a cluster of this version, and their kinds, as charts ask for them.
    found: dict[str, None] = {}
    for group, version, kind in _choose_schemas(workload).list_kinds():
        name = format_api_version(group, version)
        found |= {name: None, f"{name}/{kind}": None}
    arguments = [
        "template",
        workload.name or workload.owner,
        str(tree / workload.path),
        "--namespace",
        workload.namespace,
        "--include-crds",
        "--skip-tests",
        "--kube-version",
        _find_version(workload),
        # helm itself knows a part of them only.
        "--api-versions",
        ",".join(found),
        *(part for file in (*files, str(values)) for part in ("--values", file)),
    ]
    code, output, errors = run_tool(HELM, arguments, home)
    if code:
        raise ConfigurationError(_explain_failure(errors, tree, workload))
    return output


def find_foreign_kinds(workload: Workload) -> str:
    """Return a note if a chart sees the kinds of another Kubernetes version than that of its cluster; else empty."""
    from kube_api_emulator.schemas.schemas import read_minor_version

    seen, version = _choose_schemas(workload).version, _find_version(workload)
    if seen == read_minor_version(version):
        return ""
    return f"{workload.path}: the chart sees the kinds of Kubernetes {seen}, not of {version}"


def _find_version(workload: Workload) -> str:
    return workload.kubernetes_version or workload.tools.get(KUBERNETES, _FIRST_KUBERNETES)


def _choose_schemas(workload: Workload) -> "Schemas":
    """Return the kinds that a chart sees. A release renders the same when envctl knows more versions than then."""
    # A package of its own: no chart is rendered without it.
    from kube_api_emulator.schemas.packed import list_versions, load_schemas
    from kube_api_emulator.schemas.schemas import choose_version

    known, newest = list_versions(), workload.tools.get(KUBERNETES, _FIRST_KUBERNETES)
    then = known[: known.index(newest) + 1] if newest in known else known
    return load_schemas(choose_version(_find_version(workload), then))


def _explain_failure(errors: str, tree: Path, workload: Workload) -> Problem:
    text = errors.replace(f"{tree}/", "").strip()
    # A schema of values is told line by line: which chart, which value, and why.
    lines = [line for line in text.removeprefix("Error: ").splitlines() if not line.startswith("Use --debug")]
    message = " ".join(lines[:_MOST_LINES]) or "helm template failed"
    place = Location(workload.path)
    if found := _FAILED_AT.search(text):
        template = found[1].partition("/")[2]
        place = Location(f"{workload.path}:{template}", int(found[2]))
        message = message.rpartition("error calling ")[2]
    hint = "correct the values of the chart: `values`, `overlay`, `set` and `inputs` of the stack"
    return Problem("E606", f"helm can't render {workload.path}: {' '.join(message.split())}", hint, place)


def read_chart_output(rendered: str, chart: str) -> list[YamlDocument]:
    """Return the documents that helm has rendered, each with its template as the file. Raises ConfigurationError (E611)
    with the template: its lines are unknown.
    """
    found: list[YamlDocument] = []
    template = ""
    for part in re.split(r"^---\s*$", rendered, flags=re.MULTILINE):
        source = _SOURCE.search(part)
        template = source[1] if source else template
        file = f"{chart}:{template}" if template else chart
        try:
            found += read_documents(part.encode(), file)
        except ConfigurationError as error:
            problems = (replace(each, location=Location(file)) for each in error.problems)
            raise ConfigurationError(*problems) from None
    return found


def uses_lookup(files: Mapping[str, bytes]) -> list[str]:
    """Return the templates that look into a cluster. `helm template` finds nothing there."""
    call = re.compile(rb"\{\{[^}]*\blookup\s+\"")
    return sorted(path for path, data in files.items() if "templates/" in path and call.search(data))
