"""`make protobuf API=FOLDER MACHINERY=FOLDER`: packs the fields of Kubernetes' protobuf messages.

The folders have the modules k8s.io/api and k8s.io/apimachinery of the newest version: the number of a field never gets
another meaning. The numbers, names and types of fields stand in the tags of the Go types there, which also say which
fields are pointers. Both have the Apache-2.0 licence.
"""

import argparse
import json
import lzma
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "src" / "kube_api_emulator" / "schemas" / "data" / "protobuf-fields.xz"
META = "meta/v1"
PACKAGES = (
    *("admissionregistration/v1", "apps/v1", "authentication/v1", "authorization/v1", "autoscaling/v1"),
    *("autoscaling/v2", "batch/v1", "certificates/v1", "coordination/v1", "core/v1", "discovery/v1", "events/v1"),
    *("flowcontrol/v1", "networking/v1", "node/v1", "policy/v1", "rbac/v1", "resource/v1", "scheduling/v1"),
    "storage/v1",
    # Types in fields of a Job.
    "scheduling/v1alpha3",
)
# Go types with a message of their own; the server reads and writes them as one value.
SPECIAL = {
    "k8s.io/apimachinery/pkg/api/resource.Quantity": "Quantity",
    "k8s.io/apimachinery/pkg/util/intstr.IntOrString": "IntOrString",
    "k8s.io/apimachinery/pkg/runtime.RawExtension": "Raw",
    f"{META}.Time": "Time",
    f"{META}.MicroTime": "MicroTime",
    f"{META}.FieldsV1": "Raw",
    f"{META}.Duration": "Duration",
}
SCALARS = {
    **dict.fromkeys(("string",), "text"),
    **dict.fromkeys(("int", "int32", "int64", "uint8", "uint32"), "number"),
    "bool": "flag",
    "[]byte": "bytes",
    "float64": "float",
}

_STRUCT = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_ALIAS = re.compile(r"^type (\w+) =? ?((?!struct|interface)\S+)", re.MULTILINE)
_IMPORT = re.compile(r'^\s+(?:(\w+) )?"(k8s\.io/(?:api|apimachinery)/\S+)"', re.MULTILINE)
_FIELD = re.compile(r"^\t(?:(\w+)\s+)?([\w.*\[\]]+)\s+`([^`]*)`", re.MULTILINE)
_GROUP = re.compile(r'GroupName = "([^"]*)"')
_MAP = re.compile(r"map\[[\w.]+\](.+)")


@dataclass
class Package:
    """The Go types of one version of a group."""

    name: str
    group_version: str
    text: str
    imports: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for alias, path in _IMPORT.findall(self.text):
            short = path.removeprefix("k8s.io/api/").replace("k8s.io/apimachinery/pkg/apis/", "")
            self.imports[alias or path.rpartition("/")[2]] = short

    def qualify(self, name: str) -> str:
        package, _, local = name.rpartition(".")
        return f"{self.imports[package] if package else self.name}.{local}"


def read_package(repository: Path, folder: str, name: str) -> Package:
    group = _GROUP.search(_show(repository, f"{folder}/register.go"))
    version = name.partition("/")[2]
    text = _show(repository, f"{folder}/types.go")
    return Package(name, f"{group[1]}/{version}" if group and group[1] else version, text)


def _show(repository: Path, path: str) -> str:
    return (repository / path).read_text(encoding="utf-8")


class Packer:
    """Resolves the Go types of all packages."""

    def __init__(self, packages: list[Package]) -> None:
        self._packages = packages
        self._aliases = {
            package.qualify(name): (package, target)
            for package in packages
            for name, target in _ALIAS.findall(package.text)
        }
        self._structs = {
            package.qualify(name): (package, body)
            for package in packages
            for name, body in _STRUCT.findall(package.text)
        }

    def pack(self) -> dict[str, object]:
        kinds, messages = {}, {}
        pending = []
        for name, (package, body) in self._structs.items():
            if re.search(r"^\t(metav1\.)?TypeMeta\s", body, re.MULTILINE):
                group_version = "" if package.name == META else package.group_version
                kinds[f"{group_version}/{name.rpartition('.')[2]}"] = name
                pending.append(name)
        while pending:
            name = pending.pop()
            if name not in messages:
                messages[name] = dict(self._list_fields(*self._structs[name]))
                types = (each[1].lstrip("*![]{}") for each in messages[name].values())
                pending += [each for each in types if each in self._structs]
        return {"kinds": kinds, "messages": messages}

    def _list_fields(self, package: Package, body: str) -> Iterator[tuple[int, tuple[str, str]]]:
        """Yield the number, name and type of each field. A field without a name is part of the object around it."""
        for _, go_type, tags in _FIELD.findall(body):
            number = re.search(r'protobuf:"\w+,(\d+),', tags)
            name = re.search(r'json:"([^",]*)([^"]*)"', tags)
            if number and name and name[1] != "-":
                # Go writes the zero of a field that is no pointer, so this zero means nothing.
                has_zero = go_type.startswith("*") or "omit" not in name[2]
                prefix = "*" if has_zero and name[1] else ""
                yield int(number[1]), (name[1], prefix + self._resolve(package, go_type.lstrip("*")))

    def _resolve(self, package: Package, go_type: str) -> str:
        go_type = go_type.lstrip("*")
        if go_type in SCALARS:
            return SCALARS[go_type]
        if go_type.startswith("[]"):
            return "[]" + self._resolve(package, go_type[2:])
        if match := _MAP.fullmatch(go_type):
            # A list in a map is a message with the list as its first field.
            inner = self._resolve(package, match[1])
            return "{}" + ("items" if inner == "[]text" else inner)
        name = package.qualify(go_type)
        if name in SPECIAL:
            return SPECIAL[name]
        if name in self._structs:
            return name
        if name in self._aliases:
            return self._resolve(*self._aliases[name])
        if name.startswith("k8s.io/apimachinery/pkg/types."):
            return "text"
        raise LookupError(f"{package.name}: {go_type}")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("api", type=Path)
    parser.add_argument("apimachinery", type=Path)
    options = parser.parse_args(arguments)
    packages = [read_package(options.api, each, each) for each in PACKAGES]
    packages.append(read_package(options.apimachinery, "pkg/apis/meta/v1", META))
    packed = json.dumps(Packer(packages).pack(), separators=(",", ":"), sort_keys=True).encode()
    TARGET.write_bytes(lzma.compress(packed, preset=9 | lzma.PRESET_EXTREME))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
