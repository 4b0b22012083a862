"""The policy of a Job for failed pods, and its numbers.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/batch/validation/validation.go (validateJobSpec, validatePodFailurePolicy,
validatePodFailurePolicyRule, validatePodReplacementPolicy, validateSuccessPolicy).
"""

import json
from collections.abc import Collection, Mapping
from typing import Any

from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.classes import check_domain_path
from kube_api_emulator.server.rules.validation.names import list_key_problems

Part = Mapping[str, Any]

_ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
_OPERATORS = ("In", "NotIn")
_STATES = ("False", "True", "Unknown")
_MOST_PARALLEL, _MANY_COMPLETIONS, _MOST_OF_MANY = 100_000, 100_000, 10_000
_MOST_RULES = 20


_MOST_MANAGER = 63


def check_job_numbers(spec: Part, field: str, causes: Causes) -> None:
    """Check completions, retries and how they fit the completion mode."""
    numbers = ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished")
    for name in (*numbers, "backoffLimitPerIndex", "maxFailedIndexes"):
        causes.check_not_negative(f"{field}.{name}", spec.get(name))
    retries, failures = spec.get("backoffLimitPerIndex"), spec.get("maxFailedIndexes")
    if failures is not None and retries is None:
        causes.require(f"{field}.backoffLimitPerIndex", "when maxFailedIndexes is specified")
    if spec.get("managedBy") is not None:
        check_domain_path(spec["managedBy"], f"{field}.managedBy", causes)
        if len(spec["managedBy"]) > _MOST_MANAGER:
            causes.report_length(f"{field}.managedBy", _MOST_MANAGER)
    mode = spec.get("completionMode")
    if mode is not None:
        causes.check_choice(f"{field}.completionMode", mode, ("NonIndexed", "Indexed"))
    if mode == "Indexed":
        _check_indexed(spec, field, causes)
    elif mode in (None, "NonIndexed"):
        for name, value in (("backoffLimitPerIndex", retries), ("maxFailedIndexes", failures)):
            if value is not None:
                causes.refuse(f"{field}.{name}", value, "requires indexed completion mode")


def _check_indexed(spec: Part, field: str, causes: Causes) -> None:
    completions, failures, parallel = spec.get("completions"), spec.get("maxFailedIndexes"), spec.get("parallelism")
    if completions is None:
        causes.require(f"{field}.completions", "when completion mode is Indexed")
    if parallel is not None and parallel > _MOST_PARALLEL:
        text = f"must be less than or equal to {_MOST_PARALLEL} when completion mode is Indexed"
        causes.refuse(f"{field}.parallelism", parallel, text)
    if completions is not None and failures is not None and failures > completions:
        causes.refuse(f"{field}.maxFailedIndexes", failures, "must be less than or equal to completions")
    if failures is not None and failures > _MOST_PARALLEL:
        causes.refuse(f"{field}.maxFailedIndexes", failures, f"must be less than or equal to {_MOST_PARALLEL}")
    if (completions or 0) <= _MANY_COMPLETIONS or spec.get("backoffLimitPerIndex") is None:
        return
    if failures is None:
        text = f"must be specified when completions is above {_MANY_COMPLETIONS}"
        causes.require(f"{field}.maxFailedIndexes", text)
    text = (
        f"must be less than or equal to {_MOST_OF_MANY} when completions are above {_MANY_COMPLETIONS} and used with "
        "backoff limit per index"
    )
    for name, value in (("parallelism", parallel), ("maxFailedIndexes", failures)):
        if value is not None and value > _MOST_OF_MANY:
            causes.refuse(f"{field}.{name}", value, text)


def check_failure_policy(spec: Part, field: str, causes: Causes) -> None:
    """Check the rules for failed pods, and the policy for their replacements."""
    policy = spec.get("podFailurePolicy")
    if policy is not None:
        pod = (spec.get("template") or {}).get("spec") or {}
        containers = [*(pod.get("containers") or ()), *(pod.get("initContainers") or ())]
        names = {container.get("name") or "" for container in containers}
        rules = policy.get("rules") or ()
        if len(rules) > _MOST_RULES:
            causes.report_count(f"{field}.podFailurePolicy.rules", len(rules), _MOST_RULES)
        for index, rule in enumerate(rules):
            _check_rule(spec, rule, f"{field}.podFailurePolicy.rules[{index}]", names, causes)
    choices = ("Failed", "TerminatingOrFailed") if policy is None else ("Failed",)
    causes.check_choice(f"{field}.podReplacementPolicy", spec.get("podReplacementPolicy"), choices)


def check_success_policy(spec: Part, field: str, causes: Causes) -> None:
    """Check when a Job is complete before all of its pods."""
    policy = spec.get("successPolicy")
    if policy is None:
        return
    if spec.get("completionMode") != "Indexed":
        shown = [
            {"SucceededIndexes": rule.get("succeededIndexes"), "SucceededCount": rule.get("succeededCount")}
            for rule in policy.get("rules") or ()
        ]
        causes.refuse(field, {"Rules": shown or None}, "requires indexed completion mode")
        return
    rules = policy.get("rules") or ()
    if not rules:
        causes.require(f"{field}.rules", "at least one rules must be specified when the successPolicy is specified")
    if len(rules) > _MOST_RULES:
        causes.report_count(f"{field}.rules", len(rules), _MOST_RULES)
    for index, rule in enumerate(rules):
        _check_success_rule(rule, spec.get("completions") or 0, f"{field}.rules[{index}]", causes)


