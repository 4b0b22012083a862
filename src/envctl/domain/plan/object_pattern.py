"""Patterns of drift to ignore in Kubernetes objects, like `Deployment.apps/shop/web.spec.replicas`.

Both the name of an object and a path have dots: only an address tells where the one ends and the other begins.
"""

import re

_OBJECT = re.compile(r"(?P<type>[A-Za-z*][\w.*-]*)(?P<names>(?:/[\w.:*@-]+){1,2})(?P<rest>[.\[].*)?", re.DOTALL)
_ADDRESS = re.compile(r"[A-Z]\w*(?:\.[\w.-]+)?(?:/[^/\s\[\]\"]+){1,2}")
_PARTS = (2, 3)


def is_object_pattern(text: str) -> bool:
    """Check if a pattern or an address is one of an object: a slash before any index."""
    return "/" in text.partition("[")[0]


def is_object_pattern_valid(text: str) -> bool:
    return _OBJECT.fullmatch(text) is not None


def split_object_pattern(text: str, address: str) -> str | None:
    """Return the path behind the shortest part of a pattern that matches the address; empty for the whole object, and
    None if no part does.

    The shortest one ignores the least: `ConfigMap/shop/*.data` is a field of each object, and no object named `x.data`.
    """
    if not _ADDRESS.fullmatch(address):
        return None
    ends = [match.start() for match in re.finditer(r"[.\[]", text)]
    for end in [*ends, len(text)]:
        if _is_matching(text[:end], address):
            return text[end:].removeprefix(".")
    return None


def _is_matching(pattern: str, address: str) -> bool:
    own, wanted = address.split("/"), pattern.split("/")
    if len(own) != len(wanted) or len(own) not in _PARTS:
        return False
    return all(
        re.fullmatch(".*".join(map(re.escape, each.split("*"))), part) for each, part in zip(wanted, own, strict=True)
    )
