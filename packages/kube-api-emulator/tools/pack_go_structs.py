"""`make go-structs SOURCE=FOLDER`: packs the Go structs that the messages of kube-apiserver show.

The folder has `api`, `apimachinery`, `apiextensions-apiserver`, `kube-aggregator` and `kubernetes`, as in
`vendor/k8s.io` of a program with kube-apiserver in it. The structs of one version serve for all: fields are added to
them, and never renamed.

`internal` has the fields of the internal types in their order: name, name in JSON, code, and whether it is left out
when it is empty. `named` has the Go types of fields whose type has a name of its own, and `embedded` the structs that
lead to a field. Structs that no message of the server shows are left out, and so are versions that it does not serve.
"""

import json
import lzma
import re
import sys
from pathlib import Path
from typing import Any

from kube_api_emulator.server.built_in_kinds import BUILT_IN
from tools.pack_go_types import FILE as TYPES_FILE

FILE = TYPES_FILE.with_name("go_structs.xz")
_SERVER = FILE.parents[2] / "server"
_CODE = re.compile(r"@([a-z][\w.]*\.[A-Z]\w*)")
_STRUCT = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_ALIAS = re.compile(r"^type (\w+) (?:= ?)?([A-Za-z0-9_.\[\]*]+)$", re.MULTILINE)
_FIELD = re.compile(r"^\t(?:(\w+)\s+)?((?:\[\]|\*|map\[[\w.]+\])*[\w.]+)(?:\s+`([^`]*)`)?\s*(?://.*)?$")
_TAG = re.compile(r'json:"([^"]*)"')
_SCALARS = {
    **dict.fromkeys(("string", "types.UID", "UID"), "s"),
    "bool": "b",
    **dict.fromkeys(("int", "int8", "int32", "int64", "uint8", "uint32", "uint64", "float64", "byte"), "n"),
}
_SPECIAL = {
    **dict.fromkeys(("metav1.Time", "metav1.MicroTime", "Time", "MicroTime"), "T"),
    **dict.fromkeys(("resource.Quantity", "Quantity"), "Q"),
    **dict.fromkeys(("intstr.IntOrString", "IntOrString"), "I"),
    **dict.fromkeys(("JSON", "runtime.RawExtension", "runtime.Object", "JSONSchemaPropsOrBool"), "J"),
}
_PACKAGES = {
    **dict.fromkeys(("core", "api", "v1", "corev1"), "core"),
    "metav1": "meta.v1",
}


