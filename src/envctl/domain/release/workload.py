"""What a stack of Kubernetes objects of a release is in one environment."""

from collections.abc import Mapping

from envctl.domain.config.project import Project
from envctl.domain.kubernetes.manifests.value_paths import ANY, STRING, format_value
from envctl.domain.kubernetes.owner import format_owner
from envctl.domain.kubernetes.workload import VALUES_TABLE, ClusterReference, Workload
from envctl.domain.release.bundle import File, Release
from envctl.domain.release.kubernetes_code import KubernetesCode
from envctl.domain.release.place.backend import Backend, locate_output
from envctl.domain.release.wiring import Wiring
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.domain.terraform.expressions import OutputReference, is_cluster_output

VERSION_VARIABLE = "kubernetes_version"
"""Variable of a module for a cluster that says its version."""


def build_workload(
    wiring: Wiring, stack: str, project: Project, backend: Backend, settings: EnvironmentSettings
) -> Workload:
    """Return the stack in the environment of the settings. Its paths begin at the top of its tree."""
    wired = wiring.stacks[stack]
    code = wired.kubernetes
    if code is None:
        raise AssertionError(f"{stack} is not a stack of Kubernetes objects")
    locate, environment = wiring.to_bundle_path, settings.environment
    overlay = code.find_overlay(environment)
    return Workload(
        owner=format_owner(wiring.project, environment, stack),
        path=locate(wired.module),
        cluster=_find_cluster(wiring, code, backend, environment),
        namespace=_fill_placeholders(code.namespace, wiring, environment),
        is_chart=code.is_chart,
        overlay=locate(overlay) if overlay else "",
        values_file=locate(code.values_file) if code.values_file else "",
        values=_format_values(wiring, stack, settings.arguments[stack]),
        wait=float(code.wait),
        hooks="skip" if code.skips_hooks else "refuse",
        allows_secrets=code.allows_secrets,
        managers=project.environments[environment].drift.managers,
        name=stack,
        kubernetes_version=_find_version(code, settings),
        tools=code.tools,
    )


def list_workload_files(release: Release, stack: str) -> Mapping[str, File]:
    """Return the files of a release that the tree of a stack of Kubernetes objects holds, by their paths there."""
    code = release.wiring.stacks[stack].kubernetes
    tree = code.tree if code else ()
    needed = tuple(f"{folder}/" for folder in tree)
    locate = release.wiring.to_bundle_path
    return {locate(path): file for path, file in release.files.items() if path.startswith(needed) or path in tree}


def _find_cluster(wiring: Wiring, code: KubernetesCode, backend: Backend, environment: str) -> ClusterReference:
    if code.context:
        return ClusterReference(context=_fill_placeholders(code.context, wiring, environment))
    if is_cluster_output(code.cluster):
        return ClusterReference(output=locate_output(wiring, backend, "cluster", STRING, code.cluster))
    return ClusterReference(name=code.cluster)


def _fill_placeholders(text: str, wiring: Wiring, environment: str) -> str:
    return text.replace("{environment}", environment).replace("{project}", wiring.project)


def _format_values(wiring: Wiring, stack: str, arguments: Mapping[str, object]) -> dict[str, str]:
    """Return the texts of the known variables. Those of a chart are JSON, by their paths in its values."""
    code = wiring.stacks[stack].kubernetes
    if code is None or not code.is_chart:
        return {name: format_value(value, STRING) for name, value in arguments.items()}
    types = {each.name: each.type_text for each in wiring.schema[stack]}
    return {
        name if types.get(name) == ANY else f"{VALUES_TABLE}.{name}": format_value(value, ANY)
        for name, value in arguments.items()
    }


def _find_version(code: KubernetesCode, settings: EnvironmentSettings) -> str:
    """Return the version that the settings give to the cluster; empty if unknown."""
    if not is_cluster_output(code.cluster):
        return ""
    arguments = settings.arguments.get(OutputReference.parse(code.cluster).stack, {})
    value = arguments.get(VERSION_VARIABLE)
    return value if isinstance(value, str) else ""
