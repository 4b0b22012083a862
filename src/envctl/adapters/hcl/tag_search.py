"""Search of module code for the tags of AWS resources, as far as they are literal."""

import re
from collections.abc import Collection, Iterator, Mapping
from posixpath import dirname, join, normpath

import pygohcl
import tree_sitter

from envctl.adapters.hcl.code_folders import list_blocks, parse_code
from envctl.adapters.hcl.paths import read_call
from envctl.adapters.hcl.source import Source, find_non_literals, list_attributes, list_body, parse_attributes
from envctl.domain.errors import Location
from envctl.domain.release.place.default_tags import COMPUTED, FromVariable, ResourceTags

_REFERENCE = re.compile(r"(var|local)\.([\w-]+)")
_CALL = re.compile(rb"\bmodule\s+[\"\w]")
_WORD = re.compile(r"[A-Za-z_][\w-]*")
_MAX_DEPTH = 8
# A block with tags, as formatted code has it: the first line that begins with a brace ends it.
_TAGGED_BLOCK = rb'\bresource\s+"?%s[^"]*"?\s+"?[^"]+"?\s*\{(?:[^\n]*\n(?!\}))*?[^\n]*\btags\s*='
Expression = tuple[Source, tree_sitter.Node]


def find_resource_tags(
    files: Mapping[str, bytes], folders: Collection[str], prefix: str
) -> dict[str, tuple[ResourceTags, ...]]:
    """Find the tags in each module folder, and in the local modules that it calls without `count` and `for_each`.

    `files` are those of a release by path. The types of the resources begin with `prefix`.
    """
    pattern = re.compile(_TAGGED_BLOCK % prefix.encode())
    begin = prefix.encode()
    tagged = {
        dirname(path) or "."
        for path, data in files.items()
        if begin in data and b"tags" in data and pattern.search(data)
    }
    by_folder: dict[str, dict[str, bytes]] = {}
    for path, data in files.items() if tagged else ():
        # Other files of a folder without tags may have calls.
        if dirname(path) in tagged or (not dirname(path) and "." in tagged) or _CALL.search(data):
            by_folder.setdefault(dirname(path) or ".", {})[path] = data
    return {folder: tuple(_search_called(by_folder, normpath(folder), tagged, prefix)) for folder in folders}


def _search_called(
    by_folder: Mapping[str, Mapping[str, bytes]], top: str, tagged: Collection[str], prefix: str
) -> Iterator[ResourceTags]:
    reached: set[str] = set()
    waiting = [top]
    while waiting:
        name = waiting.pop(0)
        if name in reached:
            continue
        reached.add(name)
        code = by_folder.get(name, {})
        sources = [source for path, data in sorted(code.items()) if (source := parse_code(data, path))]
        if name in tagged:
            yield from _search_folder(sources, prefix, is_called=name != top)
        waiting += [normpath(join(name, each)) for source in sources for each in _list_called(source)]


def _list_called(source: Source) -> Iterator[str]:
    if not _CALL.search(source.data):
        return
    for kind, _, block in list_blocks(source):
        if kind == "module":
            attributes = dict(list_attributes(list_body(block), source))
            address = source.read_node(attributes["source"]).strip('"') if "source" in attributes else ""
            if address.startswith((".", "..")) and not attributes.keys() & {"count", "for_each"}:
                yield address


def _search_folder(sources: list[Source], prefix: str, *, is_called: bool) -> Iterator[ResourceTags]:
    local: dict[str, Expression] = {}
    resources: list[tuple[Source, str, tree_sitter.Node]] = []
    for source in sources:
        for kind, labels, block in list_blocks(source):
            if kind == "locals":
                local |= {name: (source, each) for name, each in list_attributes(list_body(block), source)}
            elif kind == "resource" and labels and labels[0].startswith(prefix):
                resources.append((source, labels[0], block))
    for source, type_, block in resources:
        attributes = dict(list_attributes(list_body(block), source))
        if "tags" not in attributes or attributes.keys() & {"count", "for_each"}:
            continue
        collected = _CollectedTags(local)
        collected.add(source, attributes["tags"])
        yield ResourceTags(
            type=type_,
            location=source.locate_node(attributes["tags"]),
            tags=collected.tags,
            lines=collected.lines,
            variables=tuple(collected.variables),
            is_complete=collected.is_complete,
            is_called=is_called,
        )


class _CollectedTags:
    """The tags of an expression: of objects, `merge()`, locals and variables."""

    def __init__(self, local: Mapping[str, Expression]) -> None:
        self.tags: dict[str, object] = {}
        self.lines: dict[str, Location] = {}
        self.variables: list[str] = []
        self.is_complete = True
        self._local = local

    def add(self, source: Source, node: tree_sitter.Node, depth: int = 0) -> None:
        reference = _REFERENCE.fullmatch(source.read_node(node).strip())
        if depth > _MAX_DEPTH:
            self.is_complete = False
        elif reference and reference[1] == "var":
            self.variables.append(reference[2])
        elif reference and reference[2] in self._local:
            self.add(*self._local[reference[2]], depth + 1)
        elif node.type == "object_elem":
            self._add_element(source, node)
        elif node.type in {"expression", "collection_value", "object"} and node.named_children:
            for child in node.named_children:
                if child.type not in {"object_start", "object_end", "comment"}:
                    self.add(source, child, depth)
        elif node.type == "function_call" and read_call(source, node)[0] == "merge":
            for argument in read_call(source, node)[1]:
                self.add(source, argument, depth + 1)
        else:
            self.is_complete = False

    def _add_element(self, source: Source, node: tree_sitter.Node) -> None:
        text = source.read_node(node.named_children[0])
        key = text if _WORD.fullmatch(text) else _read_literal(source, node.named_children[0])
        if not isinstance(key, str):
            self.is_complete = False
            return
        value = node.named_children[-1]
        reference = _REFERENCE.fullmatch(source.read_node(value).strip())
        is_variable = reference is not None and reference[1] == "var"
        self.tags[key] = FromVariable(reference[2]) if reference and is_variable else _read_literal(source, value)
        self.lines[key] = source.locate_node(node)


def _read_literal(source: Source, node: tree_sitter.Node) -> object:
    if any(find_non_literals(source, node)):
        return COMPUTED
    try:
        return parse_attributes(f"x = {source.read_node(node)}\n".encode())["x"]
    except (pygohcl.HCLParseError, pygohcl.HCLInternalError):
        return COMPUTED
