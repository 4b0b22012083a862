"""The subresources of pods and service accounts that are no part of the object: logs, eviction, and refusals.

The words of refusals are those of pkg/registry/core/pod and pkg/kubelet in kubernetes/kubernetes.
"""

import json
from collections.abc import Mapping

from kube_api_emulator.server.cluster import Cluster
from kube_api_emulator.server.disruption_budgets import find_budgets
from kube_api_emulator.server.identity.account_tokens import AccountTokens, get_audiences
from kube_api_emulator.server.resources import Object, Place, Resource
from kube_api_emulator.server.rules.schema_rules import format_time
from kube_api_emulator.server.status_errors import StatusError, bad_request, conflict, invalid

_REFUSED = {
    "exec": "the emulator runs no containers: a command cannot run in one",
    "attach": "the emulator runs no containers: there is no process to attach to",
    "portforward": "the emulator runs no containers: no port can be forwarded",
    "proxy": "the emulator runs no containers: there is no server to pass requests to",
}
PARTS = frozenset({*_REFUSED, "log", "eviction", "token"})
EVICTION = Resource("policy", "v1", "evictions", "Eviction", True)
_LEAST_SECONDS, _USUAL_SECONDS, _MOST_SECONDS = 600, 3600, 2**32
TOKEN_REQUEST = Resource("authentication.k8s.io", "v1", "tokenrequests", "TokenRequest", True)
_TOKEN_FIELDS = ("audiences", "expirationSeconds", "boundObjectRef")
# The kinds of objects with whose end a token can end.
_BINDABLE = {"Pod": "pods", "Secret": "secrets", "Node": "nodes"}
_NOTE = "the emulator runs no containers: these are the events of this one"
_PULL_FAILURES = ("ErrImagePull", "ImagePullBackOff")


def refuse_part(cluster: Cluster, place: Place, part: str) -> StatusError:
    """Return the refusal of a part that needs a container. Raises StatusError 404 without the pod."""
    found = cluster.get(place)
    if part != "proxy" and not found["spec"].get("nodeName"):
        return bad_request(f"pod {place.name} does not have a host assigned")
    return StatusError(501, "NotImplemented", _REFUSED[part], {})


def read_log(cluster: Cluster, place: Place, query: Mapping[str, str]) -> str | None:
    """Return the lines of a container: what the emulator did with it; None without a node. Raises StatusError."""
    pod = cluster.get(place)
    name = _choose_container(pod, query.get("container", ""))
    if not pod["spec"].get("nodeName"):
        return None
    states = (pod.get("status") or {}).get("containerStatuses") or ()
    status: Object = next((each for each in states if each["name"] == name), {})
    is_previous = query.get("previous") in ("true", "1")
    state = (status.get("lastState") if is_previous else status.get("state")) or {}
    if is_previous and "terminated" not in state:
        raise bad_request(f'previous terminated container "{name}" in pod "{place.name}" not found')
    if "waiting" in state or not status:
        # A container that has crashed before shows the lines of its last run.
        state = status.get("lastState") or {}
        if "terminated" not in state:
            raise bad_request(f'container "{name}" in pod "{place.name}" is waiting to start: {_read_wait(status)}')
    lines = _list_lines(pod, name, state)
    if query.get("timestamps") in ("true", "1"):
        shown = [f"{moment} {text}" for moment, text in lines]
    else:
        shown = [text for _, text in lines]
    if query.get("tailLines", "").isdecimal():
        shown = shown[max(0, len(shown) - int(query["tailLines"])) :]
    text = "".join(f"{line}\n" for line in shown)
    return text[: int(query["limitBytes"])] if query.get("limitBytes", "").isdecimal() else text


def _choose_container(pod: Object, wanted: str) -> str:
    spec, name = pod["spec"], pod["metadata"]["name"]
    names = [each["name"] for each in spec.get("containers") or ()]
    initial = [each["name"] for each in spec.get("initContainers") or ()]
    if wanted and wanted not in (*names, *initial):
        raise bad_request(f"container {wanted} is not valid for pod {name}")
    if not wanted and len(names) != 1:
        shown = f"[{' '.join(names)}]"
        more = f" or one of the init containers: [{' '.join(initial)}]" if initial else ""
        raise bad_request(f"a container name must be specified for pod {name}, choose one of: {shown}{more}")
    return wanted or names[0]


def _read_wait(status: Object) -> str:
    reason = ((status.get("state") or {}).get("waiting") or {}).get("reason", "ContainerCreating")
    return "trying and failing to pull image" if reason in _PULL_FAILURES else str(reason)


