"""Webhooks.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/admissionregistration/validation/validation.go (validateValidatingWebhook,
validateMutatingWebhook, validateRuleWithOperations, validateResources, validateAdmissionReviewVersions);
k8s.io/apiserver v0.36.2, pkg/util/webhook/validation.go (ValidateWebhookURL, ValidateWebhookService).
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from kube_api_emulator.server.rules.cel.cel_functions import AUTHORIZER
from kube_api_emulator.server.rules.cel.compilation import find_compilation_problem, find_result_type
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.names import (
    list_key_problems,
    list_segment_problems,
    list_service_problems,
    list_subdomain_problems,
)
from kube_api_emulator.server.rules.validation.selectors import check_selector

Part = Mapping[str, Any]

_OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
_TYPED_VARIABLES = {**dict.fromkeys(("object", "oldObject", "request"), "dyn"), "authorizer": AUTHORIZER}
_SCOPES = ("*", "Cluster", "Namespaced")
_URL_FORM = "desired format: https://host[/path]"
_LEAST_PARTS, _LAST_PORT = 3, 65535
_NAMES = {"operations": "operations", "apiGroups": "API groups", "apiVersions": "API versions"}


def check_webhooks(item: Part, before: Part | None, causes: Causes) -> None:  # noqa: ARG001 (as the others)
    """Check a configuration of webhooks."""
    names: set[str] = set()
    for index, hook in enumerate(item.get("webhooks") or ()):
        place = f"webhooks[{index}]"
        _check_webhook(hook, place, causes)
        versions = hook.get("admissionReviewVersions") or ()
        if not versions:
            causes.require(f"{place}.admissionReviewVersions", "must specify one of v1, v1beta1")
        check_review_versions(versions, f"{place}.admissionReviewVersions", causes)
        name = hook.get("name") or ""
        if name and name in names:
            causes.report_duplicate(f"{place}.name", name)
        names.add(name)


def _check_webhook(hook: Part, place: str, causes: Causes) -> None:
    _check_qualified(hook.get("name") or "", f"{place}.name", causes)
    for number, rule in enumerate(hook.get("rules") or ()):
        check_rule(rule, f"{place}.rules[{number}]", causes)
    causes.check_choice(f"{place}.failurePolicy", hook.get("failurePolicy"), ("Fail", "Ignore"))
    causes.check_choice(f"{place}.matchPolicy", hook.get("matchPolicy"), ("Equivalent", "Exact"))
    effects = hook.get("sideEffects")
    if effects is None:
        causes.require(f"{place}.sideEffects", "must specify one of None, NoneOnDryRun")
    else:
        causes.check_choice(f"{place}.sideEffects", effects, ("None", "NoneOnDryRun"))
    seconds, most = hook.get("timeoutSeconds"), 30
    if seconds is not None and not 1 <= seconds <= most:
        causes.refuse(f"{place}.timeoutSeconds", seconds, f"the timeout value must be between 1 and {most} seconds")
    for name in ("namespaceSelector", "objectSelector"):
        check_selector(hook.get(name), f"{place}.{name}", causes)
    check_client(hook.get("clientConfig") or {}, f"{place}.clientConfig", causes)
    check_conditions(hook.get("matchConditions") or (), f"{place}.matchConditions", causes)


def _check_qualified(name: str, field: str, causes: Causes) -> None:
    if not name:
        causes.require(field)
        return
    problems = list_subdomain_problems(name)
    for text in problems:
        causes.refuse(field, name, text)
    if not problems and len(name.split(".")) < _LEAST_PARTS:
        causes.refuse(field, name, "should be a domain with at least three segments separated by dots")


def check_rule(rule: Part, place: str, causes: Causes) -> None:
    """Check which requests a webhook or a policy is asked about."""
    for name, shown in _NAMES.items():
        values = rule.get(name) or ()
        if not values:
            causes.require(f"{place}.{name}")
        if len(values) > 1 and "*" in values:
            causes.refuse(f"{place}.{name}", list(values), f"if '*' is present, must not specify other {shown}")
        for index, each in enumerate(values if name == "operations" else ()):
            causes.check_choice(f"{place}.operations[{index}]", each or "", _OPERATIONS)
    for index, each in enumerate(rule.get("apiVersions") or ()):
        if not each:
            causes.require(f"{place}.apiVersions[{index}]")
    _check_rule_resources(rule.get("resources") or (), f"{place}.resources", causes)
    causes.check_choice(f"{place}.scope", rule.get("scope"), _SCOPES)


def _check_rule_resources(resources: Sequence[str], field: str, causes: Causes) -> None:
    if not resources:
        causes.require(field)
    for index, each in enumerate(resources):
        if not each:
            causes.require(f"{field}[{index}]")


def check_review_versions(versions: Sequence[str], field: str, causes: Causes) -> None:
    """Check the versions of reviews that a webhook reads."""
    for number, version in enumerate(versions):
        if version in versions[:number]:
            causes.refuse(f"{field}[{number}]", version, "duplicate version")
            continue
        for text in list_service_problems(version):
            causes.refuse(f"{field}[{number}]", version, text)
    if versions and not {"v1", "v1beta1"} & set(versions):
        causes.refuse(field, list(versions), "must include at least one of v1, v1beta1")


def check_client(client: Part, place: str, causes: Causes) -> None:
    """Check where the server finds a webhook."""
    url, service = client.get("url"), client.get("service")
    if (url is None) == (service is None):
        causes.require(place, "exactly one of url or service is required")
    elif url is not None:
        _check_url(url, f"{place}.url", causes)
    else:
        # The server takes one for the other.
        for name, shown in (("namespace", "name"), ("name", "namespace")):
            if not (service or {}).get(name):
                causes.require(f"{place}.service.{shown}")
        if (service or {}).get("path") is not None:
            _check_path((service or {})["path"], f"{place}.service.path", causes)
        port = (service or {}).get("port")
        if port is not None and not 1 <= port <= _LAST_PORT:
            text = f"port is not valid: must be between 1 and {_LAST_PORT}, inclusive"
            causes.refuse(f"{place}.service.port", port, text)


def _check_path(path: str, field: str, causes: Causes) -> None:
    if path in ("", "/"):
        return
    if path == "//":
        causes.refuse(field, path, "segment[0] may not be empty")
        return
    if not path.startswith("/"):
        causes.refuse(field, path, "must start with a '/'")
    for index, segment in enumerate(path[1:].removesuffix("/").split("/")):
        if not segment:
            causes.refuse(field, path, f"segment[{index}] may not be empty")
        for text in list_subdomain_problems(segment) if segment else ():
            causes.refuse(field, path, f"segment[{index}]: {text}")


def _check_url(url: str, field: str, causes: Causes) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https":
        causes.refuse(field, parts.scheme, f"'https' is the only allowed URL scheme; {_URL_FORM}")
    if not parts.netloc:
        causes.refuse(field, parts.netloc, f"host must be specified; {_URL_FORM}")
    for what, value in (
        ("user information is", parts.netloc.rpartition("@")[0]),
        ("fragments are", parts.fragment),
        ("query parameters are", parts.query),
    ):
        if value:
            causes.refuse(field, value, f"{what} not permitted in the URL")


def check_expression(
    text: str, variables: Mapping[str, str], wanted: Sequence[str], field: str, causes: Causes
) -> None:
    """Check that an expression can be compiled, and has a value of a type that is wanted."""
    if problem := find_compilation_problem(text, variables):
        causes.refuse(field, text, problem)
        return
    found = find_result_type(text, variables) if wanted else ""
    if found and found not in wanted:
        listed = wanted[0] if len(wanted) == 1 else f"one of [{' '.join(wanted)}]"
        causes.refuse(field, text, f"must evaluate to {listed} but got {found}")


def check_conditions(
    conditions: Sequence[Part], field: str, causes: Causes, variables: Mapping[str, str] = _TYPED_VARIABLES
) -> None:
    names: set[str] = set()
    for index, each in enumerate(conditions):
        name = each.get("name") or ""
        text = each.get("expression") or ""
        if not text.strip():
            causes.require(f"{field}[{index}].expression")
        else:
            check_expression(text, variables, ("bool",), f"{field}[{index}].expression", causes)
        if not name:
            causes.require(f"{field}[{index}].name")
        for problem in list_key_problems(name) if name else ():
            causes.refuse(f"{field}[{index}].name", name, problem)
        if name in names:
            causes.report_duplicate(f"{field}[{index}].name", name)
        names.add(name)


def _check_resource_names(names: Sequence[str], field: str, causes: Causes) -> None:
    for index, each in enumerate(names):
        for text in list_segment_problems(each or ""):
            causes.refuse(f"{field}[{index}]", each, text)
        if each in names[:index]:
            causes.report_duplicate(f"{field}[{index}]", each)


def check_resources(resources: Part, place: str, causes: Causes, *, is_required: bool) -> None:
    causes.check_choice(f"{place}.matchPolicy", resources.get("matchPolicy"), ("Equivalent", "Exact"))
    for name in ("namespaceSelector", "objectSelector"):
        check_selector(resources.get(name), f"{place}.{name}", causes)
    for name in ("resourceRules", "excludeResourceRules"):
        for index, rule in enumerate(resources.get(name) or ()):
            _check_resource_names(rule.get("resourceNames") or (), f"{place}.{name}[{index}].resourceNames", causes)
            check_rule(rule, f"{place}.{name}[{index}]", causes)
    if is_required and not resources.get("resourceRules"):
        causes.require(f"{place}.resourceRules")
