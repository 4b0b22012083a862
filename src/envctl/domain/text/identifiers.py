"""Allowed names of environments, stacks and the like, which become parts of paths; short forms of ids."""

import re

VALUE_PATH_PATTERN = r'[A-Za-z_][\w-]*(\.[\w-]+|\["[^"\\$%{}\n]+"\])*'
"""A path in the values of a chart, such as `controller.replicaCount`; the name of a variable is one, too."""
NAME_PATTERN = r"[a-z][a-z0-9_-]{0,31}"
NAME = re.compile(NAME_PATTERN, re.ASCII)
"""Matches a whole name."""
PROVIDER_NAME_PATTERN = r"[A-Za-z0-9][\w-]*(\.[A-Za-z_][\w-]*)?"
"""The local name of a provider in Terraform, with the alias of a further configuration or without one."""


def is_provider_name(text: str) -> bool:
    return re.fullmatch(PROVIDER_NAME_PATTERN, text, re.ASCII) is not None


def shorten_id(release: str) -> str:
    """Return the first twelve characters of a release or of the fingerprint of a plan."""
    return release[:12]