class Structs:
    """The structs of all packages, by package and name."""

    def __init__(self) -> None:
        self.fields: dict[str, list[tuple[str, str, str]]] = {}
        self.aliases: dict[str, str] = {}

    def read(self, package: str, folder: Path) -> None:
        for path in sorted(folder.glob("types*.go")):
            text = path.read_text(encoding="utf-8")
            for name, meant in _ALIAS.findall(text):
                self.aliases[f"{package}.{name}"] = meant
            for name, body in _STRUCT.findall(text):
                found = [match for line in body.splitlines() if (match := _FIELD.match(line))]
                self.fields[f"{package}.{name}"] = [(each[1] or "", each[2], each[3] or "") for each in found]

    # -- internal types ----------------------------------------------------------------------------------------------

    def describe_internal(self) -> dict[str, list[list[Any]]]:
        # Internal types have versioned metadata in them.
        wanted = [key for key in sorted(self.fields) if not _is_versioned(key) or key.startswith("meta.v1.")]
        return {key: self._describe_struct(key) for key in wanted}

    def _describe_struct(self, key: str) -> list[list[Any]]:
        package, described = key.rpartition(".")[0], []
        sent_names = self._read_sent_names(key)
        for name, type_, tag in self.fields[key]:
            found = _TAG.search(tag)
            sent, *options = found[1].split(",") if found else [""]
            if sent == "-":
                continue
            is_flat = not name and not sent
            shown = "" if is_flat else (sent or name)
            is_left_out = bool({"omitempty", "omitzero"} & set(options))
            read_name = sent or sent_names.get(name, name)
            described.append([shown, read_name, self._encode(package, type_), int(is_left_out)])
        return described

    def _read_sent_names(self, key: str) -> dict[str, str]:
        """Return the names in JSON of the fields that an internal type shares with its newest versioned type.

        Only those that are other words: `image` of `RBDImage`, but not `fsType` of `FSType`.
        """
        package, _, struct = key.rpartition(".")
        versions = [each for each in sorted(self.fields) if each.startswith(f"{package}.v") and _is_versioned(each)]
        stable = [each for each in versions if re.fullmatch(rf"{package}\.v\d+\.{struct}", each)]
        names: dict[str, str] = {}
        for name, _, tag in self.fields[stable[-1]] if stable else ():
            found = _TAG.search(tag)
            sent = found[1].split(",")[0] if found else ""
            if name and sent.isalnum() and sent.lower() != name.lower():
                names[name] = sent
        return names

    def _encode(self, package: str, name: str) -> str:
        for prefix, code in (("[]", "[]"), ("*", "*")):
            if name.startswith(prefix):
                return code + self._encode(package, name.removeprefix(prefix))
        if name.startswith("map["):
            return "{}" + self._encode(package, name.partition("]")[2])
        if name in _SCALARS or name in _SPECIAL:
            return _SCALARS.get(name) or _SPECIAL[name]
        alias, _, plain = name.rpartition(".")
        owner = _PACKAGES.get(alias, alias) if alias else package
        key = f"{owner}.{plain}"
        if key in self.fields:
            return f"@{key}"
        return self._encode(owner, self.aliases[key]) if key in self.aliases else "J"

    # -- versioned types ---------------------------------------------------------------------------------------------

    def describe_named(self) -> dict[str, dict[str, str]]:
        described = {}
        for key in sorted(self.fields):
            if _is_versioned(key):
                named = {
                    sent: shown
                    for _, type_, tag in self.fields[key]
                    if (found := _TAG.search(tag)) and (sent := found[1].split(",")[0]) not in ("", "-")
                    if (shown := self._name_type(key.rpartition(".")[0], type_.lstrip("*")))
                }
                described[key] = named
        return {key: named for key, named in described.items() if named}

    def _name_type(self, package: str, name: str) -> str:
        """Return a Go type as messages show it; empty for one without a name of its own."""
        if name.startswith("[]"):
            inner = self._name_type(package, name[2:])
            return f"[]{inner}" if inner else ""
        if name.startswith("map["):
            inner = self._name_type(package, name.partition("]")[2])
            return f"{name.partition(']')[0]}]{inner}" if inner else ""
        if name in _SCALARS or name in _SPECIAL:
            return ""
        alias, _, plain = name.rpartition(".")
        owner = package
        if alias:
            owner = {"metav1": "meta.v1", **dict.fromkeys(("apiv1", "corev1", "v1"), "core.v1")}.get(alias, "")
        is_alias = f"{owner}.{plain}" in self.aliases
        return f"{owner.rpartition('.')[2]}.{plain}" if is_alias else ""

    def describe_embedded(self) -> dict[str, dict[str, str]]:
        """Return the embedded structs of each struct by the fields that lead through them."""
        described: dict[str, dict[str, str]] = {}
        for key in sorted(self.fields):
            for name, type_, tag in self.fields[key] if _is_versioned(key) else ():
                plain = type_.lstrip("*")
                inner = f"{key.rpartition('.')[0]}.{plain}"
                if not name and "inline" in tag and inner in self.fields:
                    for path, sent in self._list_fields(inner):
                        described.setdefault(key, {})[sent] = ".".join((plain, *path))
        return described

    def _list_fields(self, key: str) -> list[tuple[tuple[str, ...], str]]:
        found: list[tuple[tuple[str, ...], str]] = []
        for name, type_, tag in self.fields[key]:
            plain = type_.lstrip("*")
            inner = f"{key.rpartition('.')[0]}.{plain}"
            if not name and "inline" in tag and inner in self.fields:
                found += [((plain, *path), sent) for path, sent in self._list_fields(inner)]
            elif match := _TAG.search(tag):
                found.append(((), match[1].split(",")[0]))
        return found


def _is_versioned(key: str) -> bool:
    return "." in key.rpartition(".")[0]


def read_structs(source: Path) -> Structs:
    structs = Structs()
    for folder in sorted((source / "api").glob("*/v[0-9]*")):
        structs.read(f"{folder.parent.name}.{folder.name}", folder)
    structs.read("meta.v1", source / "apimachinery" / "pkg" / "apis" / "meta" / "v1")
    extensions = source / "apiextensions-apiserver" / "pkg" / "apis" / "apiextensions"
    structs.read("apiextensions", extensions)
    structs.read("apiextensions.v1", extensions / "v1")
    structs.read("apiregistration.v1", source / "kube-aggregator" / "pkg" / "apis" / "apiregistration" / "v1")
    for folder in sorted((source / "kubernetes" / "pkg" / "apis").iterdir()):
        structs.read(folder.name, folder)
    return structs


def list_shown(internal: dict[str, list[list[Any]]]) -> set[str]:
    """Return the internal types that the code of the server names, with all types in them."""
    shown: set[str] = set()
    found = {name for path in _SERVER.rglob("*.py") for name in _CODE.findall(path.read_text("utf-8"))}
    while found:
        shown |= found
        found = {
            code.lstrip("[]{}*@") for name in found for _, _, code, _ in internal.get(name, ()) if "@" in code
        } - shown
    return shown


def list_served() -> set[str]:
    """Return the packages with the types of the served kinds, as in `core.v1`."""
    versions = {line.split()[0] for line in BUILT_IN.strip().splitlines()}
    named = (each.rpartition("/") for each in versions)
    return {"meta.v1", *(f"{group.partition('.')[0] or 'core'}.{version}" for group, _, version in named)}


def main(source: str) -> int:
    structs, served = read_structs(Path(source)), list_served()
    internal, named, embedded = structs.describe_internal(), structs.describe_named(), structs.describe_embedded()
    packed = {
        "internal": {name: internal[name] for name in sorted(list_shown(internal) & internal.keys())},
        "named": {name: each for name, each in named.items() if name.rpartition(".")[0] in served},
        "embedded": {name: each for name, each in embedded.items() if name.rpartition(".")[0] in served},
    }
    text = json.dumps(packed, separators=(",", ":"), sort_keys=True).encode()
    FILE.write_bytes(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
