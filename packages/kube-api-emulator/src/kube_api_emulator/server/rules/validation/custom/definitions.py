"""CustomResourceDefinitions.

Source: k8s.io/apiextensions-apiserver v0.36.2, pkg/apis/apiextensions/validation/validation.go
(ValidateCustomResourceDefinition, validateCustomResourceDefinitionSpec, validateCustomResourceConversion),
pkg/apihelpers/helpers.go (GetAPIApprovalState).
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.custom.versions import (
    check_shared,
    check_version,
    split_versions,
)
from kube_api_emulator.server.rules.validation.names import (
    list_service_problems,
    list_subdomain_problems,
)
from kube_api_emulator.server.rules.validation.webhooks import check_client, check_review_versions

Part = Mapping[str, Any]

_MIXED_CASE = "may have mixed case, but should otherwise match: "
_VERSIONS = "[]@apiextensions.CustomResourceDefinitionVersion"
_OPEN = "spec.preserveUnknownFields"
_STORED = "status.storedVersions"
_CLIENT, _REVIEWS = "spec.conversion.webhookClientConfig", "spec.conversion.conversionReviewVersions"
_UNWANTED = "should not be set when strategy is not set to Webhook"
# The groups of Kubernetes itself.
_PROTECTED = ("k8s.io", "kubernetes.io")
_APPROVAL = "api-approved.kubernetes.io"
_APPROVAL_TEXT = f'protected groups must have approval annotation "{_APPROVAL}"'
_APPROVAL_LINK = "see https://github.com/kubernetes/enhancements/pull/1111"


def check_definition(item: Part, before: Part | None, causes: Causes) -> None:
    spec = item.get("spec") or {}
    names, versions = spec.get("names") or {}, spec.get("versions") or ()
    expected = f"{names.get('plural') or ''}.{spec.get('group') or ''}"
    name, group = item["metadata"].get("name") or "", spec.get("group") or ""
    if before is None and name and name != expected:
        causes.refuse("metadata.name", name, 'must be spec.names.plural+"."+spec.group')
    _check_group(group, causes)
    if not spec.get("scope"):
        causes.require("spec.scope")
    else:
        causes.check_choice("spec.scope", spec["scope"], ("Cluster", "Namespaced"))
    for index, version in enumerate(versions):
        if (version.get("schema") or {}).get("openAPIV3Schema") is None:
            causes.require(f"spec.versions[{index}].schema.openAPIV3Schema")
    is_open = bool(spec.get("preserveUnknownFields"))
    if is_open and any(_has_defaults(version) for version in versions):
        causes.refuse(_OPEN, value=True, detail="must be false in order to use defaults in the schema")
    _check_versions(spec, names, causes)
    if is_open and spec.get("conversion") is not None and spec["conversion"].get("strategy") != "None":
        text = "must be None if spec.preserveUnknownFields is true"
        causes.refuse("spec.conversion.strategy", spec["conversion"].get("strategy") or "", text)
    _check_conversion(spec.get("conversion"), causes)
    if before is not None:
        _check_changes(spec, before.get("spec") or {}, causes)
    _check_stored(versions, before, causes)
    _check_approval(item, before, group, causes)
    if is_open and not ((before or {}).get("spec") or {}).get("preserveUnknownFields"):
        text = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        causes.refuse(_OPEN, value=True, detail=text)


def _has_defaults(part: object) -> bool:
    """Check for defaults in a version or in a part of its schema."""
    if isinstance(part, Mapping):
        is_schema = "type" in part or "properties" in part
        return (is_schema and part.get("default") is not None) or any(_has_defaults(each) for each in part.values())
    return isinstance(part, list) and any(_has_defaults(each) for each in part)


def _check_group(group: str, causes: Causes) -> None:
    if not group:
        causes.require("spec.group")
    elif problems := list_subdomain_problems(group):
        causes.refuse("spec.group", group, ",".join(problems))
    elif "." not in group:
        causes.refuse("spec.group", group, "should be a domain with at least one dot")


def _check_versions(spec: Part, names: Part, causes: Causes) -> None:
    versions = spec.get("versions") or ()
    shared, own = split_versions(versions)
    for index, version in enumerate(own):
        place, name = f"spec.versions[{index}]", version.get("name") or ""
        if problems := list_service_problems(name):
            causes.refuse(f"{place}.name", name, ",".join(problems))
        check_version(version, place, shared, own, causes)
    named = [version.get("name") or "" for version in own]
    if len(set(named)) < len(named):
        causes.refuse("spec.versions", own, "must contain unique version names", _VERSIONS)
    if sum(1 for version in own if version.get("storage")) != 1:
        text = "must have exactly one version marked as storage version"
        causes.refuse("spec.versions", own or spec.get("versions"), text, _VERSIONS)
    if named and named[0] and (problems := list_service_problems(named[0])):
        causes.refuse("spec.version", named[0], ",".join(problems))
    _check_names(names, causes)
    check_shared(shared, own, causes)


def _check_stored(versions: Sequence[Part], before: Part | None, causes: Causes) -> None:
    """Check that the versions in which objects are stored exist. A write adds the one of its objects."""
    stored = list(((before or {}).get("status") or {}).get("storedVersions") or ())
    added = next((version.get("name") or "" for version in versions if version.get("storage")), None)
    if added is not None and added not in stored:
        stored.append(added)
    if not stored:
        causes.refuse(_STORED, None, "must have at least one stored version")
        return
    left = dict.fromkeys(stored)
    for version in versions:
        name = version.get("name") or ""
        if version.get("storage") and name not in left:
            causes.refuse(_STORED, stored, f"must have the storage version {name}")
        left.pop(name, None)
    for name in left:
        text = (
            f"missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions "
            f"until a storage migration ensures no data remains persisted in {name} and removes {name} from "
            "status.storedVersions"
        )
        causes.refuse(f"{_STORED}[{stored.index(name)}]", name, text)


def _check_names(names: Part, causes: Causes) -> None:
    for field in ("plural", "singular", "kind", "listKind"):
        if not names.get(field):
            causes.require(f"spec.names.{field}")
    for field in ("plural", "singular", "kind", "listKind"):
        name = names.get(field) or ""
        is_kind = field in ("kind", "listKind")
        if name and (problems := list_service_problems(name.lower() if is_kind else name)):
            causes.refuse(f"spec.names.{field}", name, (_MIXED_CASE if is_kind else "") + ",".join(problems))
    for field in ("shortNames", "categories"):
        for index, name in enumerate(names.get(field) or ()):
            if problems := list_service_problems(name):
                causes.refuse(f"spec.names.{field}[{index}]", name, ",".join(problems))
        if field == "shortNames" and names.get("kind") and names["kind"] == names.get("listKind"):
            causes.refuse("spec.names.listKind", names["listKind"], "kind and listKind may not be the same")


def _check_conversion(conversion: Part | None, causes: Causes) -> None:
    if conversion is None:
        return
    strategy, webhook = conversion.get("strategy") or "", conversion.get("webhook") or {}
    client, versions = webhook.get("clientConfig"), webhook.get("conversionReviewVersions") or ()
    if not strategy:
        causes.require("spec.conversion.strategy")
    else:
        causes.check_choice("spec.conversion.strategy", strategy, ("None", "Webhook"))
    if strategy != "Webhook":
        for field, found in ((_CLIENT, client is not None), (_REVIEWS, versions)):
            if found:
                causes.forbid(field, _UNWANTED)
        return
    if client is None:
        causes.require(_CLIENT, "required when strategy is set to Webhook")
    else:
        check_client(client, _CLIENT, causes)
    if not versions:
        causes.require(_REVIEWS)
    check_review_versions(versions, _REVIEWS, causes)


def _check_approval(item: Part, before: Part | None, group: str, causes: Causes) -> None:
    """Check that somebody has approved a kind in a group of Kubernetes."""
    if not any(group == each or group.endswith(f".{each}") for each in _PROTECTED):
        return
    text = _read_approval(item)
    state = _judge_approval(text)
    if state in ("approved", "bypassed") or (before is not None and _judge_approval(_read_approval(before)) == state):
        return
    field = f"metadata.annotations[{_APPROVAL}]"
    if state == "missing":
        causes.require(field, f"{_APPROVAL_TEXT}, {_APPROVAL_LINK}")
    else:
        detail = f'{_APPROVAL_TEXT} with either a URL or a reason starting with "unapproved", {_APPROVAL_LINK}'
        causes.refuse(field, text, detail)


def _read_approval(item: Part) -> str:
    return str((item["metadata"].get("annotations") or {}).get(_APPROVAL) or "")


def _judge_approval(text: str) -> str:
    if not text:
        return "missing"
    if text.startswith("unapproved"):
        return "bypassed"
    try:
        parts = urlsplit(text)
    except ValueError:
        return "invalid"
    return "approved" if parts.scheme and parts.netloc else "invalid"


def _check_changes(spec: Part, old: Part, causes: Causes) -> None:
    names, former = spec.get("names") or {}, old.get("names") or {}
    causes.check_unchanged("spec.scope", spec.get("scope"), old.get("scope"))
    causes.check_unchanged("spec.names.kind", names.get("kind"), former.get("kind"))
    causes.check_unchanged("spec.group", spec.get("group"), old.get("group"))
    causes.check_unchanged("spec.names.plural", names.get("plural"), former.get("plural"))
