"""The version of Kubernetes whose rules the server has.

Its validation, defaults and messages were translated from this version, and its recorded answers come from it. Of the
other versions it has the types of the kinds alone.
"""

from kube_api_emulator.schemas.packed import list_versions
from kube_api_emulator.schemas.schemas import choose_version, read_minor_version

RULES_VERSION = "1.36"
# The tag of the sources that the rules were compared with: each file names the ones that it was translated from.
RULES_TAG = "v1.36.2"


class BorrowedRulesWarning(UserWarning):
    """A cluster whose types or rules are those of another version of Kubernetes."""


def describe_borrowed_rules(version: str) -> str:
    """Return which types and rules a cluster of this version has, if some are of another version; else empty."""
    types = choose_version(version, list_versions())
    if types != read_minor_version(version):
        return f"Kubernetes {version} is not known: types of {types} and rules of {RULES_VERSION} are used"
    return "" if types == RULES_VERSION else f"Kubernetes {types}: types of {types}, rules of {RULES_VERSION}"