def _check_success_rule(rule: Part, completions: int, field: str, causes: Causes) -> None:
    count, indexes = rule.get("succeededCount"), rule.get("succeededIndexes")
    if count is None and indexes is None:
        causes.require(field, "at least one of succeededCount or succeededIndexes must be specified")
    total = 0
    if indexes is not None:
        try:
            total = _count_indexes(indexes, completions)
        except ValueError as error:
            causes.refuse(f"{field}.succeededIndexes", indexes, f"error parsing succeededIndexes: {error}")
    causes.check_not_negative(f"{field}.succeededCount", count)
    if count is not None and count > completions:
        text = f"must be less than or equal to {completions} (the number of specified completions)"
        causes.refuse(f"{field}.succeededCount", count, text)
    if count is not None and indexes is not None and count > total:
        text = f"must be less than or equal to {total} (the number of indexes in the specified succeededIndexes field)"
        causes.refuse(f"{field}.succeededCount", count, text)


def _count_indexes(text: str, completions: int) -> int:
    """Return how many indexes a list like `0,3-5` has. Raises ValueError in the words of the server."""
    total, last = 0, -1
    for part in text.split(",") if text else ():
        first, dash, end = part.partition("-")
        if "-" in end:
            text = "violates the requirement that an index interval can have at most two parts separated by '-'"
            raise ValueError(f"the fragment {json.dumps(part)} {text}")
        numbers = []
        for each in (first, end) if dash else (first,):
            if not each.isdecimal():
                raise ValueError(f'cannot convert string to integer for index: "{each}"')
            if int(each) >= completions:
                raise ValueError(f'too large index: "{each}"')
            numbers.append(int(each))
        if numbers[0] <= last:
            raise ValueError(f"non-increasing order, previous: {last}, current: {numbers[0]}")
        if numbers[-1] < numbers[0] or (dash and numbers[-1] == numbers[0]):
            raise ValueError(f"non-increasing order, previous: {numbers[0]}, current: {numbers[-1]}")
        last = numbers[-1]
        total += numbers[-1] - numbers[0] + 1
    return total


def _check_rule(spec: Part, rule: Part, field: str, names: Collection[str], causes: Causes) -> None:
    action = rule.get("action") or ""
    if not action:
        causes.require(f"{field}.action", _list_values(_ACTIONS))
    elif action == "FailIndex" and spec.get("backoffLimitPerIndex") is None:
        causes.refuse(f"{field}.action", action, "requires the backoffLimitPerIndex to be set")
    else:
        causes.check_choice(f"{field}.action", action, _ACTIONS)
    codes, conditions = rule.get("onExitCodes"), rule.get("onPodConditions") or ()
    if codes is not None:
        _check_exit_codes(codes, f"{field}.onExitCodes", names, causes)
    for index, condition in enumerate(conditions):
        _check_condition(condition, f"{field}.onPodConditions[{index}]", causes)
    if codes is not None and conditions:
        causes.refuse_whole(field, "specifying both OnExitCodes and OnPodConditions is not supported")
    if codes is None and not conditions:
        causes.refuse_whole(field, "specifying one of OnExitCodes and OnPodConditions is required")


def _check_condition(condition: Part, field: str, causes: Causes) -> None:
    name, state = condition.get("type") or "", condition.get("status") or ""
    for text in list_key_problems(name):
        causes.refuse(f"{field}.type", name, text)
    if not state:
        causes.require(f"{field}.status", _list_values(_STATES))
    else:
        causes.check_choice(f"{field}.status", state, _STATES)


def _check_exit_codes(codes: Part, field: str, names: Collection[str], causes: Causes) -> None:
    operator, values, name = codes.get("operator") or "", codes.get("values") or [], codes.get("containerName")
    if not operator:
        causes.require(f"{field}.operator", _list_values(_OPERATORS))
    else:
        causes.check_choice(f"{field}.operator", operator, _OPERATORS)
    if name is not None and name not in names:
        text = "must be one of the container or initContainer names in the pod template"
        causes.refuse(f"{field}.containerName", name, text)
    if not values:
        causes.refuse(f"{field}.values", codes.get("values"), "at least one value is required")
    for index, value in enumerate(values):
        if operator == "In" and value == 0:
            causes.refuse(f"{field}.values[{index}]", value, "must not be 0 for the In operator")
        if value in values[:index]:
            causes.report_duplicate(f"{field}.values[{index}]", value)
    if list(values) != sorted(values):
        causes.refuse(f"{field}.values", values, "must be ordered")


def _list_values(choices: Collection[str]) -> str:
    return "valid values: [" + " ".join(f'"{each}"' for each in choices) + "]"
