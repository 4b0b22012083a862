"""Jobs: pods until enough have succeeded, or too many have failed.

Source: k8s.io/kubernetes v1.36.2, pkg/controller/job/job_controller.go (syncJob, manageJob, newFailureCondition).
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from kube_api_emulator.server.controllers.context import Context, build_condition, drop_zeros
from kube_api_emulator.server.controllers.pods import build_pod
from kube_api_emulator.server.resources import Object, Resource
from kube_api_emulator.server.rules.schema_rules import format_time

_COMPONENT = "job-controller"
_RETRY_SECONDS = 1.0
_ENDS = ("Complete", "Failed")
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class _Counts:
    """The pods of a Job. `started` is the time of its first attempt."""

    started: str
    active: int
    succeeded: int
    failed: int

    def to_status(self) -> Object:
        counts = {"active": self.active, "succeeded": self.succeeded, "failed": self.failed}
        return {"startTime": self.started, "ready": 0, "terminating": 0} | drop_zeros(counts)


def is_ended(job: Object) -> bool:
    conditions = (job.get("status") or {}).get("conditions") or ()
    return any(each["type"] in _ENDS and each["status"] == "True" for each in conditions)


def reconcile_job(context: Context, resource: Resource, item: Object) -> float | None:
    spec, before = item["spec"], item.get("status") or {}
    if item["metadata"].get("deletionTimestamp"):
        return None
    if is_ended(item):
        return _remove_later(context, resource, item)
    if spec.get("suspend"):
        _suspend(context, resource, item)
        return None
    present = context.list_owned(context.find("", "pods"), item)
    phases = [(pod.get("status") or {}).get("phase") for pod in present]
    succeeded, failed = phases.count("Succeeded"), phases.count("Failed")
    started = before.get("startTime") or format_time()
    counts = _Counts(started, len(present) - succeeded - failed, succeeded, failed)
    late = _measure_rest(started, spec.get("activeDeadlineSeconds"))
    if late is not None and late <= 0:
        why = "DeadlineExceeded", "Job was active longer than specified deadline"
        _fail(context, resource, item, counts, why)
        return None
    if failed > _count_tries(spec):
        why = "BackoffLimitExceeded", "Job has reached the specified backoff limit"
        _fail(context, resource, item, counts, why)
        return None
    if succeeded >= _count_completions(spec):
        _complete(context, resource, item, counts)
        return None
    return _start_pods(context, resource, item, counts) or late


def _start_pods(context: Context, resource: Resource, item: Object, counts: _Counts) -> float | None:
    spec, active = item["spec"], counts.active
    missing = min(int(spec.get("parallelism", 1)), _count_completions(spec) - counts.succeeded) - active
    for number in range(missing):
        if context.create_pod(item, _build_pod(item, counts.succeeded + active + number), _COMPONENT):
            return _RETRY_SECONDS
    context.set_status(resource, item, replace(counts, active=active + max(0, missing)).to_status())
    return None


def _count_completions(spec: Object) -> int:
    return int(spec.get("completions") or spec.get("parallelism", 1))


def _build_pod(item: Object, number: int) -> Object:
    name = item["metadata"]["name"]
    pod = build_pod(item, item["spec"]["template"], {"job-name": name, "batch.kubernetes.io/job-name": name})
    if item["spec"].get("completionMode") == "Indexed":
        key = "batch.kubernetes.io/job-completion-index"
        pod["metadata"]["annotations"] = {**pod["metadata"].get("annotations", {}), key: str(number)}
        pod["metadata"]["labels"][key] = str(number)
    return pod


def _count_tries(spec: Object) -> int:
    """Return how many pods may fail. A pod that starts its containers again fails once."""
    restarts = spec["template"]["spec"].get("restartPolicy") == "OnFailure"
    return 0 if restarts else int(spec.get("backoffLimit", 6))


def _suspend(context: Context, resource: Resource, item: Object) -> None:
    condition = build_condition(item.get("status") or {}, "Suspended", "True", "JobSuspended", "Job suspended")
    context.set_status(resource, item, {"conditions": [condition], "ready": 0, "terminating": 0})


def _complete(context: Context, resource: Resource, item: Object, counts: _Counts) -> None:
    before = item.get("status") or {}
    why = "CompletionsReached", "Reached expected number of succeeded pods"
    conditions = [build_condition(before, kind, "True", *why) for kind in ("SuccessCriteriaMet", "Complete")]
    status = counts.to_status() | {"completionTime": format_time(), "conditions": conditions}
    context.set_status(resource, item, status)
    context.report(item, _COMPONENT, "Completed", "Job completed")


def _fail(context: Context, resource: Resource, item: Object, counts: _Counts, why: tuple[str, str]) -> None:
    before, pods = item.get("status") or {}, context.find("", "pods")
    for pod in context.list_owned(pods, item):
        if (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed"):
            context.delete_pod(item, pod, _COMPONENT)
    conditions = [build_condition(before, kind, "True", *why) for kind in ("FailureTarget", "Failed")]
    context.set_status(resource, item, replace(counts, active=0).to_status() | {"conditions": conditions})
    context.report(item, _COMPONENT, *why, "Warning")


def _remove_later(context: Context, resource: Resource, item: Object) -> float | None:
    """Delete an ended Job after the time that it says."""
    conditions = (item.get("status") or {}).get("conditions") or ()
    ended = next(each["lastTransitionTime"] for each in conditions if each["type"] in _ENDS)
    rest = _measure_rest(ended, item["spec"].get("ttlSecondsAfterFinished"))
    if rest is not None and rest <= 0:
        context.delete(resource, item)
        return None
    return rest


def _measure_rest(since: str, seconds: int | None) -> float | None:
    """Return how many of the seconds are left; None without a limit."""
    if seconds is None:
        return None
    age = datetime.now(UTC) - datetime.strptime(since, _TIME).replace(tzinfo=UTC)
    return seconds - age.total_seconds()
