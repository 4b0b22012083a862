"""Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs and CronJobs.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/apps/validation/validation.go (ValidateDeploymentSpec,
ValidateReplicaSetSpec, ValidateDaemonSetSpec), pkg/apis/batch/validation/validation.go (ValidateJob, validateJobSpec,
validateGeneratedSelector), pkg/apis/core/validation/validation.go (ValidateReplicationControllerSpec).
"""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kube_api_emulator.server.rules.go.go_structs import show_go
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.changes import check_job_changes
from kube_api_emulator.server.rules.validation.cron import find_schedule_problem
from kube_api_emulator.server.rules.validation.jobs import (
    check_failure_policy,
    check_job_numbers,
    check_success_policy,
)
from kube_api_emulator.server.rules.validation.names import check_labels, list_label_problems
from kube_api_emulator.server.rules.validation.pods.pods import check_template
from kube_api_emulator.server.rules.validation.selectors import (
    check_selector,
    find_selector_problem,
    fits_selector,
    is_empty_selector,
)
from kube_api_emulator.server.rules.validation.storage import check_claim_spec

Part = Mapping[str, Any]

_CONTROLLER = "batch.kubernetes.io/controller-uid"

_NO_FIT = "`selector` does not match template `labels`"
_STATEFUL_SET_UPDATES = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
_CHANGEABLE = frozenset(
    {
        *("replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "minReadySeconds"),
        "persistentVolumeClaimRetentionPolicy",
    }
)
_CRON_NAME_LENGTH = 52


def check_deployment(item: Part, before: Part | None, causes: Causes) -> None:
    spec = item.get("spec") or {}
    _check_replicas_and_selector(spec, "deployment", causes)
    _check_long_running_template(spec, "ReplicaSet", causes)
    _check_deployment_strategy(spec.get("strategy") or {}, "spec.strategy", causes)
    for name in ("minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"):
        causes.check_not_negative(f"spec.{name}", spec.get(name))
    deadline = spec.get("progressDeadlineSeconds")
    if isinstance(deadline, int) and deadline <= (spec.get("minReadySeconds") or 0):
        causes.refuse("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")
    _check_same_selector(spec, before, causes)


def check_replica_set(item: Part, before: Part | None, causes: Causes) -> None:
    spec = item.get("spec") or {}
    causes.check_not_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    _check_replicas_and_selector(spec, "replicaset", causes, "deployment")
    _check_long_running_template(spec, "ReplicaSet", causes)
    _check_same_selector(spec, before, causes)


def check_daemon_set(item: Part, before: Part | None, causes: Causes) -> None:
    spec = item.get("spec") or {}
    _check_same_selector(spec, before, causes)
    selector = spec.get("selector")
    check_selector(selector, "spec.selector", causes)
    if not find_selector_problem(selector):
        _check_labels_of_template(spec, causes)
    if selector is not None and is_empty_selector(selector):
        causes.refuse("spec.selector", {}, "empty selector is invalid for daemonset")
    _check_long_running_template(spec, "DaemonSet", causes, with_labels=False)
    strategy = spec.get("updateStrategy") or {}
    kind = strategy.get("type")
    if kind not in ("OnDelete", "RollingUpdate"):
        shown = show_go("@apps.DaemonSetUpdateStrategy", strategy)
        causes.refuse_choice("spec.updateStrategy", shown, ("RollingUpdate", "OnDelete"))
    elif kind == "RollingUpdate":
        _check_node_update(strategy.get("rollingUpdate") or {}, "spec.updateStrategy.rollingUpdate", causes)
    for name in ("minReadySeconds", "revisionHistoryLimit"):
        causes.check_not_negative(f"spec.{name}", spec.get(name))


def check_stateful_set(item: Part, before: Part | None, causes: Causes) -> None:
    spec = item.get("spec") or {}
    policy = spec.get("podManagementPolicy") or "OrderedReady"
    if policy not in ("OrderedReady", "Parallel"):
        causes.refuse("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'")
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type") not in ("OnDelete", "RollingUpdate"):
        text = "must be 'RollingUpdate' or 'OnDelete'"
        causes.refuse("spec.updateStrategy", strategy, text, "@apps.StatefulSetUpdateStrategy")
    if strategy.get("type") == "OnDelete" and strategy.get("rollingUpdate") is not None:
        text = "only allowed for updateStrategy 'RollingUpdate'"
        code = "@apps.RollingUpdateStatefulSetStrategy"
        causes.refuse("spec.updateStrategy.rollingUpdate", strategy["rollingUpdate"], text, code)
    partition = (strategy.get("rollingUpdate") or {}).get("partition")
    causes.check_not_negative("spec.updateStrategy.rollingUpdate.partition", partition)
    retention = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    for name in ("whenDeleted", "whenScaled"):
        causes.check_choice(
            f"spec.persistentVolumeClaimRetentionPolicy.{name}", retention.get(name), ("Retain", "Delete")
        )
    claims = spec.get("volumeClaimTemplates") or ()
    for index, claim in enumerate(claims if before is None else ()):
        check_claim_spec(claim.get("spec") or {}, f"spec.volumeClaimTemplates[{index}].spec", causes)
    causes.check_not_negative("spec.replicas", spec.get("replicas"))
    causes.check_not_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    causes.check_not_negative("spec.ordinals.start", (spec.get("ordinals") or {}).get("start"))
    service = spec.get("serviceName") or ""
    for text in list_label_problems(service) if service else ():
        causes.refuse("spec.serviceName", service, text)
    _check_replicas_and_selector(spec, "statefulset", causes)
    names = [(claim.get("metadata") or {}).get("name") or "" for claim in claims]
    volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in dict.fromkeys(names)]
    _check_long_running_template(spec, "StatefulSet", causes, claims=volumes)
    # The server finds problems of these labels twice.
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    check_labels(labels, "spec.template.labels", causes)
    if before is not None and _hide(spec, _CHANGEABLE) != _hide(before.get("spec") or {}, _CHANGEABLE):
        causes.forbid("spec", _STATEFUL_SET_UPDATES)


