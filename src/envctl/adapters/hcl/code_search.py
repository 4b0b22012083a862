"""Search of module code: reads of files outside of the release, and blocks that choose credentials or state."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import dirname, normpath

import pygohcl
import tree_sitter

from envctl.adapters.hcl import code_folders, paths
from envctl.adapters.hcl.code_folders import (
    CodeFolder,
    JsonDocument,
    can_read_files,
    evaluate_text,
    is_json_code,
    list_json_bodies,
    read_label,
)
from envctl.adapters.hcl.file_functions import FILE_FUNCTIONS, PATH_ATTRIBUTES
from envctl.adapters.hcl.json_module import list_objects
from envctl.adapters.hcl.paths import MODULE, Scope, evaluate, explain_leaving, walk_nodes
from envctl.adapters.hcl.programs import ProgramPaths, list_json_program_paths, list_program_paths
from envctl.adapters.hcl.source import Source, find_non_literals, list_attributes, list_body, parse_attributes
from envctl.domain.errors import Location
from envctl.domain.plan.provider_accounts import (
    CREDENTIAL_KEYS,
    UNRESOLVED,
    find_provider_kind,
    to_provider_configuration,
)
from envctl.domain.release.code_search import AccountBlocks, OutsideRead, ProviderBlock, RemoteState, StateBlock

_TEMPLATE_NODES = frozenset({"quoted_template", "heredoc_template"})
_TEMPLATE_SUFFIXES = (".tftpl", ".tpl", ".tmpl")
_PROVIDER = re.compile(rb'^[ \t]*provider[ \t]+"?(?P<name>[\w-]+)"?[ \t]*\{', re.MULTILINE)
REMOTE_STATE = "terraform_remote_state"
_ROLE_KEYS = frozenset({"assume_role", "assume_role_with_web_identity", "role_arn"})
_DYNAMIC = "dynamic"
_EMPTY_VALUES = ("null", '""')
_ACCOUNT_KEYS = ("alias", "allowed_account_ids", "assume_role", "endpoints")


def find_outside_reads(files: Mapping[str, bytes], folders: Mapping[str, CodeFolder]) -> tuple[OutsideRead, ...]:
    """Find the reads in these folders, callers before called ones. `files` are the files of a release by path."""
    found: set[OutsideRead] = set()
    templates: set[str] = set()
    for folder, each in folders.items():
        found |= set(_search_folder(each, templates))
        below = "" if folder == "." else f"{folder}/"
        templates |= {path for path in files if path.endswith(_TEMPLATE_SUFFIXES) and path.startswith(below)}
    for path in sorted(templates & files.keys()):
        found |= set(_search_template(path, files[path]))
    return tuple(sorted(found))


def _search_folder(folder: CodeFolder, templates: set[str]) -> Iterator[OutsideRead]:
    for source in folder.sources.values():
        if not can_read_files(source.data):
            continue
        for kind, labels, block in code_folders.list_blocks(source):
            if not can_read_files(source.data[block.start_byte : block.end_byte]):
                continue
            names = PATH_ATTRIBUTES.get((kind, labels[0]), ()) if labels else ()
            yield from _search_block(source, block, folder.scope, names, templates)
    for path, document in folder.documents.items():
        yield from _search_json(path, document, folder.scope, templates)


def _search_block(
    source: Source, block: tree_sitter.Node, scope: Scope, names: Sequence[str], templates: set[str]
) -> Iterator[OutsideRead]:
    specific, general = [], []
    for node in walk_nodes(block):
        if node.type == "function_call" and (reason := _explain_call(source, node, scope, templates)):
            specific.append(OutsideRead(source.locate_node(node), reason))
        elif node.type in {"attribute", "object_elem"}:
            name = read_label(source, node.named_children[0])
            values = evaluate(source, node.named_children[-1], scope) if name in names else frozenset()
            if reason := explain_leaving(values, is_path=True):
                specific.append(OutsideRead(source.locate_node(node), f"{name} is {reason}"))
        elif node.type in _TEMPLATE_NODES and (reason := explain_leaving(evaluate(source, node, scope))):
            general.append(OutsideRead(source.locate_node(node), reason))
    specific += _explain_programs(list_program_paths(source, block, scope))
    yield from specific
    explained = {each.location for each in specific}
    yield from (each for each in general if each.location not in explained)


def _explain_programs(programs: Iterator[ProgramPaths]) -> Iterator[OutsideRead]:
    for each in programs:
        if reason := explain_leaving(each.values, is_path=True):
            yield OutsideRead(each.location, f"{each.what} {reason}")


def _explain_call(source: Source, node: tree_sitter.Node, scope: Scope, templates: set[str]) -> str:
    name, given = paths.read_call(source, node)
    count = FILE_FUNCTIONS.get(name)
    if not count or not given:
        return ""
    values = evaluate(source, given[0], scope)
    if name == "templatefile":
        templates |= {normpath(value[1:].replace(MODULE, "", 1)) for value in values if value.startswith(MODULE)}
    if reason := paths.explain_read(values):
        return f"{name}() reads {reason}"
    for pattern in evaluate(source, given[1], scope) if count > 1 and len(given) > 1 else ():
        if reason := explain_leaving(frozenset(f"{value}/{pattern}" for value in values)):
            return f"{name}() reads {reason}"
    return ""


def _search_json(path: str, document: JsonDocument, scope: Scope, templates: set[str]) -> Iterator[OutsideRead]:
    for kind in ("data", "resource"):
        for type_, bodies in list_json_bodies(document.content, kind):
            for key, text in list_texts(bodies):
                values = evaluate_text(text, scope) if key in PATH_ATTRIBUTES.get((kind, type_), ()) else frozenset()
                if reason := explain_leaving(values, is_path=True):
                    yield OutsideRead(Location(path, document.find_line(text)), f"{key} is {reason}")
    yield from _explain_programs(list_json_program_paths(path, document, scope))
    for _, text in list_texts(document.content):
        if "${" not in text and "%{" not in text:
            continue
        source, top = code_folders.parse_template(text)
        calls = [node for node in walk_nodes(source.root) if node.type == "function_call"]
        found = [reason for node in calls if (reason := _explain_call(source, node, scope, templates))]
        if not found and top is not None and (reason := explain_leaving(evaluate(source, top, scope))):
            found = [reason]
        yield from (OutsideRead(Location(path, document.find_line(text)), reason) for reason in found)


def list_texts(document: object, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(document, str):
        yield key, document
    elif isinstance(document, dict):
        for name, value in document.items():
            yield from list_texts(value, str(name))
    elif isinstance(document, list):
        for value in document:
            yield from list_texts(value, key)


def _search_template(path: str, data: bytes) -> Iterator[OutsideRead]:
    """Search a template. It has no `path.module`: all its reads by name are outside of the release."""
    if not can_read_files(data):
        return
    source, _ = code_folders.parse_template(data.decode(errors="replace"))
    scope = Scope(dirname(path))
    for node in walk_nodes(source.root):
        if node.type == "function_call" and (reason := _explain_call(source, node, scope, set())):
            # The first line is added by parse_template.
            yield OutsideRead(Location(path, node.start_point.row), f"the template: {reason}")


@dataclass
class _FolderBlocks:
    providers: list[tuple[Location, str, dict[str, object]]] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)  # of providers, by their local names
    remote_states: list[RemoteState] = field(default_factory=list)
    states: list[StateBlock] = field(default_factory=list)


def find_account_blocks(code: Mapping[str, Mapping[str, bytes]]) -> AccountBlocks:
    """Find the blocks in the code of these folders, by path."""
    folders = [_read_folder(each) for _, each in sorted(code.items())]
    return AccountBlocks(
        tuple(block for folder in folders for block in _to_provider_blocks(folder)),
        tuple(each for folder in folders for each in folder.remote_states),
        tuple(each for folder in folders for each in folder.states),
    )


def _to_provider_blocks(folder: _FolderBlocks) -> Iterator[ProviderBlock]:
    for location, name, arguments in folder.providers:
        if kind := find_provider_kind(folder.sources.get(name, name)):
            alias = arguments.get("alias")
            # Terraform refuses an expression as alias.
            full_name = f"{name}.{alias}" if isinstance(alias, str) else name
            yield ProviderBlock(location, to_provider_configuration(full_name, kind, arguments, "the module"))


def _read_folder(code: Mapping[str, bytes]) -> _FolderBlocks:
    found = _FolderBlocks()
    for path, data in sorted(code.items()):
        if is_json_code(path):
            if document := code_folders.load_document(data):
                _read_json(found, path, document)
        elif source := code_folders.parse_code(data, path):
            _read_code(found, source)
    return found


def _read_code(found: _FolderBlocks, source: Source) -> None:
    for kind, labels, block in code_folders.list_blocks(source):
        if kind == "provider" and labels:
            found.providers.append((source.locate_node(block), labels[0], read_arguments(source, block)))
        elif kind == "data" and labels[:1] == [REMOTE_STATE] and labels[1:]:
            found.remote_states.append(read_remote_state(source, labels[1], block))
        elif kind == "terraform":
            _read_terraform_block(found, source, block)
    if source.root.has_error:
        found.providers += _find_missed_providers(found, source)


def _find_missed_providers(found: _FolderBlocks, source: Source) -> Iterator[tuple[Location, str, dict[str, object]]]:
    """Yield provider blocks missing in a faulty syntax tree: Terraform may see them, with unknown arguments."""
    seen = {location for location, _, _ in found.providers}
    for match in _PROVIDER.finditer(source.data):
        place = Location(source.name, source.data.count(b"\n", 0, match.start("name")) + 1)
        if place not in seen:
            yield place, match["name"].decode(), {}


def _read_terraform_block(found: _FolderBlocks, source: Source, block: tree_sitter.Node) -> None:
    for child in list_body(block):
        if child.type != "block":
            continue
        kind = source.read_node(child.named_children[0])
        if kind in {"backend", "cloud"}:
            found.states.append(StateBlock(source.locate_node(child), kind))
        elif kind == "required_providers":
            for name, expression in list_attributes(list_body(child), source):
                for node in walk_nodes(expression):
                    if node.type == "object_elem" and read_label(source, node.named_children[0]) == "source":
                        found.sources[name] = str(read_literal(source, "source", node.named_children[-1]))


def read_arguments(source: Source, block: tree_sitter.Node) -> dict[str, object]:
    """Return the arguments relevant for the account. Credentials are replaced by True."""
    arguments: dict[str, object] = {}
    for child in list_body(block):
        if child.type == "attribute":
            name, expression = source.read_node(child.named_children[0]), child.named_children[-1]
            if name in (*_ACCOUNT_KEYS, "role_arn"):
                arguments[name] = read_literal(source, name, expression)
            elif name in CREDENTIAL_KEYS:
                arguments[name] = True
            elif block.type == "block" and source.read_node(block.named_children[0]) == "endpoints":
                arguments[name] = read_literal(source, name, expression)
        else:
            kind, *labels = [read_label(source, each) for each in child.named_children if each.type != "body"]
            if kind == "dynamic" and labels:
                arguments[labels[0]] = UNRESOLVED
            else:
                before = arguments.get(kind)
                arguments[kind] = [*(before if isinstance(before, list) else ()), read_arguments(source, child)]
    return arguments


def read_literals(source: Source, block: tree_sitter.Node) -> dict[str, object]:
    """Return the literal arguments of a block, with its nested blocks as tables. Expressions are left out."""
    found: dict[str, object] = {}
    for child in list_body(block):
        name = source.read_node(child.named_children[0])
        is_block = child.type == "block"
        found[name] = read_literals(source, child) if is_block else read_literal(source, name, child.named_children[-1])
    return {name: value for name, value in found.items() if value is not UNRESOLVED}


def read_literal(source: Source, name: str, expression: tree_sitter.Node) -> object:
    if any(find_non_literals(source, expression)):
        return UNRESOLVED
    try:
        return parse_attributes(f"{name} = {source.read_node(expression)}\n".encode())[name]
    except (pygohcl.HCLParseError, pygohcl.HCLInternalError):
        return UNRESOLVED


def read_remote_state(source: Source, name: str, block: tree_sitter.Node) -> RemoteState:
    arguments = dict(list_attributes(list_body(block), source))
    backend = read_literal(source, "backend", arguments["backend"]) if "backend" in arguments else UNRESOLVED
    takes_role = any(
        node.type in {"object_elem", "attribute"}
        and read_label(source, node.named_children[0]) in _ROLE_KEYS
        and source.read_node(node.named_children[-1]) not in _EMPTY_VALUES
        for node in walk_nodes(block)
    )
    return RemoteState(source.locate_node(block), name, backend if isinstance(backend, str) else "", takes_role)


def _read_json(found: _FolderBlocks, path: str, document: JsonDocument) -> None:
    for name, body in list_json_bodies(document.content, "provider"):
        for each in list_objects(body):
            place = Location(path, document.find_line(name))
            found.providers.append((place, name, read_json_arguments(each)))
    for type_, bodies in list_json_bodies(document.content, "data"):
        for each in list_objects(bodies) if type_ == REMOTE_STATE else ():
            for name, body in each.items():
                found.remote_states += [read_json_state(path, document, name, item) for item in list_objects(body)]
    for key, body in list_json_bodies(document.content, "terraform"):
        if key in {"backend", "cloud"}:
            found.states.append(StateBlock(Location(path, document.find_line(key)), key))
        elif key == "required_providers":
            required = [entry for each in list_objects(body) for entry in each.items()]
            found.sources |= {
                name: entry["source"]
                for name, entry in required
                if isinstance(entry, Mapping) and isinstance(entry.get("source"), str)
            }


def read_json_state(path: str, document: JsonDocument, name: str, body: Mapping[str, object]) -> RemoteState:
    backend, config = body.get("backend"), body.get("config")
    is_plain = isinstance(backend, str) and "${" not in backend
    takes_role = any(value for each in list_objects(config) for key, value in each.items() if key in _ROLE_KEYS)
    place = Location(path, document.find_line(name))
    return RemoteState(place, name, str(backend) if is_plain else "", takes_role)


def read_json_arguments(body: Mapping[str, object]) -> dict[str, object]:
    """Return the arguments of a block in JSON. Of a block that Terraform makes by itself, only the name is known."""
    arguments = {key: read_json_literal(value) for key, value in body.items() if key != _DYNAMIC}
    return arguments | dict.fromkeys(list_made_blocks(body), UNRESOLVED)


def list_made_blocks(body: Mapping[str, object]) -> Iterator[str]:
    """Yield the kinds of the blocks of a body in JSON that are `dynamic`."""
    for each in list_objects(body.get(_DYNAMIC)):
        yield from each


def read_json_literal(value: object) -> object:
    if isinstance(value, str):
        return UNRESOLVED if "${" in value or "%{" in value else value
    if isinstance(value, list):
        items = [read_json_literal(each) for each in value]
        return UNRESOLVED if UNRESOLVED in items else items
    if isinstance(value, Mapping):
        return {str(key): read_json_literal(each) for key, each in value.items()}
    return value
