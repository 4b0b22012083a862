"""The checks of `envctl doctor` for stacks of Kubernetes objects: tools, clusters, and permissions in them."""

from collections.abc import Iterable, Iterator

from envctl.domain.command_lines import format_command
from envctl.domain.errors import EnvctlError, OperationFailedError, Problem
from envctl.domain.terraform.expressions import OutputReference
from envctl.domain.terraform.outputs import select_part
from envctl.domain.text.lists import join_first
from envctl.usecases.inspect.cluster_places import ClusterPlace, list_declared_places
from envctl.usecases.inspect.doctor.rows import Row, report_bad, report_good, report_unchecked, report_warning
from envctl.usecases.inspect.outputs import read_output
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.kubernetes import ClusterConnection

MAX_PERMISSIONS = 4
SUPPORTED_SKEW = 1
"""Minor versions between kubectl and a cluster: https://kubernetes.io/releases/version-skew-policy/#kubectl"""


def check_tools(context: Context) -> Iterator[Row]:
    with_helm = any(stack.chart for stack in context.project.stacks.values())
    for name, seen in context.ports.cluster_inspector.describe_tools(with_helm=with_helm).items():
        yield report_good(name, seen)


def check_clusters(context: Context, environment: str) -> Iterator[Row]:
    """Check each cluster and namespace of an environment once."""
    places = list_declared_places(context.project, environment)
    found = {(each.name, each.output, each.context, each.region, each.namespace): each for each in places}
    yield from _check_places(context, environment, found.values())


def check_look_role(context: Context, environment: str) -> Iterator[Row]:
    """Check that plans with the `look_role` of an environment work in its clusters. There is no row without such a
    role, and none for a context of a kubeconfig, which has its own credentials.
    """
    if context.project.environments[environment].look_role is None:
        return
    places = [each for each in list_declared_places(context.project, environment) if not each.context]
    found = {(each.name, each.output, each.region, each.namespace): each for each in places}
    for place in found.values():
        row = f"look_role in {place.name or place.output}"
        name = place.name or _read_name(context.ports, environment, place.output)
        if not name:
            yield report_unchecked(row, f"{place.output} is not known yet")
            continue
        try:
            connection = context.ports.looking_clusters.find_cluster(environment, place.region, name)
            yield _describe_looking(context.ports, connection, place.namespace, row)
        except EnvctlError as error:
            # A person may deploy, and not take this role, which jobs have.
            yield report_unchecked(row, error.problems[0].message)


def _describe_looking(ports: Ports, connection: ClusterConnection, namespace: str, row: str) -> Row:
    may = ports.cluster_inspector.check_looking(connection, namespace)
    if may.missing_reads:
        listed = join_first(list(may.missing_reads), MAX_PERMISSIONS)
        hint = f"bind it to a role that only reads: {format_command('explain', 'E624')}"
        return report_bad(row, Problem("E624", f"the look_role may not {listed} ({connection.name})", hint))
    if may.can_dry_run:
        return report_good(row, f"it may read namespace {namespace}, and a dry run passes")
    if may.can_dry_run is None:
        return report_unchecked(row, f"it may read namespace {namespace}; a dry run of it: {may.why}")
    seen = f"it may read namespace {namespace}, and no dry run passes: its plans come from manifests and live objects"
    return report_warning(row, seen, f"allow it dry runs alone: {format_command('explain', 'E624')}")


def _check_places(context: Context, environment: str, places: Iterable[ClusterPlace]) -> Iterator[Row]:
    for place in places:
        row = f"cluster {place.context or place.name or place.output}"
        try:
            connection = _find_connection(context.ports, environment, place)
            if connection is None:
                why = f"{place.output} is not known yet: {place.stack} can be planned once its cluster was applied"
                yield report_unchecked(row, why)
                continue
            yield from _check_connection(context, connection, place.namespace, row)
        except EnvctlError as error:
            yield report_bad(row, *error.problems)


def _find_connection(ports: Ports, environment: str, place: ClusterPlace) -> ClusterConnection | None:
    """Return the connection; None if the output that names the cluster can't be read."""
    if place.context:
        return ports.kubernetes_clusters.find_context(place.context)
    name = place.name or _read_name(ports, environment, place.output)
    return ports.kubernetes_clusters.find_cluster(environment, place.region, name) if name else None


def _read_name(ports: Ports, environment: str, output: str) -> str:
    reference = OutputReference.parse(output)
    try:
        found = read_output(ports, environment, f"{reference.stack}.{reference.output}", reveal=True)
    except EnvctlError:
        # Nothing was applied there, or its state can't be read: other checks say so.
        return ""
    value = select_part(found.value, reference.path)
    return value if isinstance(value, str) else ""


def _check_connection(context: Context, connection: ClusterConnection, namespace: str, row: str) -> Iterator[Row]:
    ports = context.ports
    version = ports.cluster_inspector.fetch_version(connection)
    yield _check_permissions(ports, connection, namespace, row, _describe_version(context, version))
    if skew := _describe_skew(ports.cluster_inspector.read_kubectl_version(), version):
        yield report_warning(row, skew, "install a kubectl of that version; for envctl alone no other one is needed")


def _describe_version(context: Context, version: str) -> str:
    """Return the version of a cluster; in the sandbox, also that its rules are those of another one."""
    if not context.ports.sandbox or context.project.sandbox.endpoint_url:
        return version
    from kube_api_emulator.versions import RULES_VERSION, describe_borrowed_rules

    return f"{version} with the rules of {RULES_VERSION}" if describe_borrowed_rules(version) else version


def _check_permissions(ports: Ports, connection: ClusterConnection, namespace: str, row: str, version: str) -> Row:
    try:
        missing = ports.cluster_inspector.list_missing_permissions(connection, namespace)
    except OperationFailedError as error:
        return report_unchecked(row, f"version {version}; your permissions: {error.problems[0].message}")
    if not missing:
        return report_good(row, f"version {version}; you may apply in namespace {namespace}")
    listed = join_first(list(missing), MAX_PERMISSIONS)
    message = f"your role may not {listed} ({connection.name})"
    return report_bad(row, Problem("E624", message, "bind the role to a ClusterRole with these permissions"))


def _describe_skew(kubectl: str, cluster: str) -> str:
    """Return that kubectl is not made for this cluster; empty if it is, or if a version is unknown."""
    try:
        own, other = (tuple(int(part) for part in text.split(".")[:2]) for text in (kubectl, cluster))
    except ValueError:
        return ""
    if own[:1] == other[:1] and abs(own[-1] - other[-1]) <= SUPPORTED_SKEW:
        return ""
    return f"kubectl is {kubectl}, and the cluster {cluster}: commands of kubectl can fail there"
