"""The target of a request: object or kind, user and options."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kube_api_emulator.server.api.exchange import ApiRequest
from kube_api_emulator.server.api.negotiation import DEFAULT, Format
from kube_api_emulator.server.api.options import check_write_options, is_on, read_int
from kube_api_emulator.server.cluster import WriteOptions
from kube_api_emulator.server.identity.users import Access, User
from kube_api_emulator.server.resources import Place, Resource, ResourceRegistry
from kube_api_emulator.server.status_errors import StatusError, not_found, path_not_found

_PATH = re.compile(
    r"/(?:api/(?P<core>v1)|apis/(?P<group>[^/]+)/(?P<version>[^/]+))(?:/namespaces/(?P<namespace>[^/]+))?"
    r"/(?P<plural>[^/]+)(?:/(?P<name>[^/]+)(?:/(?P<part>[^/]+))?)?"
)
# The older paths of watches.
_WATCH_PATH = re.compile(r"^(/api/v1|/apis/[^/]+/[^/]+)/watch/")
# What comes after is for the program behind.
_PROXY_PATH = re.compile(r"^(/api/v1/(?:namespaces/[^/]+/(?:pods|services)|nodes)/[^/]+/proxy)/.*")
_ROOT = re.compile(r"/(?P<core>api)/[^/]+|/apis/(?P<group>[^/]+)/[^/]+")
_NAME_FIELD = re.compile(r"(?:^|,)metadata\.name==?(?P<name>[^,=!]+)")
_VERBS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True)
class Target:
    """The target of a request.

    Attributes:
        format: of the answer.
        is_old_watch: whether the path is one of the older paths of watches.
    """

    place: Place
    part: str
    query: Mapping[str, str]
    user: User
    format: Format = DEFAULT
    is_old_watch: bool = False

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
        """Return whether changes are wanted. Only an older path watches one object."""
        return self.is_old_watch or (self.has_option("watch") and not self.name)

    def has_option(self, name: str) -> bool:
        return is_on(self.query, name)

    def read_number(self, name: str) -> int:
        """Return an option that is a number; 0 without it. Raises StatusError for another text."""
        return max(read_int(self.query.get(name, "0")), 0)


def find_target(registry: ResourceRegistry, path: str, query: Mapping[str, str], user: User) -> Target | None:
    """Return what a path means; None if the server does not know it."""
    path, is_watch = _WATCH_PATH.subn(r"\1/", path)
    path = _PROXY_PATH.sub(r"\1", path)
    match = _PATH.fullmatch(path)
    if not match:
        return None
    namespace, plural, name, part = (match[name] or "" for name in ("namespace", "plural", "name", "part"))
    if namespace and not name and plural in ("status", "finalize"):
        # A subresource of a namespace.
        namespace, plural, name, part = "", "namespaces", namespace, plural
    resource = registry.find(match["group"] or "", match["version"] or match["core"], plural)
    if resource is None or (part and part not in resource.subresources):
        return None
    if is_watch:
        query = {**query, "watch": "1"}
    return Target(Place(resource, namespace, name), part, query, user, is_old_watch=bool(is_watch))


def refuse_path(registry: ResourceRegistry, path: str) -> StatusError | None:
    """Return the refusal of a path that the server does not serve; None if no kind can be there at all."""
    match = _PATH.fullmatch(path)
    found = match and registry.find(match["group"] or "", match["version"] or "", match["plural"])
    if match and found and found.is_custom and match["part"] and bool(match["namespace"]) == found.is_namespaced:
        return not_found(found, match["name"])
    root = _ROOT.match(path)
    is_built_in = root is not None and (root["core"] or registry.has_built_in_group(root["group"]))
    return path_not_found() if is_built_in else None


def is_homeless(target: Target) -> bool:
    """Check for a collection of all namespaces of a built-in kind, in which nothing can be created."""
    resource = target.resource
    return resource.is_namespaced and not resource.is_custom and not target.namespace


def has_place(target: Target) -> bool:
    """Check that objects of the kind can be where the path says: in a namespace, or in none."""
    resource = target.resource
    if resource.verbs == ["create"] and (target.name or bool(target.namespace) != resource.is_namespaced):
        return False
    if target.namespace:
        return resource.is_namespaced
    if resource.is_namespaced and resource.is_custom and target.part:
        return False
    return not (resource.is_namespaced and target.name)


def describe_access(method: str, target: Target) -> Access:
    """Return the attributes of a request for the check of permissions."""
    verb = _VERBS.get(method, "")
    if verb == "get" and target.is_watch:
        verb = "watch"
    elif not target.name and verb in ("get", "delete"):
        verb = "deletecollection" if verb == "delete" else "list"
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
    match = _PATH.fullmatch(_PROXY_PATH.sub(r"\1", path))
    if match is None:
        return Access(user, verb, path=path)
    if not match["name"] and verb in ("get", "delete"):
        verb = "deletecollection" if verb == "delete" else "watch" if is_on(query, "watch") else "list"
    group, plural, namespace, name, part = (
        match[key] or "" for key in ("group", "plural", "namespace", "name", "part")
    )
    return Access(user, verb, group, plural, namespace, name, part)


def read_write_options(request: ApiRequest, target: Target) -> WriteOptions:
    query = target.query
    media = request.headers.get("content-type", "")
    is_apply = request.method == "PATCH" and "apply-patch" in media
    check_write_options(request.method, query, is_apply=is_apply)
    agent = request.headers.get("user-agent", "").partition("/")[0]
    return WriteOptions(
        query.get("fieldManager") or agent or "unknown",
        is_dry_run=query.get("dryRun") == "All",
        # A decoder of protobuf skips what it does not know.
        field_validation="Ignore" if "protobuf" in media else query.get("fieldValidation") or "Warn",
        part=target.part,
        force=target.has_option("force"),
        user=target.user,
    )
