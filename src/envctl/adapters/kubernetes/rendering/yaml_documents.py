"""YAML as Kubernetes reads it: dates and times of day stay text, and no key comes twice."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml  # type: ignore[import-untyped]

from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.kubernetes.manifests.kustomization import KeyPath

try:
    from yaml import CSafeDumper as _Dumper
    from yaml import CSafeLoader as _Loader
except ImportError:  # without libyaml
    from yaml import SafeDumper as _Dumper
    from yaml import SafeLoader as _Loader

_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"
_MOST_NODES = 2_000_000
_RULES: tuple[tuple[str, str, str], ...] = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("int", r"[-+]?\d+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "-+.0123456789"),
    ("merge", r"<<", "<"),
)


class _KubernetesLoader(_Loader):  # type: ignore[misc]
    """A safe loader whose plain scalars are those of YAML 1.2, as kustomize writes them."""


_KubernetesLoader.yaml_implicit_resolvers = {}
for _name, _pattern, _first in _RULES:
    _KubernetesLoader.add_implicit_resolver(
        f"{_TAG}{_name}", re.compile(rf"(?:{_pattern})\Z"), ["" if each == "\0" else each for each in _first]
    )


class _PlainDumper(_Dumper):  # type: ignore[misc]
    """A dumper without anchors. It quotes each text that a reader of YAML 1.1 or 1.2 takes for something else."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


for _name, _pattern, _first in _RULES:
    _PlainDumper.add_implicit_resolver(
        f"{_TAG}{_name}", re.compile(rf"(?:{_pattern})\Z"), ["" if each == "\0" else each for each in _first]
    )
# Old readers take these for true, false and numbers of base 8.
_PlainDumper.add_implicit_resolver(f"{_TAG}bool", re.compile(r"[yYnN]\Z"), list("yYnN"))
_PlainDumper.add_implicit_resolver(f"{_TAG}int", re.compile(r"0o?[0-7]+\Z"), ["0"])


def _represent_text(dumper: Any, text: str) -> Any:  # noqa: ANN401 (PyYAML has no types)
    return dumper.represent_scalar(f"{_TAG}str", text, style="|" if "\n" in text else None)


_PlainDumper.add_representer(str, _represent_text)


def format_documents(values: Sequence[object]) -> str:
    """Return the values as documents of one file, that every reader of YAML takes for the same."""
    options = {"sort_keys": False, "allow_unicode": True, "width": 1_000_000}
    return str(yaml.dump_all(values, Dumper=_PlainDumper, **options))


def _read_integer(loader: Any, node: Any) -> int:  # noqa: ANN401 (PyYAML has no types)
    text = loader.construct_scalar(node)
    return int(text, 16) if text.startswith("0x") else int(text)


_KubernetesLoader.add_constructor(f"{_TAG}int", _read_integer)


def _read_float(loader: Any, node: Any) -> float:  # noqa: ANN401
    text = loader.construct_scalar(node).lower()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


_KubernetesLoader.add_constructor(f"{_TAG}float", _read_float)


@dataclass(frozen=True)
class YamlDocument:
    """One document of a file.

    Attributes:
        file: path of the file, for locations.
        value: its content; None for an empty document.
        lines: lines of its keys and items, counted from 1, by the keys that lead to them.
        spans: first and last position in the text of the values of its top keys.
    """

    file: str
    value: Any
    lines: dict[KeyPath, int] = field(default_factory=dict)
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)

    def locate(self, path: KeyPath = ()) -> Location:
        """Return the line of a key, or of the nearest one above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return Location(self.file, self.lines.get(path))


def read_documents(data: bytes, file: str) -> list[YamlDocument]:
    """Return the documents of a file. Raises ConfigurationError (E611) for a fault of YAML and a repeated key."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        problem = Problem("E611", "the file is not text in UTF-8", "save it as UTF-8", Location(file))
        raise ConfigurationError(problem) from None
    try:
        return list(_read(text, file))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = f"invalid YAML: {error.problem or error.context}"
        place = Location(file, mark.line + 1 if mark else None)
        raise ConfigurationError(Problem("E611", message, "correct the file", place)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        message = f"invalid YAML: {str(error).splitlines()[0]}"
        raise ConfigurationError(Problem("E611", message, "correct the file", Location(file))) from None


def load_nodes(data: bytes, file: str) -> list[Any]:
    """Return the nodes of the documents of a file, with their places in its text. Raises ConfigurationError (E611)."""
    read_documents(data, file)
    return list(yaml.compose_all(data.decode("utf-8-sig"), Loader=_KubernetesLoader))


def _read(text: str, file: str) -> Iterator[YamlDocument]:
    loader = _KubernetesLoader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if _count_nodes(node, {}) > _MOST_NODES:
                problem = f"its aliases stand for more than {_MOST_NODES} values"
                raise yaml.composer.ComposerError(None, None, problem, node.start_mark)
            document = YamlDocument(file, None)
            _note_lines(node, (), document, set())
            yield YamlDocument(file, loader.construct_document(node), document.lines, document.spans)
    finally:
        loader.dispose()


def _count_nodes(node: Any, counted: dict[int, int]) -> int:  # noqa: ANN401
    """Return the number of values in a node, with those that its aliases stand for: kustomize writes them out."""
    if id(node) in counted:
        # An alias within its own anchor stands for a value without an end.
        return counted[id(node)] or _MOST_NODES + 1
    counted[id(node)] = 0
    children: list[Any] = []
    if isinstance(node, yaml.MappingNode):
        children = [each for pair in node.value for each in pair]
    elif isinstance(node, yaml.SequenceNode):
        children = node.value
    counted[id(node)] = total = 1 + sum(_count_nodes(each, counted) for each in children)
    return total


def _note_lines(node: Any, path: KeyPath, document: YamlDocument, above: set[int]) -> None:  # noqa: ANN401
    document.lines.setdefault(path, node.start_mark.line + 1)
    if id(node) in above:
        # An alias: its anchor has been read already.
        return
    above.add(id(node))
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen and key.tag != _MERGE:
                problem = f"the key {name} comes twice"
                raise yaml.composer.ComposerError(None, None, problem, key.start_mark)
            seen.add(name)
            document.lines[*path, name] = key.start_mark.line + 1
            if not path:
                document.spans[name] = (value.start_mark.index, value.end_mark.index)
            _note_lines(value, (*path, name), document, above)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            _note_lines(value, (*path, position), document, above)
