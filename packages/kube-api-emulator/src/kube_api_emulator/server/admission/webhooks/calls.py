"""The webhooks of a cluster are called with a write: those that change it one after the other, the others all at once.

No webhook of admissionregistration.k8s.io/v1 may have side effects in a dry run: none refuses one.

Source: k8s.io/apiserver v0.36.2, pkg/admission/plugin/webhook/mutating/dispatcher.go (Dispatch, callAttrMutatingHook),
pkg/admission/plugin/webhook/validating/dispatcher.go (Dispatch, callHook).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from kube_api_emulator.server.admission.request_matches import GROUP, find_matched, has_selected_labels
from kube_api_emulator.server.admission.requests import AdmissionRequest
from kube_api_emulator.server.admission.webhooks.client import CallError, post_review
from kube_api_emulator.server.admission.webhooks.reviews import Verdict, build_review, read_verdict
from kube_api_emulator.server.conversion import to_version
from kube_api_emulator.server.resources import Object, Resource
from kube_api_emulator.server.rules.cel.expressions import (
    ExpressionError,
    UnknownExpressionError,
    compile_expression,
)
from kube_api_emulator.server.rules.content_errors import ContentError
from kube_api_emulator.server.rules.patches import apply_json_patch
from kube_api_emulator.server.rules.warnings.webhooks import describe_uncalled
from kube_api_emulator.server.status_errors import StatusError

Part = Mapping[str, Any]
_STORED_PARTS = frozenset({"", "ephemeralcontainers", "finalize", "status"})
Finish = Callable[[Resource, Object], Object]
"""Completes a patched object, in a version, with what a webhook may not change and with defaults."""


@dataclass(frozen=True)
class _Call:
    hook: Part
    matched: Resource

    def make(self, review: Object, *, may_patch: bool) -> Verdict | CallError:
        """Call the webhook. Returns its answer, or why there is none."""
        name = self.hook["name"]
        try:
            answer = post_review(self.hook["clientConfig"], review, self.hook.get("timeoutSeconds") or 10)
            return read_verdict(review, answer, name, may_patch=may_patch)
        except CallError as error:
            return error


def mutate_object(request: AdmissionRequest, finish: Finish) -> Object | None:
    """Return the object of a write with the patches of the webhooks. Raises StatusError and ContentError.

    A webhook with the policy `IfNeeded` is called once more if a later one changes the object. `finish` also repeats
    what the plugins of the server do, after each change.
    """
    hooks = list(_list_hooks(request, "mutatingwebhookconfigurations"))
    called: list[str] = []
    repeated: set[str] = set()
    for is_repetition in (False, True):
        for key, hook in hooks:
            if is_repetition and key not in repeated:
                continue
            changed = _mutate_once(request, hook, finish)
            if changed is not request:
                request = changed
                repeated.update(called)
                called.clear()
            if hook.get("reinvocationPolicy") == "IfNeeded":
                called.append(key)
    return request.item


def validate_object(request: AdmissionRequest) -> None:
    """Let the validating webhooks check a write. Raises the StatusError of the first one that refuses."""
    hooks = _list_hooks(request, "validatingwebhookconfigurations")
    calls = [call for _, hook in hooks if (call := _find_call(request, hook))]
    refusals = []
    for call, verdict in zip(calls, _make_calls(request, calls, may_patch=False), strict=True):
        try:
            _check_verdict(request, call, verdict)
        except StatusError as refusal:
            refusals.append(refusal)
    if refusals:
        raise refusals[0]


def _list_hooks(request: AdmissionRequest, plural: str) -> Iterator[tuple[str, Part]]:
    """Yield the webhooks by the names of their configurations, each with a key. Configurations are exempt."""
    if request.calls_webhooks and request.resource.group != GROUP:
        for configuration in request.list_items(GROUP, plural):
            for index, hook in enumerate(configuration.get("webhooks") or ()):
                yield f"{configuration['metadata']['name']}/{index}", hook


def _find_call(request: AdmissionRequest, hook: Part) -> _Call | None:
    """Return the call of a webhook that is asked about a write. Raises StatusError 403."""
    if request.part not in _STORED_PARTS or not has_selected_labels(hook, request):
        return None
    matched = find_matched(hook.get("rules") or (), hook.get("matchPolicy"), request)
    if matched is None or not _meets_conditions(request, matched, hook):
        return None
    if text := describe_uncalled(hook):
        # One that may fail counts as called in vain.
        request.warnings.extend([text] if _is_required(hook) else [])
        return None
    return _Call(hook, matched)


def _is_required(hook: Part) -> bool:
    return bool(hook.get("failurePolicy", "Fail") == "Fail")


def _meets_conditions(request: AdmissionRequest, matched: Resource, hook: Part) -> bool:
    """Check a write with the match conditions of a webhook. Raises StatusError 403."""
    conditions, problems = hook.get("matchConditions") or (), []
    values = request.build_values(matched) if conditions else {}
    for condition in conditions:
        text = condition["expression"]
        try:
            if compile_expression(text).evaluate(values) is False:
                return False
        except ExpressionError as error:
            problems.append(f"expression '{text}' resulted in error: {error}")
        except UnknownExpressionError as error:
            shown = f'kube-api-emulator cannot evaluate "{text}", and does not call webhook "{hook["name"]}"'
            request.warnings.append(f"{shown}: {error}")
            return False
    if problems and _is_required(hook):
        raise request.refuse(problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]")
    return not problems


def _mutate_once(request: AdmissionRequest, hook: Part, finish: Finish) -> AdmissionRequest:
    """Call one webhook. Returns the same write unless its object has changed, raises StatusError."""
    call = _find_call(request, hook)
    if call is None:
        return request
    (found,) = _make_calls(request, [call], may_patch=True)
    verdict = _check_verdict(request, call, found)
    if verdict is None or not verdict.patch:
        return request
    if request.item is None:
        text = f'admission webhook "{hook["name"]}" attempted to modify the object, which is not supported for this '
        raise _fail(f"{text}operation")
    try:
        patched = apply_json_patch(to_version(call.matched, request.item), verdict.patch)
        item = finish(call.matched, patched)
    except ContentError as error:
        raise _fail(f'the patch of webhook "{hook["name"]}" cannot be applied: {error}') from error
    return request if item == request.item else replace(request, item=item)


def _make_calls(request: AdmissionRequest, calls: Sequence[_Call], *, may_patch: bool) -> list[Verdict | CallError]:
    """Call webhooks at the same time, without the lock of the store."""
    if not calls:
        return []
    reviews = [build_review(request, call.matched, call.hook) for call in calls]
    functions = [partial(call.make, review, may_patch=may_patch) for call, review in zip(calls, reviews, strict=True)]
    return request.cluster.store.run_unlocked(functions)


def _check_verdict(request: AdmissionRequest, call: _Call, verdict: Verdict | CallError) -> Verdict | None:
    """Return the answer of a webhook that allows a write; None without an answer. Raises StatusError."""
    if isinstance(verdict, CallError):
        if _is_required(call.hook):
            raise _fail(f'failed calling webhook "{call.hook["name"]}": {verdict}')
        return None
    request.warnings.extend(verdict.warnings)
    if verdict.refusal:
        raise verdict.refusal
    return verdict


def _fail(text: str) -> StatusError:
    message = f"Internal error occurred: {text}"
    return StatusError(500, "InternalError", message, {"causes": [{"message": text}]})