def _list_lines(pod: Object, name: str, state: Object) -> list[tuple[str, str]]:
    """Return times and texts. A line never pretends to be of the application."""
    container = next(each for each in pod["spec"]["containers"] if each["name"] == name)
    running, ended = state.get("running") or {}, state.get("terminated") or {}
    started = running.get("startedAt") or ended.get("startedAt") or pod["metadata"]["creationTimestamp"]
    lines = [(started, _NOTE), (started, f"container {name} started with image {container.get('image', '')}")]
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        if container.get(kind) and running:
            is_failing = kind == "readinessProbe" and "never-ready" in container.get("image", "")
            lines.append((started, f"{kind} {'failed' if is_failing else 'passed (not sent)'}"))
    if ended:
        lines.append((ended.get("finishedAt", started), f"container {name} ended with code {ended.get('exitCode', 0)}"))
    return lines


def evict(cluster: Cluster, place: Place, body: Object, *, is_dry_run: bool = False) -> Object:
    """Delete a pod unless a disruption budget needs it. Raises StatusError 429."""
    metadata = body.get("metadata") or {}
    if metadata.get("namespace") not in (None, "", place.namespace):
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if metadata.get("name") != place.name:
        raise bad_request("name in URL does not match name in Eviction object")
    with cluster.store.lock:
        pod = cluster.get(place)
        budgets = find_budgets(cluster, pod)
        is_ended = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed", "Pending")
        if len(budgets) > 1 and not is_ended:
            message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
            raise StatusError(500, "InternalError", message, {})
        for budget in () if is_ended else budgets:
            status = budget.get("status") or {}
            if status.get("disruptionsAllowed", 0) < 1:
                raise _refuse_eviction(budget["metadata"]["name"], status)
        options = dict(body.get("deleteOptions") or {})
        cluster.delete(place, options, is_dry_run=is_dry_run or "All" in (options.get("dryRun") or ()))
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def request_token(cluster: Cluster, tokens: AccountTokens, place: Place, body: Object, manager: str) -> Object:
    """Return the answer to a request for a token of a service account. Raises StatusError."""
    account = cluster.get(place)
    _check_token_name(place, body.get("metadata") or {})
    metadata = {"name": place.name, "namespace": place.namespace, "uid": account["metadata"]["uid"]}
    metadata["creationTimestamp"] = format_time()
    spec = {name: value for name, value in (body.get("spec") or {}).items() if name in _TOKEN_FIELDS}
    seconds = spec.get("expirationSeconds")
    seconds = _USUAL_SECONDS if seconds is None else seconds
    spec["expirationSeconds"] = seconds
    answer: Object = {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "metadata": metadata}
    answer |= {"spec": spec}
    cluster.rules.track_update(TOKEN_REQUEST, None, answer, manager, "token")
    for is_wrong, text in (
        (seconds < _LEAST_SECONDS, "may not specify a duration less than 10 minutes"),
        (seconds > _MOST_SECONDS, "may not specify a duration larger than 2^32 seconds"),
    ):
        if is_wrong:
            cause = ("spec.expirationSeconds", "FieldValueInvalid", f"Invalid value: {seconds}: {text}")
            raise invalid(TOKEN_REQUEST, "", [cause])
    _check_bound(cluster, place, spec.get("boundObjectRef"))
    audiences = get_audiences(list(spec.get("audiences") or ()))
    token, expires = tokens.issue(account, audiences, seconds)
    spec = {"audiences": audiences, "expirationSeconds": seconds, "boundObjectRef": spec.get("boundObjectRef")}
    return answer | {"spec": spec, "status": {"token": token, "expirationTimestamp": expires}}


def _check_token_name(place: Place, metadata: Object) -> None:
    if metadata.get("namespace") not in (None, "", place.namespace):
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if metadata.get("name") not in (None, "", place.name):
        text = f"Invalid value: {json.dumps(metadata['name'])}: must match the service account name if specified"
        raise invalid(TOKEN_REQUEST, place.name, [("metadata.name", "FieldValueInvalid", text)])


def _check_bound(cluster: Cluster, place: Place, bound: Object | None) -> None:
    """Check that the object is there to which a token is bound. Raises StatusError 400, 404 or 409."""
    if bound is None:
        return
    version, kind = bound.get("apiVersion") or "", bound.get("kind") or ""
    plural = _BINDABLE.get(kind) if version == "v1" else None
    if plural is None:
        shown = version if "/" in version else f"/{version}"
        raise bad_request(f"cannot bind token to object of type {shown}, Kind={kind}")
    resource, name = cluster.resources.require("", "v1", plural), bound.get("name") or ""
    found = cluster.get(Place(resource, place.namespace if resource.is_namespaced else "", name))
    wanted, uid = bound.get("uid"), found["metadata"]["uid"]
    if wanted and wanted != uid:
        text = f"the UID in the bound object reference ({wanted}) does not match the UID in record. The object might "
        raise conflict(resource, name, f"{text}have been deleted and then recreated")


def _refuse_eviction(name: str, status: Object) -> StatusError:
    needed, present = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
    text = f"The disruption budget {name} needs {needed} healthy pods and has {present} currently"
    message = "Cannot evict pod as it would violate the pod's disruption budget."
    causes = [{"reason": "DisruptionBudget", "message": text}]
    return StatusError(429, "TooManyRequests", message, {"causes": causes})
