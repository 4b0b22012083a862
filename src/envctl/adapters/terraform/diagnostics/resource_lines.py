"""Lines of the project with the blocks behind planned resources."""

import json
import re
from collections.abc import Mapping
from posixpath import normpath
from typing import Any

from envctl.adapters.disk.files import read_bytes
from envctl.adapters.terraform.diagnostics.failures import find_project_path
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.errors import Location
from envctl.domain.terraform.workdir_names import MODULES_MANIFEST

_INSTANCE = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|\d+)\]')


def locate_resource(site: Site, change: Mapping[str, Any]) -> Location | None:
    """Return the line with the block of a change of a plan; None if its code can't be read, or is JSON."""
    path = _INSTANCE.sub("", change.get("module_address", ""))
    key = ".".join(path.removeprefix("module.").split(".module.")) if path else ""
    try:
        folder = "."
        if key:
            record = json.loads(read_bytes(site.directory / MODULES_MANIFEST))
            folder = {str(each["Key"]): str(each["Dir"]) for each in record["Modules"]}[key]
        files = sorted((site.directory / folder).glob("*.tf"))
        labels = rf'"?{re.escape(change["type"])}"?\s+"?{re.escape(change["name"])}"?'
        block = re.compile(rf"^[ \t]*(resource)\s+{labels}\s*\{{".encode(), re.MULTILINE)
        for file in files:
            if found := block.search(data := read_bytes(file)):
                line = data.count(b"\n", 0, found.start(1)) + 1
                return Location(find_project_path(normpath(f"{folder}/{file.name}"), site), line)
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return None