def check_job(item: Part, before: Part | None, causes: Causes) -> None:
    spec, name = item.get("spec") or {}, item["metadata"].get("name") or ""
    if before is None:
        _check_generated_selector(item, spec, causes)
    check_job_spec(spec, "spec", causes)
    if before is None and spec.get("completionMode") == "Indexed" and (spec.get("completions") or 0) > 0:
        pod = f"{name}-{spec['completions'] - 1}"
        if list_label_problems(pod):
            text = f"will not able to create pod with invalid DNS label: {pod}"
            causes.refuse("metadata.name", name, text)
    if item["metadata"].get("uid"):
        if spec.get("selector") is None:
            causes.require("spec.selector")
        _check_labels_of_template(spec, causes)
    if before is not None:
        check_job_changes(spec, before.get("spec") or {}, causes)


def _check_generated_selector(item: Part, spec: Part, causes: Causes) -> None:
    uid, name = item["metadata"].get("uid"), item["metadata"].get("name") or ""
    if spec.get("manualSelector") or spec.get("selector") is None or not uid:
        return
    labels = {f"{prefix}controller-uid": uid for prefix in ("", "batch.kubernetes.io/")}
    labels |= {f"{prefix}job-name": name for prefix in ("", "batch.kubernetes.io/")}
    sent = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    found = sent or {}
    # An older Job has only the two labels without a domain.
    has_domain = _CONTROLLER in ((spec["selector"] or {}).get("matchLabels") or {})
    for key in ("controller-uid", "job-name", *((_CONTROLLER, "batch.kubernetes.io/job-name") if has_domain else ())):
        place, text = f"spec.template.metadata.labels[{key}]", f"must be '{labels[key]}'"
        if key not in found:
            causes.require(place, text)
        elif found[key] != labels[key]:
            causes.refuse(place, sent, text)
    if not fits_selector(spec["selector"], labels):
        text = "`selector` not auto-generated"
        causes.refuse("spec.selector", spec["selector"], text, "*@meta.v1.LabelSelector")


