"""`make go-types API=… MACHINERY=… EXTENSIONS=…`: packs what the Go types of Kubernetes write for no value.

The schemas do not tell it: an optional text that is no pointer is left out when it is empty, a struct that is no
pointer is always written, and a list without `omitempty` is written as null. The arguments are git directories of the
repositories kubernetes/api, kubernetes/apimachinery and kubernetes/apiextensions-apiserver.
"""

import json
import lzma
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
FILE = ROOT / "src" / "kube_api_emulator" / "schemas" / "data" / "go_types.xz"
VERSIONS = ("1.34", "1.35", "1.36")
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


def read_types(repositories: list[str], version: str) -> GoTypes:
    types = GoTypes()
    minor = version.partition(".")[2]
    for repository in repositories:
        tags = [tag for tag in _git(repository, "tag").split() if re.fullmatch(rf"v0\.{minor}\.\d+", tag)]
        tag = max(tags, key=lambda each: int(each.rpartition(".")[2]))
        for path in _git(repository, "ls-tree", "-r", "--name-only", tag).split():
            if _TYPES_FILE.search(path) and ("pkg/apis/meta" not in path or path == _MACHINERY_FILE):
                package = ".".join(path.split("/")[-3:-1])
                types.read(package, _git(repository, "show", f"{tag}:{path}"))
    return types


def _git(repository: str, *arguments: str) -> str:
    command = ["git", f"--git-dir={repository}", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def main(repositories: list[str]) -> int:
    packed = {version: read_types(repositories, version).describe() for version in VERSIONS}
    text = json.dumps(packed, separators=(",", ":"), sort_keys=True).encode()
    FILE.write_bytes(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
