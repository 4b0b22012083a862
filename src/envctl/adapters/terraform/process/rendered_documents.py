"""What envctl wrote for Terraform beside the code of a stack, as documents."""

import json
from collections.abc import Mapping
from typing import Any

from envctl.adapters.disk.files import read_bytes
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.terraform.tree_record import parse_tree_record
from envctl.domain.terraform.workdir_names import ROOT_MODULE_FILE, TREE_RECORD, USUAL_SESSION


def read_rendered(site: Site) -> Mapping[str, Any]:
    """Return the document with backend and providers of a stack. Raises OSError, ValueError, KeyError or TypeError."""
    if site.stack.root:
        return parse_tree_record(read_bytes(site.home / TREE_RECORD)).override
    document: dict[str, Any] = json.loads(read_bytes(site.directory / ROOT_MODULE_FILE))
    return document


def takes_session(site: Site) -> bool:
    """Tell if a stack takes roles whose sessions envctl names. A stack that was not written takes none."""
    file = site.home / TREE_RECORD if site.stack.root else site.directory / ROOT_MODULE_FILE
    try:
        return b"session_name" in read_bytes(file)
    except OSError:
        return False


def name_backend_session(site: Site, session: str) -> str:
    """Return the role of a backend as an expression, with this session name: a backend takes no variable. Return an
    empty text for no role, or one whose name the project file gives. Raises like `read_rendered`.
    """
    role = read_rendered(site)["terraform"]["backend"].get("s3", {}).get("assume_role")
    if not (session and isinstance(role, Mapping) and role.get("session_name") == USUAL_SESSION):
        return ""
    return json.dumps({**role, "session_name": session})


def read_settings(site: Site) -> Mapping[str, Any]:
    """Return the settings of a root module that runs as it is. Raises like `read_rendered`."""
    return parse_tree_record(read_bytes(site.home / TREE_RECORD)).settings
