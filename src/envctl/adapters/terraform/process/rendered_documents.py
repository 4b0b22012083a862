"""What envctl wrote for Terraform beside the code of a stack, as documents."""

import json
from collections.abc import Mapping
from typing import Any

from envctl.adapters.disk.files import read_bytes
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.terraform.tree_record import parse_tree_record
from envctl.domain.terraform.workdir_names import ROOT_MODULE_FILE, TREE_RECORD


def read_rendered(site: Site) -> Mapping[str, Any]:
    """Return the document with backend and providers of a stack. Raises OSError, ValueError, KeyError or TypeError."""
    if site.stack.root:
        return parse_tree_record(read_bytes(site.home / TREE_RECORD)).override
    document: dict[str, Any] = json.loads(read_bytes(site.directory / ROOT_MODULE_FILE))
    return document


def read_settings(site: Site) -> Mapping[str, Any]:
    """Return the settings of a root module that runs as it is. Raises like `read_rendered`."""
    return parse_tree_record(read_bytes(site.home / TREE_RECORD)).settings
