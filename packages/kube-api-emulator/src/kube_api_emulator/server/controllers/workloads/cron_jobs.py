"""CronJobs: a Job at each time of their schedule.

Source: k8s.io/kubernetes v1.36.2, pkg/controller/cronjob/cronjob_controllerv2.go (syncCronJob, cleanupFinishedJobs,
removeOldestJobs), pkg/controller/cronjob/utils.go (getJobFromTemplate2, mostRecentScheduleTime).
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kube_api_emulator.server.controllers.context import Context, refer_to
from kube_api_emulator.server.controllers.events import refer_to_object
from kube_api_emulator.server.controllers.workloads.cron_schedule import matches_schedule
from kube_api_emulator.server.controllers.workloads.jobs import is_ended
from kube_api_emulator.server.resources import Object, Place, Resource
from kube_api_emulator.server.status_errors import StatusError

_COMPONENT = "cronjob-controller"
_SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_MINUTE = 60


def reconcile_cron_job(context: Context, resource: Resource, item: Object) -> float | None:
    if item["metadata"].get("deletionTimestamp"):
        return None
    now = datetime.now(UTC)
    jobs = context.find("batch", "jobs")
    owned = context.list_owned(jobs, item)
    minute = now.replace(second=0, microsecond=0)
    last = (item.get("status") or {}).get("lastScheduleTime", "")
    is_due = not item["spec"].get("suspend") and _is_due(item, minute)
    # A new one waits for its next minute.
    is_new = item["metadata"]["creationTimestamp"] >= minute.strftime(_TIME)
    if is_due and not is_new and last != minute.strftime(_TIME) and _may_start(context, jobs, item, owned):
        _start(context, jobs, item, minute)
        last = minute.strftime(_TIME)
    _drop_history(context, jobs, item, owned)
    _write_status(context, resource, item, context.list_owned(jobs, item), last)
    return (minute + timedelta(minutes=1) - now).total_seconds() + 0.1


def _is_due(item: Object, minute: datetime) -> bool:
    try:
        zone = ZoneInfo(item["spec"].get("timeZone") or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return matches_schedule(item["spec"]["schedule"], minute.astimezone(zone))


def _may_start(context: Context, jobs: Resource, item: Object, owned: list[Object]) -> bool:
    active = [each for each in owned if not is_ended(each)]
    policy = item["spec"].get("concurrencyPolicy", "Allow")
    if active and policy == "Forbid":
        text = "Not starting job because prior execution is running and concurrency policy is Forbid"
        context.report(item, _COMPONENT, "JobAlreadyActive", text)
        return False
    if policy == "Replace":
        for each in active:
            context.delete(jobs, each)
            context.report(item, _COMPONENT, "SuccessfulDelete", f"Deleted job {each['metadata']['name']}")
    return True


def _start(context: Context, jobs: Resource, item: Object, minute: datetime) -> None:
    template, metadata = item["spec"]["jobTemplate"], item["metadata"]
    name = f"{metadata['name']}-{int(minute.timestamp()) // _MINUTE}"
    if context.cluster.store.find(Place(jobs, metadata["namespace"], name)):
        return
    given = template.get("metadata") or {}
    job = {
        "metadata": {
            "name": name,
            "labels": given.get("labels") or {},
            "annotations": {**(given.get("annotations") or {}), _SCHEDULED: minute.strftime(_TIME)},
            "ownerReferences": [refer_to(item)],
        },
        "spec": template.get("spec") or {},
    }
    try:
        context.create(jobs, metadata["namespace"], job)
    except StatusError as error:
        context.report(item, _COMPONENT, "FailedCreate", f"Error creating job: {error.message}", "Warning")
        return
    context.report(item, _COMPONENT, "SuccessfulCreate", f"Created job {name}")


def _drop_history(context: Context, jobs: Resource, item: Object, owned: list[Object]) -> None:
    for kind, limit in (("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")):
        ended = [each for each in owned if _has_end(each, kind)]
        kept = int(item["spec"].get(limit, 3 if kind == "Complete" else 1))
        for each in ended[: max(0, len(ended) - kept)]:
            context.delete(jobs, each)


def _has_end(job: Object, kind: str) -> bool:
    conditions = (job.get("status") or {}).get("conditions") or ()
    return any(each["type"] == kind and each["status"] == "True" for each in conditions)


def _write_status(context: Context, resource: Resource, item: Object, owned: list[Object], last: str) -> None:
    status: Object = {}
    if active := [refer_to_object(each) for each in owned if not is_ended(each)]:
        status["active"] = active
    if last:
        status["lastScheduleTime"] = last
    ends = [(each.get("status") or {}).get("completionTime", "") for each in owned]
    known = (item.get("status") or {}).get("lastSuccessfulTime", "")
    if latest := max([*ends, known]):
        status["lastSuccessfulTime"] = latest
    context.set_status(resource, item, status)
