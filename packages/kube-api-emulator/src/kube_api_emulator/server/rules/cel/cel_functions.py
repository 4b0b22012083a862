"""The functions that Kubernetes adds to CEL, with their types.

A line is a function, its parameters and its result. The first parameter of a member stands before a dot.

Source: k8s.io/apiserver v0.36.2, pkg/cel/library/authz.go (Authz, AuthzSelectors), pkg/cel/library/cidr.go (CIDR).
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_TYPES = {
    "Quantity": "kubernetes.Quantity",
    "Semver": "kubernetes.Semver",
    "URL": "kubernetes.URL",
    "Format": "kubernetes.NamedFormat",
    "IP": "net.IP",
    "CIDR": "net.CIDR",
    "Authorizer": "kubernetes.authorization.Authorizer",
    "PathCheck": "kubernetes.authorization.PathCheck",
    "GroupCheck": "kubernetes.authorization.GroupCheck",
    "ResourceCheck": "kubernetes.authorization.ResourceCheck",
    "Decision": "kubernetes.authorization.Decision",
}
AUTHORIZER = _TYPES["Authorizer"]
_NUMBERS = ("int", "uint", "double", "google.protobuf.Duration")
_ORDERED = (*_NUMBERS, "bool", "string", "bytes", "google.protobuf.Timestamp")
_FORMATS = (
    *("dns1123Label", "dns1123Subdomain", "dns1035Label", "qualifiedName", "dns1123LabelPrefix", "labelValue"),
    *("dns1123SubdomainPrefix", "dns1035LabelPrefix", "uri", "uuid", "byte", "date", "datetime"),
)
_TEXT = """
quantity(string) Quantity
isQuantity(string) bool
Quantity.sign() int
Quantity.isGreaterThan(Quantity) bool
Quantity.isLessThan(Quantity) bool
Quantity.compareTo(Quantity) int
Quantity.asApproximateFloat() double
Quantity.asInteger() int
Quantity.isInteger() bool
Quantity.add(Quantity) Quantity
Quantity.add(int) Quantity
Quantity.sub(Quantity) Quantity
Quantity.sub(int) Quantity
semver(string) Semver
semver(string, bool) Semver
isSemver(string) bool
isSemver(string, bool) bool
Semver.isGreaterThan(Semver) bool
Semver.isLessThan(Semver) bool
Semver.compareTo(Semver) int
Semver.major() int
Semver.minor() int
Semver.patch() int
url(string) URL
isURL(string) bool
URL.getScheme() string
URL.getHost() string
URL.getHostname() string
URL.getPort() string
URL.getEscapedPath() string
URL.getQuery() map(string, list(string))
ip(string) IP
isIP(string) bool
ip.isCanonical(string) bool
IP.family() int
IP.isUnspecified() bool
IP.isLoopback() bool
IP.isLinkLocalMulticast() bool
IP.isLinkLocalUnicast() bool
IP.isGlobalUnicast() bool
cidr(string) CIDR
isCIDR(string) bool
CIDR.containsIP(string) bool
CIDR.containsIP(IP) bool
CIDR.containsCIDR(string) bool
CIDR.containsCIDR(CIDR) bool
CIDR.ip() IP
CIDR.prefixLength() int
CIDR.masked() CIDR
string.find(string) string
string.findAll(string) list(string)
string.findAll(string, int) list(string)
list(dyn).slice(int, int) list(dyn)
list(dyn).flatten() list(dyn)
list(dyn).flatten(int) list(dyn)
list(dyn).distinct() list(dyn)
list(dyn).sort() list(dyn)
lists.range(int) list(int)
sets.contains(list(dyn), list(dyn)) bool
sets.equivalent(list(dyn), list(dyn)) bool
sets.intersects(list(dyn), list(dyn)) bool
jsonpatch.escapeKey(string) string
format.named(string) dyn
Format.validate(string) dyn
Authorizer.path(string) PathCheck
Authorizer.group(string) GroupCheck
Authorizer.serviceAccount(string, string) Authorizer
PathCheck.check(string) Decision
GroupCheck.resource(string) ResourceCheck
ResourceCheck.subresource(string) ResourceCheck
ResourceCheck.namespace(string) ResourceCheck
ResourceCheck.name(string) ResourceCheck
ResourceCheck.fieldSelector(string) ResourceCheck
ResourceCheck.labelSelector(string) ResourceCheck
ResourceCheck.check(string) Decision
Decision.allowed() bool
Decision.reason() string
Decision.errored() bool
Decision.error() string
"""
_LINE = re.compile(r"(?:(?P<owner>[A-Z]\w*|string|list\(dyn\))\.)?(?P<name>[\w.]+)\((?P<given>.*?)\) (?P<result>.+)")


class Signature(NamedTuple):
    """A function. The types are those of messages, as in `list(string)`."""

    name: str
    parameters: tuple[str, ...]
    result: str
    is_member: bool


def list_signatures() -> Iterator[Signature]:
    """Yield the functions of Kubernetes, each with every kind of its parameters."""
    for line in _TEXT.strip().splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            raise ValueError(line)
        owner = [found["owner"]] if found["owner"] else []
        given = [*owner, *(found["given"].split(", ") if found["given"] else ())]
        types = tuple(_TYPES.get(each, each) for each in given)
        yield Signature(found["name"], types, _TYPES.get(found["result"], found["result"]), bool(owner))
    for name in _FORMATS:
        yield Signature(f"format.{name}", (), _TYPES["Format"], is_member=False)
    yield from _list_of_lists("sum", _NUMBERS, "")
    yield from _list_of_lists("min", _ORDERED, "")
    yield from _list_of_lists("max", _ORDERED, "")
    yield from _list_of_lists("isSorted", _ORDERED, "bool")


def _list_of_lists(name: str, items: Sequence[str], result: str) -> Iterator[Signature]:
    for item in items:
        yield Signature(name, (f"list({item})",), result or item, is_member=True)
