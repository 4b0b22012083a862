"""`make go-types VERSION=1.37 API=… MACHINERY=… EXTENSIONS=…`: packs what the Go types of a version write for no value.

The schemas do not tell it: an optional text that is no pointer is left out when it is empty, a struct that is no
pointer is always written, and a list without `omitempty` is written as null. API, MACHINERY and EXTENSIONS are folders
with the modules k8s.io/api, k8s.io/apimachinery and k8s.io/apiextensions-apiserver of that version. Other versions stay
as they are packed.
"""

import json
import lzma
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
FILE = ROOT / "src" / "kube_api_emulator" / "schemas" / "data" / "go_types.xz"
_TYPES_FILE = re.compile(r"(^|/)[a-z0-9]+/v\d\w*/types\w*\.go$")
_MACHINERY_FILE = "pkg/apis/meta/v1/types.go"
_STRUCT = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r'^\t(?:(\w+)\s+)?(\S+)\s+`[^`]*?json:"([^"]*)"[^`]*`')
_ALIAS = re.compile(r"^type (\w+) (?:= ?)?([A-Za-z0-9_.\[\]*]+)$", re.MULTILINE)
_NUMBERS = frozenset(
    {"int", "int8", "int32", "int64", "uint8", "uint32", "uint64", "float32", "float64", "json.Number"}
)
_SCALARS = {"string": "s", "types.UID": "s", "UID": "s", "bool": "b", **dict.fromkeys(_NUMBERS, "n")}
_SPECIAL = {
    **dict.fromkeys(("Time", "metav1.Time", "MicroTime", "metav1.MicroTime"), "T"),
    **dict.fromkeys(("resource.Quantity", "Quantity"), "Q"),
    "intstr.IntOrString": "I",
}
_PACKAGES = {"metav1": "meta.v1", "v1": "core.v1", "corev1": "core.v1", "apiv1": "core.v1"}
# The repository kube-aggregator is only there for these.
_AGGREGATOR = {
    "apiregistration.v1.APIService": {"metadata": "S", "spec": "S", "status": "S"},
    "apiregistration.v1.APIServiceSpec": {
        "group": "es",
        "version": "es",
        "insecureSkipTLSVerify": "eb",
        "groupPriorityMinimum": "zn",
        "versionPriority": "zn",
    },
    "apiregistration.v1.ServiceReference": {"namespace": "es", "name": "es"},
    "apiregistration.v1.APIServiceCondition": {"lastTransitionTime": "T", "reason": "es", "message": "es"},
}


class Field(NamedTuple):
    """A field of a struct: its name in JSON, its type, and the options of its tag."""

    name: str
    type: str
    options: frozenset[str]
    is_named: bool


class GoTypes:
    """The structs of one version."""

    def __init__(self) -> None:
        self.structs: dict[str, list[Field]] = {}
        self.aliases: dict[str, str] = {}

    def read(self, package: str, text: str) -> None:
        for name, meant in _ALIAS.findall(text):
            self.aliases[f"{package}.{name}"] = meant
        for name, body in _STRUCT.findall(text):
            found = [match for line in body.splitlines() if (match := _FIELD.match(line))]
            self.structs[f"{package}.{name}"] = [
                Field((tag := match[3].split(","))[0], match[2], frozenset(tag[1:]), bool(match[1])) for match in found
            ]

    def describe(self) -> dict[str, dict[str, str]]:
        described = {key: self._describe_struct(key) for key in self.structs}
        return {key: codes for key, codes in described.items() if codes} | _AGGREGATOR

    def _describe_struct(self, key: str) -> dict[str, str]:
        codes: dict[str, str] = {}
        package = key.rpartition(".")[0]
        for field in self.structs[key]:
            if "inline" in field.options or (not field.name and not field.is_named):
                inlined = self._resolve(package, field.type.lstrip("*"))[1]
                codes |= self._describe_struct(inlined) if inlined in self.structs else {}
            elif field.type.startswith("*"):
                codes |= {} if field.options or field.name == "-" else {field.name: "P"}
            elif field.name != "-":
                code = self._describe_field(package, field)
                codes |= {field.name: code} if code else {}
        return codes

    def _describe_field(self, package: str, field: Field) -> str:
        kind, what = self._resolve(package, field.type)
        is_left_out = bool(field.options & {"omitempty", "omitzero"})
        if kind == "scalar":
            return ("e" if is_left_out else "z") + what
        if kind == "list":
            return "" if is_left_out else "N"
        is_zero_left_out = "omitzero" in field.options
        if kind == "special":
            return "" if is_zero_left_out else what
        return "S" if kind == "struct" and not is_zero_left_out else ""

    def _resolve(self, package: str, name: str) -> tuple[str, str]:
        if name in _SCALARS:
            return "scalar", _SCALARS[name]
        if name in _SPECIAL:
            return "special", _SPECIAL[name]
        if name.startswith(("[]", "map[")):
            return "list", ""
        if "." in name:
            alias, _, name = name.partition(".")
            package = _PACKAGES.get(alias, "")
        key = f"{package}.{name}"
        if key in self.structs:
            return "struct", key
        return self._resolve(package, self.aliases[key]) if key in self.aliases else ("", "")


def read_types(modules: Sequence[Path]) -> GoTypes:
    types = GoTypes()
    for module in modules:
        for file in sorted(module.rglob("types*.go")):
            path = file.relative_to(module).as_posix()
            if _TYPES_FILE.search(path) and ("pkg/apis/meta" not in path or path == _MACHINERY_FILE):
                types.read(".".join(path.split("/")[-3:-1]), file.read_text(encoding="utf-8"))
    return types


def main(version: str, modules: Sequence[str]) -> int:
    described = read_types([Path(each) for each in modules]).describe()
    packed = {**json.loads(lzma.decompress(FILE.read_bytes())), version: described}
    text = json.dumps(packed, separators=(",", ":"), sort_keys=True).encode()
    FILE.write_bytes(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
