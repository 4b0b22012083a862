"""The version of Kubernetes whose rules the server has.

Its validation, defaults and messages were translated from this version, and its recorded answers come from it. Of the
other versions it has the types of the kinds alone.
"""

RULES_VERSION = "1.36"


def describe_borrowed_rules(version: str) -> str:
    """Return a sentence about a version that has the rules of another one; empty for `RULES_VERSION`."""
    return "" if version == RULES_VERSION else f"Kubernetes {version} is served with the rules of {RULES_VERSION}"
