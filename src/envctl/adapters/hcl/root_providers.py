"""Providers that the code of a root module and of its modules needs, with their sources."""

import re
from collections.abc import Mapping

import tree_sitter

from envctl.adapters.hcl import code_folders
from envctl.adapters.hcl.code_folders import is_json_code, list_json_bodies, read_label
from envctl.adapters.hcl.code_search import read_literal
from envctl.adapters.hcl.json_module import list_objects
from envctl.adapters.hcl.paths import walk_nodes
from envctl.adapters.hcl.source import Source, list_attributes, list_body

_BUILT_IN = "terraform"
_TYPED_BLOCKS = frozenset({"resource", "data", "ephemeral", "action", "list"})
# For code that the grammar can't read completely.
_TYPES = re.compile(rb'^[ \t]*(?:resource|data|ephemeral|action|list)[ \t]+"([a-z0-9-]+)[_"]', re.MULTILINE)
_PROVIDER_BLOCKS = re.compile(rb'^[ \t]*provider[ \t]+"?([\w-]+)"?[ \t]*\{', re.MULTILINE)
_JSON_RESOURCE_KINDS = ("resource", "data", "ephemeral")


def find_needed_providers(code: Mapping[str, Mapping[str, bytes]], own: Mapping[str, str]) -> dict[str, str]:
    """Return the sources of the needed providers by their local names in the root module."""
    needed: set[str] = set()
    for files in code.values():
        sources: dict[str, str] = {}
        names: set[str] = set()
        for path, data in files.items():
            if is_json_code(path):
                names |= _find_json_names(sources, data)
            elif source := code_folders.parse_code(data, path):
                names |= _find_names(sources, source)
        needed |= {sources.get(name, f"hashicorp/{name}") for name in names - {_BUILT_IN}} | set(sources.values())
    local_names = {source: name for name, source in own.items()}
    found = {local_names.get(source, source.rpartition("/")[2]): source for source in needed}
    # Without an entry in `required_providers`, a name stands for a provider of HashiCorp.
    return {name: source for name, source in sorted(found.items()) if name in own or source == f"hashicorp/{name}"}


def _find_names(sources: dict[str, str], source: Source) -> set[str]:
    """Return the local names of providers in the code, and add the sources that it names."""
    names: set[str] = set()
    for kind, labels, block in code_folders.list_blocks(source):
        if kind == "terraform":
            for child in list_body(block):
                if child.type == "block" and source.read_node(child.named_children[0]) == "required_providers":
                    sources.update(read_sources(source, child))
        elif kind == "provider" and labels:
            names.add(labels[0])
        elif kind in _TYPED_BLOCKS and labels:
            given = dict(list_attributes(list_body(block), source)).get("provider")
            named = source.read_node(given).strip('"').partition(".")[0].strip() if given is not None else ""
            names.add(named or labels[0].partition("_")[0])
    if source.root.has_error:
        names |= {each.decode() for pattern in (_TYPES, _PROVIDER_BLOCKS) for each in pattern.findall(source.data)}
    return names


def _find_json_names(sources: dict[str, str], data: bytes) -> set[str]:
    document = code_folders.load_document(data)
    if document is None:
        return set()
    for key, body in list_json_bodies(document.content, "terraform"):
        if key == "required_providers":
            sources |= read_json_sources(body)
    types = [type_ for kind in _JSON_RESOURCE_KINDS for type_, _ in list_json_bodies(document.content, kind)]
    return {type_.partition("_")[0] for type_ in types} | {n for n, _ in list_json_bodies(document.content, "provider")}


def read_sources(source: Source, block: tree_sitter.Node) -> dict[str, str]:
    """Return the sources in a block `required_providers`, by local name."""
    sources: dict[str, str] = {}
    for name, expression in list_attributes(list_body(block), source):
        sources[name] = f"hashicorp/{name}"
        for node in walk_nodes(expression):
            if node.type == "object_elem" and read_label(source, node.named_children[0]) == "source":
                sources[name] = _normalize_source(str(read_literal(source, "source", node.named_children[-1])))
    return sources


def _normalize_source(source: str) -> str:
    """Return the source without its host, and with the default namespace."""
    parts = source.lower().split("/")
    return f"hashicorp/{parts[0]}" if len(parts) == 1 else "/".join(parts[-2:])


def read_json_sources(body: object) -> dict[str, str]:
    entries = [entry for each in list_objects(body) for entry in each.items()]
    named = {name: entry.get("source") if isinstance(entry, Mapping) else None for name, entry in entries}
    return {n: _normalize_source(s) if isinstance(s, str) else f"hashicorp/{n}" for n, s in named.items()}
