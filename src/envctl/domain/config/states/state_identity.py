"""The one spelling of the address of a state: two that Terraform takes for one state must not look like two."""

import json
from collections.abc import Mapping
from posixpath import join, normpath

from envctl.domain.config.states.backends import BACKENDS

_S3_WORKSPACES = "env:"
_BACKUP = ".backup"
_MAX_SCHEMA_BYTES = 63
_PORTS = {"http": 80, "https": 443}


def find_local_folder(keys: Mapping[str, object]) -> str:
    """Return the folder of the workspaces of a local state: for `terraform.tfstate` the one that Terraform uses."""
    return str(keys.get("workspace_dir") or f"{keys['path']}.d")


def identify_state(backend: str, keys: Mapping[str, object], workspace: str) -> str:
    """Return a text that is equal for equal states: the address of the state, as far as the project file has it."""
    if backend == "local":
        path = join(find_local_folder(keys), workspace, "terraform.tfstate") if workspace else str(keys["path"])
        # A disk may ignore case, and each write of a state replaces its backup.
        return f"the file {normpath(path).casefold().removesuffix(_BACKUP)}"
    given = {name: keys[name] for name in BACKENDS[backend].identity_keys if keys.get(name) not in (None, "")}
    if backend == "s3":
        bucket, key = given.pop("bucket", ""), str(given.pop("key", ""))
        prefix = str(given.pop("workspace_key_prefix", _S3_WORKSPACES))
        path = f"s3://{bucket}/{_clean_path(join(prefix, workspace, key) if workspace else key)}"
        return f"{path} {json.dumps(given, sort_keys=True)}" if given else path
    told = {**given, **_name_state(backend, given, workspace)}
    text = json.dumps(told, sort_keys=True, ensure_ascii=False)
    return f"{backend} {text}"


def _name_state(backend: str, given: Mapping[str, object], workspace: str) -> Mapping[str, object]:
    """Return the keys that decide the state, with the workspace in them as Terraform puts it there."""
    texts = {name: each for name, each in given.items() if isinstance(each, str)}
    match backend:
        case "gcs":
            return {"prefix": _clean_path(f"{texts.get('prefix', '')}/{workspace or 'default'}.tfstate")}
        case "cos" | "oss":
            parts = (texts.get("prefix", _S3_WORKSPACES), workspace, texts.get("key", "terraform.tfstate"))
            return {"prefix": _clean_path("/".join(parts)), "key": ""}
        case "azurerm":
            return {"key": texts.get("key", "") + (f"env:{workspace}" if workspace else "")}
        case "consul":
            return {"path": texts.get("path", "").strip("/") + (f"-env:{workspace}" if workspace else "")}
        case "kubernetes":
            name = f"tfstate-{workspace or 'default'}-{texts.get('secret_suffix', '')}"
            return {"secret_suffix": name, "namespace": texts.get("namespace", "default")}
        case "pg":
            # Postgres cuts longer names off.
            name = texts.get("schema_name", "").encode()[:_MAX_SCHEMA_BYTES].decode(errors="replace")
            return {"schema_name": name, "workspace": workspace}
        case "http":
            return {"address": _clean_address(texts.get("address", ""))}
        case "remote":
            named = given.get("workspaces")
            table = named if isinstance(named, Mapping) else {}
            name = str(table.get("name") or f"{table.get('prefix', '')}{workspace}")
            return {"workspaces": name, "hostname": texts.get("hostname", "app.terraform.io").lower()}
    return {"workspace": workspace}


def _clean_path(path: str) -> str:
    """Return a path of objects without empty parts and dots: some servers and Terraform itself take them out."""
    return normpath(f"/{path}").lstrip("/")


def _clean_address(address: str) -> str:
    from urllib.parse import urlsplit, urlunsplit

    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return address
    scheme = parts.scheme.lower()
    place = f"{host}:{port}" if port and port != _PORTS.get(scheme) else host
    return urlunsplit((scheme, place, f"/{_clean_path(parts.path)}", parts.query, ""))
