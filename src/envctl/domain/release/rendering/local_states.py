"""Paths of local states in rendered documents. They are relative to the folder where Terraform runs, as if that was in
the project: so a rendered root module is the same in every clone.
"""

from collections.abc import Mapping
from posixpath import join, normpath
from typing import Any

LOCAL_PATHS = ("path", "workspace_dir")


def anchor_states(document: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """Return a document with absolute paths of local states: Terraform runs elsewhere than in `folder`."""
    found = dict(document)
    terraform = found.get("terraform", {})
    if "local" in (backend := terraform.get("backend", {})):
        found["terraform"] = {**terraform, "backend": {"local": _anchor_keys(backend["local"], folder)}}
    data = found.get("data", {})
    if states := data.get("terraform_remote_state"):
        anchored = {
            name: {**each, "config": _anchor_keys(each["config"], folder)} if each["backend"] == "local" else each
            for name, each in states.items()
        }
        found["data"] = {**data, "terraform_remote_state": anchored}
    return found


def _anchor_keys(keys: Mapping[str, Any], folder: str) -> dict[str, Any]:
    # `join` keeps a path that is absolute.
    return {**keys, **{key: normpath(join(folder, keys[key])) for key in LOCAL_PATHS if keys.get(key)}}
