"""Reader of the providers of a module: `required_providers`, their `configuration_aliases`, and `provider` blocks."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import tree_sitter

from envctl.adapters.hcl.json_module import list_objects, read_json_document
from envctl.adapters.hcl.source import Source, list_attributes, list_body, load_source
from envctl.domain.errors import ConfigurationError, Location
from envctl.domain.terraform.variables import RequiredProvider

_MARKS = (b"required_providers", b"provider")
_ALIAS = re.compile(r"[A-Za-z0-9][\w-]*\.[A-Za-z_][\w-]*")
_OVERRIDE = re.compile(r"(.*_)?override\.tf(\.json)?")


def read_required_providers(files: Mapping[str, bytes], name: str) -> tuple[RequiredProvider, ...]:
    """Read the providers of one folder, given by file name. Faults of syntax are reported by the reader of modules."""
    found: dict[str, RequiredProvider] = {}
    for file in sorted(files, key=lambda file: (bool(_OVERRIDE.fullmatch(file)), file)):
        if not file.endswith((".tf", ".tf.json")) or not any(mark in files[file] for mark in _MARKS):
            continue
        read = _read_json if file.endswith(".json") else _read_code
        try:
            for each in read(files[file], f"{name}/{file}"):
                found[each.name] = _merge(found.get(each.name), each)
        except ConfigurationError:
            continue
    return tuple(found[each] for each in sorted(found))


def _merge(known: RequiredProvider | None, each: RequiredProvider) -> RequiredProvider:
    if known is None:
        return each
    configured = tuple(dict.fromkeys((*known.configured, *each.configured)))
    if each.source or each.aliases:
        return replace(each, configured=configured)
    return replace(known, configured=configured)


def _read_code(data: bytes, name: str) -> Iterator[RequiredProvider]:
    source = load_source(data, name)
    for block in list_body(source.root):
        if block.type != "block":
            continue
        kind, *labels = (
            source.read_node(child) for child in block.named_children if child.type in {"identifier", "string_lit"}
        )
        if kind == "provider" and labels:
            alias = dict(list_attributes(list_body(block), source)).get("alias")
            own = labels[0].strip('"')
            full = f"{own}.{_read_text(source, alias)}" if alias is not None else ""
            yield RequiredProvider(own, "", source.locate_node(block), configured=(full,) if full else ())
        elif kind == "terraform":
            yield from _read_terraform_block(source, block)


def _read_terraform_block(source: Source, block: tree_sitter.Node) -> Iterator[RequiredProvider]:
    for child in list_body(block):
        if child.type != "block" or source.read_node(child.named_children[0]) != "required_providers":
            continue
        for name, expression in list_attributes(list_body(child), source):
            entry = dict(_list_entries(source, expression))
            address = _read_text(source, entry["source"]) if "source" in entry else ""
            listed = source.read_node(entry["configuration_aliases"]) if "configuration_aliases" in entry else ""
            yield RequiredProvider(name, address, source.locate_node(expression), tuple(_ALIAS.findall(listed)))


def _list_entries(source: Source, expression: tree_sitter.Node) -> Iterator[tuple[str, tree_sitter.Node]]:
    pending = [expression]
    while pending:
        node = pending.pop()
        if node.type == "object_elem":
            yield source.read_node(node.named_children[0]).strip('"'), node.named_children[-1]
        else:
            pending += node.named_children


def _read_text(source: Source, node: tree_sitter.Node) -> str:
    return source.read_node(node).strip().strip('"')


def _read_json(data: bytes, name: str) -> Iterator[RequiredProvider]:
    document = read_json_document(data, name)

    def locate(text: str) -> Location:
        # The parser gives no locations; the first mention of the name is near enough.
        return Location(name, data.count(b"\n", 0, max(data.find(f'"{text}"'.encode()), 0)) + 1)

    for bodies in list_objects(document.get("provider")):
        for own, body in bodies.items():
            aliases = tuple(f"{own}.{each['alias']}" for each in list_objects(body) if each.get("alias"))
            yield RequiredProvider(own, "", locate(own), configured=aliases)
    for terraform in list_objects(document.get("terraform")):
        for required in list_objects(terraform.get("required_providers")):
            for own, entry in required.items():
                yield _to_entry(own, entry, locate(own))


def _to_entry(name: str, entry: object, location: Location) -> RequiredProvider:
    values: dict[str, Any] = entry if isinstance(entry, dict) else {}
    listed = values.get("configuration_aliases")
    aliases = tuple(str(each) for each in listed) if isinstance(listed, list) else ()
    address = values.get("source")
    return RequiredProvider(name, address if isinstance(address, str) else "", location, aliases)