def check_job_spec(spec: Part, field: str, causes: Causes) -> None:
    """Check the spec of a Job or of a CronJob's template."""
    check_job_numbers(spec, field, causes)
    check_failure_policy(spec, field, causes)
    check_success_policy(spec, f"{field}.successPolicy", causes)
    template = spec.get("template") or {}
    check_template(template, f"{field}.template", causes)
    policy = (template.get("spec") or {}).get("restartPolicy") or ""
    if policy in ("", "Always"):
        causes.require(f"{field}.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"')
    elif policy not in ("OnFailure", "Never"):
        causes.refuse_choice(f"{field}.template.spec.restartPolicy", policy, ("OnFailure", "Never"))
    elif spec.get("podFailurePolicy") is not None and policy != "Never":
        text = 'only "Never" is supported when podFailurePolicy is specified'
        causes.refuse(f"{field}.template.spec.restartPolicy", policy, text)


def check_replication_controller(item: Part, before: Part | None, causes: Causes) -> None:  # noqa: ARG001
    spec = item.get("spec") or {}
    for name in ("minReadySeconds", "replicas"):
        causes.check_not_negative(f"spec.{name}", spec.get(name))
    selector = spec.get("selector") or {}
    if not selector:
        causes.require("spec.selector")
    if spec.get("template") is None:
        causes.require("spec.template")
        return
    labels = (spec["template"].get("metadata") or {}).get("labels")
    if selector and not fits_selector({"matchLabels": selector}, labels or {}):
        causes.refuse("spec.template.metadata.labels", labels, _NO_FIT)
    _check_long_running_template(spec, "ReplicationController", causes, with_labels=False)


def check_cron_job(item: Part, before: Part | None, causes: Causes) -> None:  # noqa: ARG001
    spec, name = item.get("spec") or {}, item["metadata"].get("name") or ""
    if len(name) > _CRON_NAME_LENGTH:
        causes.refuse("metadata.name", name, f"must be no more than {_CRON_NAME_LENGTH} characters")
    _check_time_zone(spec.get("timeZone"), causes)
    schedule = spec.get("schedule") or ""
    if not schedule:
        causes.require("spec.schedule")
    problem = find_schedule_problem(schedule) if schedule else ""
    if problem:
        causes.refuse("spec.schedule", schedule, problem)
    if "TZ" in schedule:
        text = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        causes.refuse("spec.schedule", schedule, text)
    causes.check_not_negative("spec.startingDeadlineSeconds", spec.get("startingDeadlineSeconds"))
    causes.check_choice("spec.concurrencyPolicy", spec.get("concurrencyPolicy"), ("Allow", "Forbid", "Replace"))
    for limit in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        causes.check_not_negative(f"spec.{limit}", spec.get(limit))
    job = (spec.get("jobTemplate") or {}).get("spec") or {}
    check_job_spec(job, "spec.jobTemplate.spec", causes)
    if job.get("selector") is not None:
        field, shown = "spec.jobTemplate.spec.selector", job["selector"]
        causes.refuse(field, shown, "`selector` will be auto-generated", "*@meta.v1.LabelSelector")
    if job.get("manualSelector"):
        causes.refuse_choice("spec.jobTemplate.spec.manualSelector", True, ("nil", "false"))


def _check_time_zone(zone: str | None, causes: Causes) -> None:
    if zone is None:
        return
    if not zone:
        causes.refuse("spec.timeZone", zone, "timeZone must be nil or non-empty string")
    elif zone.lower() == "local":
        causes.refuse(
            "spec.timeZone",
            zone,
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
        )
    else:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            causes.refuse("spec.timeZone", zone, f"unknown time zone {zone}")


# -- parts ---------------------------------------------------------------------------------------------------------


def _hide(spec: Part, names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in spec.items() if name not in names}


def _check_same_selector(spec: Part, before: Part | None, causes: Causes) -> None:
    if before is not None:
        selector, former = spec.get("selector"), (before.get("spec") or {}).get("selector")
        causes.check_unchanged("spec.selector", selector, former, "*@meta.v1.LabelSelector")


def _check_replicas_and_selector(spec: Part, kind: str, causes: Causes, named: str = "") -> None:
    """Check number and selector of pods. `named` is the kind in the message, if the server names another one."""
    if kind != "statefulset":
        causes.check_not_negative("spec.replicas", spec.get("replicas"))
    selector = spec.get("selector")
    if selector is None:
        causes.require("spec.selector")
        return
    check_selector(selector, "spec.selector", causes)
    if is_empty_selector(selector):
        causes.refuse("spec.selector", {}, f"empty selector is invalid for {named or kind}")


def _check_labels_of_template(spec: Part, causes: Causes) -> None:
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    if not fits_selector(spec.get("selector"), labels or {}):
        causes.refuse("spec.template.metadata.labels", labels, _NO_FIT, "{}s")


def _check_long_running_template(
    spec: Part, kind: str, causes: Causes, *, claims: list[dict[str, Any]] | None = None, with_labels: bool = True
) -> None:
    """Check a template for pods with the restart policy Always."""
    if with_labels and find_selector_problem(spec.get("selector")):
        text = "" if kind == "StatefulSet" else "invalid label selector"
        causes.refuse("spec.selector", spec["selector"], text, "*@meta.v1.LabelSelector")
        return
    if with_labels:
        _check_labels_of_template(spec, causes)
    template = spec.get("template") or {}
    check_template(template, "spec.template", causes, claims or ())
    pod = template.get("spec") or {}
    policy = pod.get("restartPolicy")
    if policy is not None and policy != "Always":
        causes.refuse_choice("spec.template.spec.restartPolicy", policy, ("Always",))
    if pod.get("activeDeadlineSeconds") is not None:
        text = f"activeDeadlineSeconds in {kind} is not Supported"
        causes.forbid("spec.template.spec.activeDeadlineSeconds", text)


def _check_deployment_strategy(strategy: Part, field: str, causes: Causes) -> None:
    kind, update = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "Recreate":
        if update is not None:
            causes.forbid(f"{field}.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")
    elif kind == "RollingUpdate":
        _check_rolling_update(update, f"{field}.rollingUpdate", causes)
    else:
        causes.refuse_choice(field, show_go("@apps.DeploymentStrategy", strategy), ("Recreate", "RollingUpdate"))


def _check_rolling_update(update: Part | None, field: str, causes: Causes) -> None:
    if update is None:
        causes.require(field, "this should be defaulted and never be nil")
        return
    for name in ("maxUnavailable", "maxSurge"):
        check_count_or_percent(update.get(name), f"{field}.{name}", causes)
    if _is_nothing(update.get("maxUnavailable")) and _is_nothing(update.get("maxSurge")):
        value = update.get("maxUnavailable")
        causes.refuse(f"{field}.maxUnavailable", value, "may not be 0 when `maxSurge` is 0")


def _check_node_update(update: Part, field: str, causes: Causes) -> None:
    for name in ("maxUnavailable", "maxSurge"):
        check_count_or_percent(update.get(name), f"{field}.{name}", causes)
    surge = update.get("maxSurge")
    has_surge, has_unavailable = not _is_nothing(surge), not _is_nothing(update.get("maxUnavailable"))
    if has_surge and has_unavailable:
        causes.refuse(f"{field}.maxSurge", surge, "may not be set when maxUnavailable is non-zero")
    elif not has_surge and not has_unavailable:
        causes.require(f"{field}.maxUnavailable", "cannot be 0 when maxSurge is 0")


def _is_nothing(value: object) -> bool:
    """Return whether a number or percentage counts as 0. Any other text does, too."""
    number = str(value or 0).removesuffix("%")
    return (not number.isdigit() and not isinstance(value, int)) or number.strip("0") == ""


def check_count_or_percent(value: object, field: str, causes: Causes) -> None:
    """Check a number, or a percentage of at most 100."""
    if isinstance(value, str):
        number = value.removesuffix("%")
        if number == value or not number.isdigit():
            text = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', "
            causes.refuse(field, value, text + "regex used for validation is '[0-9]+%')")
        elif int(number) > 100:  # noqa: PLR2004
            causes.refuse(field, value, "must not be greater than 100%")
    else:
        causes.check_not_negative(field, value)
