"""The API of one cluster without HTTP: a request becomes an answer or a stream."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, unquote

from kube_api_emulator.schemas.packed import load_schemas
from kube_api_emulator.server.access.impersonation import impersonate_user
from kube_api_emulator.server.access.reviews import answer_review, prepare_review, review_token
from kube_api_emulator.server.api.bodies import (
    PATCH_KINDS,
    Body,
    BodyError,
    check_kind,
    parse_body,
    read_object,
    refuse_body,
    require_object,
)
from kube_api_emulator.server.api.discovery import describe_kinds, is_aggregated
from kube_api_emulator.server.api.documents import (
    answer_health,
    describe_version,
    document_not_found,
    list_paths,
    page_not_found,
)
from kube_api_emulator.server.api.exchange import ApiAnswer, ApiRequest, ApiStream
from kube_api_emulator.server.api.faults import Fault, Faults
from kube_api_emulator.server.api.lists import ListRequest, delete_listed, list_objects
from kube_api_emulator.server.api.negotiation import (
    JSON,
    MEDIA,
    PARTIAL_LIST,
    STREAMS,
    check_route,
    choose_format,
    takes_json,
)
from kube_api_emulator.server.api.openapi import OpenApi
from kube_api_emulator.server.api.options import (
    check_list_options,
    check_timeout,
    find_version_problem,
    read_delete_options,
    read_version,
)
from kube_api_emulator.server.api.presentation import (
    answer_item,
    encode,
    finish_answer,
    present_item,
    present_list,
    present_watched,
)
from kube_api_emulator.server.api.selection.selectors import parse_selectors
from kube_api_emulator.server.api.subresources.pod_parts import (
    EVICTION,
    PARTS,
    TOKEN_REQUEST,
    evict,
    read_log,
    refuse_part,
    request_token,
)
from kube_api_emulator.server.api.subresources.scale import read_scale, write_scale
from kube_api_emulator.server.api.targets import (
    Target,
    describe_access,
    describe_unknown,
    find_target,
    has_place,
    is_homeless,
    read_write_options,
    refuse_path,
)
from kube_api_emulator.server.api.watching import Frame, WatchRequest, watch_objects
from kube_api_emulator.server.cluster import Cluster, WriteOptions, Written, keep_warnings
from kube_api_emulator.server.identity.account_tokens import AccountTokens
from kube_api_emulator.server.identity.users import (
    ADMIN,
    AUTHENTICATED,
    Access,
    Authenticate,
    Authorize,
    User,
    check_access,
)
from kube_api_emulator.server.metadata import check_new
from kube_api_emulator.server.resources import Object, Place, Resource
from kube_api_emulator.server.rules.content_errors import ContentError
from kube_api_emulator.server.rules.duplicate_fields import refuse_duplicates
from kube_api_emulator.server.rules.go.go_json import find_json_problem
from kube_api_emulator.server.status_errors import (
    StatusError,
    bad_request,
    method_not_allowed,
    method_not_supported,
    not_acceptable,
    too_large_version,
    unauthorized,
    unsupported_media_type,
)
from kube_api_emulator.server.subresources import find_subresource

# Below this depth of their paths, documents of groups have rules of their own.
_GROUP_DEPTH = 2
_KEPT_PODS = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set "
    "propagationPolicy=Orphan to suppress this warning"
)
_VERBS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_SUCCESS = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}

# The kinds whose deleted objects the server returns, and the groups of kinds that are all so.
_SHOWN_DELETED = frozenset(
    {
        *(("", plural) for plural in ("namespaces", "persistentvolumes", "persistentvolumeclaims", "pods")),
        *(("", plural) for plural in ("resourcequotas", "services", "serviceaccounts")),
        *(("storage.k8s.io", plural) for plural in ("csidrivers", "storageclasses")),
    }
)


def allow_all(_: Access) -> bool:
    return True


class KubernetesApi:
    """Answers the requests to one cluster.

    Attributes:
        authenticate: None if everyone is its admin.
        authorize: decides after authentication.
        faults: what tests want to go wrong.
    """

    def __init__(
        self, cluster: Cluster, authenticate: Authenticate | None = None, authorize: Authorize = allow_all
    ) -> None:
        self.cluster = cluster
        self.authenticate = authenticate
        self.authorize = authorize
        self.faults = Faults()
        self.account_tokens = AccountTokens()
        self.bookmark_seconds = 60.0
        self._openapi = OpenApi(cluster.version, load_schemas(cluster.version).definitions)

    def set_version(self, version: str) -> None:
        """Go on as another version of Kubernetes, with the same objects."""
        self.cluster.set_version(version)
        self._openapi = OpenApi(version, load_schemas(version).definitions)

    def answer(self, request: ApiRequest, fault: Fault | None = None) -> ApiAnswer | ApiStream:
        """Answer a request. `fault` meets it."""
        path, _, query_text = request.target.partition("?")
        query = {name: values[0] for name, values in parse_qs(query_text, keep_blank_values=True).items()}
        try:
            if fault and fault.code:
                raise fault.to_error()
            check_timeout(query)
            answer = self._answer(request, unquote(path.rstrip("/")) or "/", query)
        except (StatusError, ContentError) as refusal:
            return finish_answer(request, query, _answer_refusal(refusal))
        if isinstance(answer, ApiStream):
            return ApiStream(answer.open, fault.cut_after) if fault else answer
        if fault and fault.loses_answer:
            return ApiAnswer(answer.code, answer.body, is_lost=True)
        return finish_answer(request, query, answer)

    def _answer(self, request: ApiRequest, path: str, query: Mapping[str, str]) -> ApiAnswer | ApiStream:
        health = answer_health(path, query)
        if health and path.count("/") == 1:
            return health
        user = self._identify_user(request)
        if health:
            check_access(self.authorize, Access(user, "get", path=path))
            return health
        if answer := self._answer_document(request, path):
            check_access(self.authorize, Access(user, "get", path=path))
            return answer
        target = find_target(self.cluster.resources, path, query, user)
        if target is None or not has_place(target):
            return self._answer_unknown(path, describe_unknown(request.method, path, query, user))
        # Each authenticated user may ask about itself.
        if not target.resource.kind.startswith("SelfSubject") or AUTHENTICATED not in user.groups:
            check_access(self.authorize, describe_access(request.method, target))
        _check_verb(request.method, target)
        target = _negotiate(request, target)
        if request.method in ("GET", "PATCH", "DELETE"):
            _check_name(target.name)
        if request.method in ("GET", "HEAD") and target.is_watch and not target.part:
            return self._watch(target)
        if not target.resource.deprecation:
            return self._serve(request, target)
        try:
            answer = self._serve(request, target)
        except (StatusError, ContentError) as refusal:
            answer = _answer_refusal(refusal)
        return replace(answer, headers=(_format_warning(target.resource.deprecation), *answer.headers))

    def _answer_unknown(self, path: str, access: Access) -> ApiAnswer:
        """Answer a request for a path that the server does not serve. Raises StatusError 404."""
        check_access(self.authorize, access)
        if path.startswith("/openapi/v3/"):
            return document_not_found()
        if refusal := refuse_path(self.cluster.resources, path):
            raise refusal
        return page_not_found()

    def _identify_user(self, request: ApiRequest) -> User:
        if self.authenticate is None:
            return impersonate_user(ADMIN, request.headers, self.authorize)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        is_token = scheme.lower() == "bearer" and bool(token)
        user = (self.authenticate(token.strip()) or self._find_account(token.strip())) if is_token else None
        if user is None:
            raise unauthorized()
        return impersonate_user(user, request.headers, self.authorize)

    def _find_account(self, token: str) -> User | None:
        """Return the user of a token of a service account that is still there."""
        found = self.account_tokens.read(token)
        if found is None:
            return None
        user, namespace, name = found
        place = Place(self.cluster.resources.require("", "v1", "serviceaccounts"), namespace, name)
        account = self.cluster.store.find(place)
        return user if account is not None and account["metadata"]["uid"] == user.uid else None

    def _answer_document(self, request: ApiRequest, path: str) -> ApiAnswer | None:
        """Answer with a document of the server itself; None for another path."""
        if path.startswith("/openapi/v3") and (refusal := _refuse_document(request)):
            return refusal
        found = self._find_document(request, path)
        if found is None:
            return None
        media, document = found
        is_plain = isinstance(document, bytes) or path.startswith("/openapi/")
        content = document if isinstance(document, bytes) else encode(document)
        return ApiAnswer(200, content, media, is_plain=is_plain)

    def _find_document(self, request: ApiRequest, path: str) -> tuple[str, Object | bytes] | None:
        registry, accept = self.cluster.resources, request.headers.get("accept", "")
        if path in ("/", "/index.html"):
            return JSON, json.dumps(list_paths(registry), indent=2).encode()
        if path == "/version":
            _check_reading(request.method)
            check_route(accept, is_list=False, media=(JSON,))
            return JSON, json.dumps(describe_version(self.cluster.version), indent=2).encode()
        found = describe_kinds(registry, path, accept)
        if found and not is_aggregated(accept):
            is_version = path.count("/") > _GROUP_DEPTH and registry.has_built_in_group(path.split("/")[2])
            if path.startswith("/api/") or path == "/api" or is_version:
                _check_reading(request.method)
                check_route(accept, is_list=False)
            choose_format(accept)
        return found or self._openapi.find_document(registry, path, accept)

    # -- objects -----------------------------------------------------------------------------------------------------

    def _serve(self, request: ApiRequest, target: Target) -> ApiAnswer:
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        resource = target.resource
        parsed = self._read_body(request, media, target)
        body = parsed.content
        if parsed.duplicates and target.query.get("fieldValidation") == "Strict":
            is_apply = PATCH_KINDS.get(media) == "apply"
            raise refuse_duplicates(resource.kind, resource.version, parsed.duplicates, is_apply=is_apply)
        if not resource.is_stored:
            return self._serve_unstored(request, target, media, parsed)
        if target.part == "scale":
            return self._serve_scale(request, target, media, body)
        if target.part in PARTS:
            return self._serve_part(request, target, media, parsed)
        match request.method:
            case "GET" | "HEAD":
                return self._read(target)
            case "POST" if not target.name:
                options = read_write_options(request, target)
                item = self._read_object(request, media, resource, body)
                written = self.cluster.create(resource, target.namespace, item, options)
            case "PUT" if target.name:
                options = read_write_options(request, target)
                item = self._read_object(request, media, resource, body)
                written = self._update(target, item, options)
            case "PATCH" if target.name:
                written = self._patch(request, target, media, body)
            case "DELETE" if target.name or target.namespace or not resource.is_namespaced:
                sent = self._read_options(request, media, resource, body)
                warnings: list[str] = []
                answer = self._delete(target, sent, warnings)
                return replace(answer, headers=tuple(map(_format_warning, dict.fromkeys(warnings))))
            case _:
                raise method_not_allowed()
        return self._answer_written(target, _add_warnings(written, parsed.duplicates, target))

    def _read_sent(
        self, request: ApiRequest, target: Target, media: str, parsed: Body, resource: Resource
    ) -> tuple[Object, WriteOptions, list[str]]:
        """Return the body of a request that creates nothing, with its options and warnings."""
        options = read_write_options(request, target)
        item = self._read_object(request, media, resource, parsed.content)
        return item, options, self.cluster.rules.check_types(resource, item, options.field_validation)

    def _serve_unstored(self, request: ApiRequest, target: Target, media: str, parsed: Body) -> ApiAnswer:
        """Answer a request for a kind of which no object is kept."""
        resource = target.resource
        item, options, warnings = self._read_sent(request, target, media, parsed, resource)
        with keep_warnings(warnings):
            item = prepare_review(self.cluster.rules, resource, target.namespace, item, options.manager)
        if resource.kind == "TokenReview":
            answer = review_token(resource, item, self._find_account)
        else:
            answer = answer_review(resource, target.namespace, item, target.user, self.authorize)
        return self._answer_written(target, Written(answer, True, tuple(warnings)))

    def _read_body(self, request: ApiRequest, media: str, target: Target) -> Body:
        """Return the body of a request that has one. Raises StatusError 400 for one that cannot be read."""
        if request.method in ("GET", "HEAD"):
            return Body()
        kind, is_patch = target.resource.kind, request.method == "PATCH" and PATCH_KINDS.get(media) != "apply"
        if is_patch and not request.body and target.name:
            self.cluster.get(target.place)
            raise refuse_body(request.method, media, kind, request.body, find_json_problem(request.body))
        try:
            return parse_body(request.body, media, request.method)
        except BodyError as error:
            if is_patch and target.name:
                # The server looks for the object before it reads the patch.
                self.cluster.get(target.place)
            raise refuse_body(request.method, media, kind, request.body, error.message) from None

    def _update(self, target: Target, item: Object, options: WriteOptions) -> Written:
        if not target.resource.is_created_by_updates or target.part or self.cluster.store.find(target.place):
            return self.cluster.update(target.place, item, options)
        check_access(self.authorize, describe_access("POST", target))
        check_new(target.place, item)
        return self.cluster.create(target.resource, target.namespace, item, options)

    def _read_object(self, request: ApiRequest, media: str, resource: Resource, body: object) -> Object:
        item = read_object(body, request.method, media, resource.kind, request.body)
        check_kind(item, resource, self.cluster.rules.schemas)
        return item

    def _read(self, target: Target) -> ApiAnswer:
        cluster, query = self.cluster, target.query
        text = query.get("resourceVersion", "")
        if target.name:
            if problem := find_version_problem(text):
                is_cached = target.resource.is_cached
                raise (
                    StatusError(500, "", problem) if is_cached else bad_request(f"invalid resource version: {problem}")
                )
            if text and int(text) > cluster.store.version:
                raise too_large_version(target.resource, int(text), cluster.store.version)
            return present_item(target, 200, cluster.get(target.place))
        return present_list(target, list_objects(cluster, self._read_list_request(target)))

    def _read_list_request(self, target: Target) -> ListRequest:
        """Return what a request lists. Raises StatusError 400, ContentError 422."""
        query = target.query
        check_list_options(query, is_watch=False)
        labels, fields = query.get("labelSelector", ""), query.get("fieldSelector", "")
        selector = parse_selectors(target.resource, labels, fields)
        limit, version = target.read_number("limit"), read_version(query.get("resourceVersion", ""))
        match = query.get("resourceVersionMatch")
        return ListRequest(
            target.resource,
            target.namespace,
            selector,
            limit,
            query.get("continue", ""),
            version,
            # A page of a version is one of exactly this version.
            is_exact=match == "Exact" or bool(limit and version and not match),
            is_selected=bool(labels or fields),
        )

    def _patch(self, request: ApiRequest, target: Target, media: str, body: object) -> Written:
        kind = PATCH_KINDS.get(media)
        accepted = [each for each in PATCH_KINDS if "strategic" not in each or not target.resource.is_custom]
        if kind is None or media not in accepted:
            raise unsupported_media_type(accepted)
        options = read_write_options(request, target)
        if kind != "apply":
            return self.cluster.patch(target.place, kind, body, options)
        if self.cluster.store.find(target.place) is None and not target.part:
            # A server-side apply of a new object needs both permissions.
            check_access(self.authorize, describe_access("POST", target))
        config = require_object(body or {})
        check_kind(config, target.resource, self.cluster.rules.schemas, is_apply=True)
        return self.cluster.apply(target.place, config, options)

    def _read_options(self, request: ApiRequest, media: str, resource: Resource, body: object) -> Object | None:
        """Return the body of a delete; None without one, so that the options of the query count."""
        return read_object(body, request.method, media, resource.kind, request.body) if request.body else None

    def _delete(self, target: Target, body: Object | None, warnings: list[str]) -> ApiAnswer:
        resource, query = target.resource, target.query
        options = read_delete_options(query, body)
        is_dry_run = "All" in (options.get("dryRun") or ())
        if not target.name:
            listed = self._read_list_request(target)
            deleted = delete_listed(
                self.cluster, listed, options, target.user, is_dry_run=is_dry_run, warnings=warnings
            )
            return present_list(target, deleted)
        item = self.cluster.delete(target.place, options, target.user, is_dry_run=is_dry_run, warnings=warnings)
        policy, is_there = options.get("propagationPolicy"), bool(item["metadata"].get("deletionTimestamp"))
        if is_there or resource.key in _SHOWN_DELETED:
            is_accepted = policy == "Foreground" and not is_dry_run
            answer = present_item(target, 202 if is_accepted else 200, item)
            if resource.key == ("batch", "jobs") and policy is None:
                warnings.append(_KEPT_PODS)
            return answer
        details = {"name": target.name, "group": resource.group, "kind": resource.plural}
        details = {name: value for name, value in details.items() if value}
        return answer_item(200, {**_SUCCESS, "details": details | {"uid": item["metadata"]["uid"]}})

    def _serve_scale(self, request: ApiRequest, target: Target, media: str, body: object) -> ApiAnswer:
        if request.method in ("GET", "HEAD"):
            return present_item(target, 200, read_scale(self.cluster, target.place))
        if request.method not in ("PUT", "PATCH"):
            raise method_not_allowed()
        kind = PATCH_KINDS.get(media, "merge") if request.method == "PATCH" else "update"
        options = read_write_options(request, target)
        return self._answer_written(target, write_scale(self.cluster, target.place, kind, body, options))

    def _serve_part(self, request: ApiRequest, target: Target, media: str, parsed: Body) -> ApiAnswer:
        if target.part == "log":
            text = read_log(self.cluster, target.place, target.query)
            return ApiAnswer(204, b"", "") if text is None else ApiAnswer(200, text.encode(), "text/plain")
        if target.part == "token":
            sent, options, warnings = self._read_sent(request, target, media, parsed, TOKEN_REQUEST)
            granted = request_token(self.cluster, self.account_tokens, target.place, sent, options.manager)
            return self._answer_written(target, Written(granted, True, tuple(warnings)))
        if target.part == "eviction":
            sent = parsed.content if isinstance(parsed.content, dict) else {}
            kind = replace(EVICTION, version="v1beta1") if sent.get("apiVersion") == "policy/v1beta1" else EVICTION
            item, options, warnings = self._read_sent(request, target, media, parsed, kind)
            evicted = evict(self.cluster, target.place, item, is_dry_run=options.is_dry_run)
            return self._answer_written(target, Written(evicted, True, tuple(warnings)))
        if target.query.get("dryRun"):
            raise bad_request("dryRun is not supported")
        raise refuse_part(self.cluster, target.place, target.part)

    def _answer_written(self, target: Target, written: Written) -> ApiAnswer:
        answer = present_item(target, 201 if written.is_new else 200, written.item)
        return replace(answer, headers=tuple(_format_warning(text) for text in written.warnings))

    def _watch(self, target: Target) -> ApiStream:
        query, resource = target.query, target.resource
        check_list_options(query, is_watch=True)
        fields = query.get("fieldSelector", "")
        if target.name:
            fields = f"metadata.name={target.name}"
        is_given, text = "sendInitialEvents" in query, query.get("resourceVersion", "")
        # A watch of no version asks for the objects that are there.
        is_plain = not is_given and not query.get("resourceVersionMatch") and text in ("", "0")
        ends_initial_events = is_plain or target.has_option("sendInitialEvents")
        selector = parse_selectors(resource, query.get("labelSelector", ""), fields)
        if problem := find_version_problem(text):
            raise StatusError(500, "", problem)
        if target.format.media != JSON:
            raise not_acceptable(STREAMS)
        # Without the objects that are there, a watch begins now.
        is_later = is_given and not ends_initial_events
        version = int(text or 0) or (self.cluster.store.version if is_later else 0)
        watch = WatchRequest(
            resource,
            target.namespace,
            selector,
            None if ends_initial_events or not version else version,
            has_bookmarks=target.has_option("allowWatchBookmarks"),
            ends_initial_events=ends_initial_events,
            seconds=target.read_number("timeoutSeconds") or WatchRequest.seconds,
            bookmark_seconds=self.bookmark_seconds,
            empty=self._build_empty(resource),
        )

        def open_frames(is_ended: Callable[[], bool]) -> Iterator[Frame]:
            has_columns = False
            for kind, item in watch_objects(self.cluster.store, watch, is_ended):
                if target.format.kind == PARTIAL_LIST:
                    # The server cannot make a list of an object, and sends nothing.
                    return
                shown = present_watched(target, kind, item)
                if has_columns and shown.get("columnDefinitions"):
                    # Only the first table of a watch describes its columns.
                    shown["columnDefinitions"] = None
                has_columns = has_columns or "columnDefinitions" in shown
                yield kind, shown

        return ApiStream(open_frames)

    def _build_empty(self, resource: Resource) -> Object:
        """Return an object of a kind without any value."""
        empty: Object = {}
        self.cluster.rules.drop_empty(resource, empty)
        return empty


def _refuse_document(request: ApiRequest) -> ApiAnswer | None:
    """Refuse the folder of the documents of OpenAPI, and a document for a client that takes no JSON."""
    path, accept = request.target.partition("?")[0], request.headers.get("accept", "")
    if path == "/openapi/v3/":
        return document_not_found()
    is_wanted = path == "/openapi/v3" or takes_json(accept) or "proto" in accept
    return None if is_wanted else ApiAnswer(406, b"", "")


def _check_verb(method: str, target: Target) -> None:
    """Raise StatusError 405 for a method that a kind or its subresource does not have."""
    resource, verb = target.resource, _VERBS.get(method, "")
    if target.part:
        verbs: Sequence[str] = find_subresource(resource.plural, target.part).verbs
    else:
        verbs = resource.verbs
        if not target.name and verb in ("get", "delete"):
            verb = "list" if verb == "get" else "deletecollection"
    has_own_path = (
        method not in ("POST", "PUT", "PATCH") or bool(target.name) == (method != "POST") or bool(target.part)
    )
    if not has_own_path and not resource.is_custom:
        raise method_not_allowed()
    if (target.is_old_watch and method != "GET") or (verb == "create" and is_homeless(target)):
        raise method_not_allowed()
    is_proxy = target.part == "proxy" and method in ("HEAD", "OPTIONS")
    if resource.is_custom:
        if verb not in verbs:
            raise method_not_supported(resource, verb)
    elif (verb not in verbs or method == "HEAD") and not is_proxy:
        raise method_not_allowed()


def _check_reading(method: str) -> None:
    if method != "GET":
        raise method_not_allowed()


def _check_name(name: str) -> None:
    """Check that a name can be a part of a path. Raises StatusError 400."""
    problem = f"may not be '{name}'" if name in (".", "..") else "may not contain '%'" if "%" in name else ""
    if problem:
        raise bad_request(f'Name parameter invalid: "{name}": {problem}')


def _negotiate(request: ApiRequest, target: Target) -> Target:
    """Return a target with the format that a client wants. Raises StatusError 406 or 415."""
    accept, media = request.headers.get("accept", ""), request.headers.get("content-type", "")
    is_custom = target.resource.is_custom
    if request.method == "PATCH" and media.strip() not in PATCH_KINDS:
        if is_custom:
            raise unsupported_media_type([each for each in PATCH_KINDS if "strategic" not in each])
        raise StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})
    if target.part == "log":
        return target
    if not is_custom:
        check_route(accept, is_list=request.method == "GET" and not target.name)
    return replace(target, format=choose_format(accept, MEDIA[:2] if is_custom else MEDIA))


def _add_warnings(written: Written, duplicates: Sequence[str], target: Target) -> Written:
    """Warn of fields that stand twice in a body."""
    if target.query.get("fieldValidation") == "Ignore":
        return written
    doubled = [f'duplicate field "{path}"' for path in duplicates]
    return replace(written, warnings=(*doubled, *written.warnings))


def _answer_refusal(refusal: StatusError | ContentError) -> ApiAnswer:
    error = refusal if isinstance(refusal, StatusError) else StatusError(*_read_refusal(refusal))
    headers = [("Retry-After", str(error.retry_after))] if error.retry_after else []
    headers += [_format_warning(text) for text in refusal.warnings]
    return ApiAnswer(error.code, encode(error.to_status()), headers=tuple(headers))


def _format_warning(text: str) -> tuple[str, str]:
    return "Warning", f"299 - {json.dumps(text, ensure_ascii=False)}"


def _read_refusal(refusal: ContentError) -> tuple[int, str, str, Mapping[str, Any] | None]:
    return refusal.code, refusal.reason, refusal.message, refusal.details
