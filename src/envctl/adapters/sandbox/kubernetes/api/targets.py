"""The target of a request: object or kind, user and options."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from envctl.adapters.sandbox.kubernetes.api.exchange import ApiRequest
from envctl.adapters.sandbox.kubernetes.api.options import check_write_options, is_on
from envctl.adapters.sandbox.kubernetes.cluster import WriteOptions
from envctl.adapters.sandbox.kubernetes.identity.users import Access, User
from envctl.adapters.sandbox.kubernetes.resources import Place, Resource, ResourceRegistry
from envctl.adapters.sandbox.kubernetes.status_errors import StatusError, bad_request, not_found, path_not_found

_PATH = re.compile(
    r"/(?:api/(?P<core>v1)|apis/(?P<group>[^/]+)/(?P<version>[^/]+))(?:/namespaces/(?P<namespace>[^/]+))?"
    r"/(?P<plural>[^/]+)(?:/(?P<name>[^/]+)(?:/(?P<part>[^/]+))?)?"
)
_NAME_FIELD = re.compile(r"(?:^|,)metadata\.name==?(?P<name>[^,=!]+)")
_NUMBER = re.compile(r"[+-]?[0-9]+")
_VERBS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True)
class Target:
    """The target of a request."""

    place: Place
    part: str
    query: Mapping[str, str]
    user: User

    @property
    def resource(self) -> Resource:
        return self.place.resource

    @property
    def name(self) -> str:
        return self.place.name

    @property
    def namespace(self) -> str:
        return self.place.namespace

    @property
    def is_watch(self) -> bool:
        return self.has_option("watch")

    def has_option(self, name: str) -> bool:
        return is_on(self.query, name)

    def read_number(self, name: str) -> int:
        """Return an option that is a number; 0 without it. Raises StatusError for another text."""
        text = self.query.get(name) or "0"
        if not _NUMBER.fullmatch(text):
            raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
        return max(int(text), 0)


def find_target(registry: ResourceRegistry, path: str, query: Mapping[str, str], user: User) -> Target | None:
    """Return what a path means; None if the server does not know it."""
    match = _PATH.fullmatch(path)
    if not match:
        return None
    parts = (unquote(match[name] or "") for name in ("namespace", "plural", "name", "part"))
    namespace, plural, name, part = parts
    if namespace and not name and plural in ("status", "finalize"):
        # A subresource of a namespace.
        namespace, plural, name, part = "", "namespaces", namespace, plural
    resource = registry.find(match["group"] or "", match["version"] or match["core"], plural)
    if resource is None or (part and part not in resource.subresources):
        return None
    return Target(Place(resource, namespace, name), part, query, user)


def refuse_path(registry: ResourceRegistry, path: str) -> StatusError:
    """Return the refusal of a path that the server does not serve."""
    match = _PATH.fullmatch(path)
    found = match and registry.find(match["group"] or "", match["version"] or "", unquote(match["plural"]))
    if match and found and found.is_custom and match["part"] in ("status", "scale"):
        return not_found(found, unquote(match["name"]))
    return path_not_found()


def has_place(target: Target) -> bool:
    """Check that objects of the kind can be where the path says: in a namespace, or in none."""
    resource = target.resource
    if resource.verbs == ["create"] and (target.name or bool(target.namespace) != resource.is_namespaced):
        return False
    if target.namespace:
        return resource.is_namespaced
    return not (resource.is_namespaced and target.name)


def describe_access(method: str, target: Target) -> Access:
    """Return the attributes of a request for the check of permissions."""
    verb = _VERBS.get(method, "")
    if not target.name and verb in ("get", "delete"):
        verb = "deletecollection" if verb == "delete" else "watch" if target.is_watch else "list"
    resource, place = target.resource, target.place
    name = place.name
    if verb in ("list", "watch") and (field := _NAME_FIELD.search(target.query.get("fieldSelector", ""))):
        # The name in a selector counts as the name of the object.
        name = field["name"]
    # A namespace is in itself.
    namespace = place.name if resource.is_namespace and place.name else place.namespace
    subject = (resource.group, resource.plural, namespace, name, target.part)
    return Access(target.user, verb, *subject, is_dry_run=target.query.get("dryRun") == "All")


def describe_unknown(method: str, path: str, query: Mapping[str, str], user: User) -> Access:
    """Return the attributes of a request for a path that the server does not know."""
    verb = _VERBS.get(method, method.lower())
    match = _PATH.fullmatch(path)
    if match is None:
        return Access(user, verb, path=path)
    if not match["name"] and verb in ("get", "delete"):
        verb = "deletecollection" if verb == "delete" else "watch" if is_on(query, "watch") else "list"
    group, plural, namespace, name, part = (
        unquote(match[key] or "") for key in ("group", "plural", "namespace", "name", "part")
    )
    return Access(user, verb, group, plural, namespace, name, part)


def read_write_options(request: ApiRequest, target: Target) -> WriteOptions:
    query = target.query
    is_apply = request.method == "PATCH" and "apply-patch" in request.headers.get("content-type", "")
    check_write_options(request.method, query, is_apply=is_apply)
    agent = request.headers.get("user-agent", "").partition("/")[0]
    return WriteOptions(
        query.get("fieldManager") or agent or "unknown",
        is_dry_run=query.get("dryRun") == "All",
        field_validation=query.get("fieldValidation") or "Warn",
        part=target.part,
        force=target.has_option("force"),
        user=target.user,
    )
