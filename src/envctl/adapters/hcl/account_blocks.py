"""Blocks in the code of modules that decide with whose credentials, and on whose state, something is done."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

import pygohcl
import tree_sitter

from envctl.adapters.hcl.code_folders import (
    GAP,
    Document,
    blocks,
    find_reached_code,
    is_json,
    json_bodies,
    load_document,
    parse_code,
)
from envctl.adapters.hcl.paths import unescape, walk
from envctl.adapters.hcl.source import Source, attributes_of, body_of, named
from envctl.adapters.hcl.values import not_literals
from envctl.domain.errors import Location
from envctl.domain.plan.account_blocks import AccountBlocks, ProviderBlock, RemoteState, StateBlock
from envctl.domain.plan.provider_accounts import CREDENTIALS, UNTOLD, describe_configuration, kind_of

# Each begins with a plain text, which is found fast.
_WORTH = tuple(
    re.compile(pattern.replace(b"_", GAP), re.DOTALL)
    for pattern in (
        rb'provider_(?:"[^"\n]*"|[\w-]+)_\{',
        rb"terraform\x5fremote\x5fstate",
        rb'backend_(?:"[^"\n]*"|[\w-]+)_\{',
        rb"cloud_\{",
    )
)
_PROVIDER = re.compile(rb'^[ \t]*provider[ \t]+"?(?P<name>[\w-]+)"?[ \t]*\{', re.MULTILINE)
_WORTH_IN_JSON = (b'"provider"', b'"backend"', b'"cloud"', b'"terraform_remote_state"')
_REMOTE_STATE = "terraform_remote_state"
_ROLES = frozenset({"assume_role", "assume_role_with_web_identity", "role_arn"})
_NOTHING = ("null", '""')
_READ = ("alias", "allowed_account_ids", "assume_role", "endpoints")


@dataclass
class _Found:
    """What one folder has. `sources` are those of its providers by the names that its code has for them."""

    providers: list[tuple[Location, str, dict[str, object]]] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    remote_states: list[RemoteState] = field(default_factory=list)
    states: list[StateBlock] = field(default_factory=list)


def find_account_blocks(files: Mapping[str, bytes], modules: Sequence[str]) -> AccountBlocks:
    """`files` are those of a release by their paths, `modules` the folders that stacks take their code from, and the
    carried ones. Folders that no module reaches, such as examples, do not matter.
    """
    folders = [_read_folder(code) for _, code in sorted(find_reached_code(files, modules).items())]
    return AccountBlocks(
        tuple(block for folder in folders for block in _provider_blocks(folder)),
        tuple(each for folder in folders for each in folder.remote_states),
        tuple(each for folder in folders for each in folder.states),
    )


def _provider_blocks(folder: _Found) -> Iterator[ProviderBlock]:
    for location, name, said in folder.providers:
        if kind := kind_of(folder.sources.get(name, name)):
            alias = said.get("alias")
            # An alias can't be an expression: Terraform refuses that.
            spelled = f"{name}.{alias}" if isinstance(alias, str) else name
            yield ProviderBlock(location, describe_configuration(spelled, kind, said, "the module"))


def _read_folder(code: Mapping[str, bytes]) -> _Found:
    found = _Found()
    if not any(map(_is_worth_reading, code, code.values())):
        return found
    for path, data in sorted(code.items()):
        if is_json(path):
            if document := load_document(data):
                _read_json(found, path, document)
        elif source := parse_code(data, path):
            _read_code(found, source)
    return found


def _is_worth_reading(path: str, data: bytes) -> bool:
    if is_json(path):
        return any(text in data for text in _WORTH_IN_JSON)
    return any(pattern.search(data) for pattern in _WORTH)


def _read_code(found: _Found, source: Source) -> None:
    for kind, labels, block in blocks(source):
        names = [unescape(label) for label in labels]
        if kind == "provider" and names:
            found.providers.append((source.place(block), names[0], _said(source, block)))
        elif kind == "data" and names[:1] == [_REMOTE_STATE] and names[1:]:
            found.remote_states.append(_remote_state(source, names[1], block))
        elif kind == "terraform":
            _read_terraform(found, source, block)
    if source.root.has_error:
        found.providers += _missed(found, source)


def _missed(found: _Found, source: Source) -> Iterator[tuple[Location, str, dict[str, object]]]:
    """Blocks that Terraform may see and the tree does not: what they say is not known."""
    seen = {location for location, _, _ in found.providers}
    for match in _PROVIDER.finditer(source.data):
        place = Location(source.name, source.data.count(b"\n", 0, match.start("name")) + 1)
        if place not in seen:
            yield place, match["name"].decode(), {}


def _read_terraform(found: _Found, source: Source, block: tree_sitter.Node) -> None:
    for child in body_of(block):
        if child.type != "block":
            continue
        kind = source.text(child.named_children[0])
        if kind in {"backend", "cloud"}:
            found.states.append(StateBlock(source.place(child), kind))
        elif kind == "required_providers":
            for name, expression in named(body_of(child), source):
                for node in walk(expression):
                    if node.type == "object_elem" and _key(source, node) == "source":
                        value = _value(source, "source", node.named_children[-1])
                        found.sources[name] = str(value)


def _said(source: Source, block: tree_sitter.Node) -> dict[str, object]:
    """What a block says of what decides about the account. Of credentials it counts that there are some."""
    said: dict[str, object] = {}
    for child in body_of(block):
        if child.type == "attribute":
            name, expression = source.text(child.named_children[0]), child.named_children[-1]
            if name in (*_READ, "role_arn"):
                said[name] = _value(source, name, expression)
            elif name in CREDENTIALS:
                said[name] = True
            elif block.type == "block" and source.text(block.named_children[0]) == "endpoints":
                said[name] = _value(source, name, expression)
        else:
            kind, *labels = [source.text(each).strip('"') for each in child.named_children if each.type != "body"][:2]
            if kind == "dynamic" and labels:
                said[labels[0]] = UNTOLD
            else:
                blocks_before = said.get(kind)
                before = blocks_before if isinstance(blocks_before, list) else []
                said[kind] = [*before, _said(source, child)]
    return said


def _value(source: Source, name: str, expression: tree_sitter.Node) -> object:
    if any(not_literals(source, expression)):
        return UNTOLD
    try:
        return attributes_of(f"{name} = {source.text(expression)}\n".encode())[name]
    except (pygohcl.HCLParseError, pygohcl.HCLInternalError):
        return UNTOLD


def _remote_state(source: Source, name: str, block: tree_sitter.Node) -> RemoteState:
    said = dict(named(body_of(block), source))
    backend = _value(source, "backend", said["backend"]) if "backend" in said else UNTOLD
    takes_role = any(
        node.type in {"object_elem", "attribute"}
        and _key(source, node) in _ROLES
        and source.text(node.named_children[-1]) not in _NOTHING
        for node in walk(block)
    )
    return RemoteState(source.place(block), name, backend if isinstance(backend, str) else "", takes_role)


def _key(source: Source, node: tree_sitter.Node) -> str:
    return source.text(node.named_children[0]).strip('"')


def _read_json(found: _Found, path: str, document: Document) -> None:
    for name, body in json_bodies(document.content, "provider"):
        for each in _objects(body):
            place = Location(path, document.line_of(name))
            found.providers.append((place, name, {key: _json_value(value) for key, value in each.items()}))
    for type_, bodies in json_bodies(document.content, "data"):
        for each in _objects(bodies) if type_ == _REMOTE_STATE else ():
            for name, body in each.items():
                found.remote_states += [_json_remote_state(path, document, name, said) for said in _objects(body)]
    for key, body in json_bodies(document.content, "terraform"):
        if key in {"backend", "cloud"}:
            found.states.append(StateBlock(Location(path, document.line_of(key)), key))
        elif key == "required_providers":
            required = [(name, said) for each in _objects(body) for name, said in each.items()]
            found.sources |= {name: str(said["source"]) for name, said in required if _has_source(said)}


def _has_source(said: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(said, Mapping) and isinstance(said.get("source"), str)


def _json_remote_state(path: str, document: Document, name: str, said: Mapping[str, object]) -> RemoteState:
    backend, config = said.get("backend"), said.get("config")
    is_plain = isinstance(backend, str) and "${" not in backend
    takes_role = any(value for each in _objects(config) for key, value in each.items() if key in _ROLES)
    place = Location(path, document.line_of(name))
    return RemoteState(place, name, str(backend) if is_plain else "", takes_role)


def _json_value(value: object) -> object:
    if isinstance(value, str):
        return UNTOLD if "${" in value or "%{" in value else value
    if isinstance(value, list):
        items = [_json_value(each) for each in value]
        return UNTOLD if UNTOLD in items else items
    if isinstance(value, Mapping):
        return {str(key): _json_value(each) for key, each in value.items()}
    return value


def _objects(value: object) -> Iterable[Mapping[str, object]]:
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, Mapping)]
