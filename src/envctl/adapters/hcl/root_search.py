"""Search of the code of a root module that stays as it is: its providers, its backend, and the files it reads."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import tree_sitter

from envctl.adapters.hcl import code_folders
from envctl.adapters.hcl.code_folders import (
    CodeByFolder,
    JsonDocument,
    compile_code,
    evaluate_text,
    is_json_code,
    list_json_bodies,
    read_label,
)
from envctl.adapters.hcl.code_search import (
    REMOTE_STATE,
    list_made_blocks,
    list_texts,
    read_arguments,
    read_json_arguments,
    read_json_literal,
    read_json_state,
    read_literal,
    read_literals,
    read_remote_state,
)
from envctl.adapters.hcl.json_module import list_objects
from envctl.adapters.hcl.module import OVERRIDE
from envctl.adapters.hcl.paths import UNKNOWN, Scope, Values, evaluate, walk_nodes
from envctl.adapters.hcl.root_providers import find_needed_providers, read_json_sources, read_sources
from envctl.adapters.hcl.root_reads import TEMPLATE_SUFFIXES, RootReads, search_reads
from envctl.adapters.hcl.source import Source, list_attributes, list_body
from envctl.domain.errors import Location
from envctl.domain.plan.provider_accounts import CREDENTIAL_KEYS, UNRESOLVED
from envctl.domain.release.code_search import StateBlock
from envctl.domain.release.root_findings import ProviderDeclaration, RootFindings

_CREDENTIALS = frozenset({*CREDENTIAL_KEYS, "allowed_account_ids", "assume_role"})
_VARIABLE = re.compile(r"(?:\$\{)?\s*var\s*\.\s*([\w-]+)\s*\}?")
_LOCAL = re.compile(r"(?:\$\{)?\s*local\s*\.\s*([\w-]+)\s*\}?")
_WORKSPACE = compile_code(rb"\bterraform_\._workspace\b")


def read_roots(files: Mapping[str, bytes], roots: Mapping[str, Sequence[str]]) -> dict[str, RootFindings]:
    """Search the code of root modules, each with a name: its folder, and those of the remote modules that it uses.

    `files` are the files of a release by path.
    """
    # Once for all of them: a release may have hundreds of roots.
    code = code_folders.group_by_folder(files)
    templates = {path: data for path, data in files.items() if path.endswith(TEMPLATE_SUFFIXES)}
    return {name: _read_root(files, code, templates, folders) for name, folders in roots.items()}


def _read_root(
    files: Mapping[str, bytes], every: CodeByFolder, templates: Mapping[str, bytes], modules: Sequence[str]
) -> RootFindings:
    root = modules[0]
    code = code_folders.find_reached_code(every, modules)
    blocks = _RootBlocks()
    own = code_folders.read_folder(root, code.get(root, {}), root)
    # As Terraform merges them: override files after all others, in the order of their names.
    for path in sorted({**own.documents, **own.sources}, key=lambda path: (_is_override(path), path)):
        if path in own.documents:
            _read_json(blocks, path, own.documents[path], own.scope, is_override=_is_override(path))
        else:
            _read_code(blocks, own.sources[path], own.scope, is_override=_is_override(path))
    reads = RootReads(root=root, known=frozenset(code), files=files.keys())
    search_reads(reads, files, templates, code_folders.read_folders(code, modules, root))
    return RootFindings(
        folders=tuple(sorted(code.keys() - {root})),
        states=tuple(blocks.states),
        overrides=tuple(blocks.overrides),
        providers=tuple(_to_declarations(blocks, own.scope)),
        needed=find_needed_providers(code, blocks.sources),
        workspaces=tuple(_find_workspaces(code)),
        addresses=tuple(dict.fromkeys(blocks.addresses)),
        moved=tuple(blocks.moved),
        remote_states={name: code for name, code in sorted(blocks.remote_states.items()) if code},
        reads=dict(sorted(reads.found.items())),
        outside=tuple(sorted(reads.list_outside())),
        file_sets=tuple(sorted(reads.file_sets)),
    )


@dataclass(kw_only=True)
class _RootBlocks:
    """The blocks of a root module. `providers`: location, name, arguments, credentials, and region: values and code."""

    states: list[StateBlock] = field(default_factory=list)
    overrides: list[StateBlock] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    addresses: list[str] = field(default_factory=list)
    moved: list[tuple[str, str]] = field(default_factory=list)
    remote_states: dict[str, str] = field(default_factory=dict)
    providers: list[tuple[Location, str, dict[str, object], dict[str, str], tuple[Values, str] | None]] = field(
        default_factory=list
    )


def _is_override(path: str) -> bool:
    return bool(OVERRIDE.fullmatch(path.rpartition("/")[2]))


def _read_code(found: _RootBlocks, source: Source, scope: Scope, *, is_override: bool) -> None:
    for kind, labels, block in code_folders.list_blocks(source):
        place = source.locate_node(block)
        if kind == "provider" and labels and is_override:
            found.overrides.append(StateBlock(place, f'provider "{labels[0]}"'))
        elif kind == "provider" and labels:
            attributes = dict(list_attributes(list_body(block), source))
            region = attributes.get("region")
            text = None if region is None else (evaluate(source, region, scope), source.read_node(region))
            arguments = read_arguments(source, block)
            if "alias" in attributes:
                arguments["alias"] = read_literal(source, "alias", attributes["alias"])
            found.providers.append((place, labels[0], arguments, _read_credentials(source, block), text))
        elif kind == "resource" and len(labels) > 1:
            found.addresses.append(f"{labels[0]}.{labels[1]}")
        elif kind == "data" and labels[:1] == [REMOTE_STATE] and len(labels) > 1:
            _read_state_source(found, source, labels[1], block)
        elif kind == "moved":
            ends = {name: source.read_node(node) for name, node in list_attributes(list_body(block), source)}
            found.moved.append(_strip_ends(ends.get("from"), ends.get("to")))
        elif kind == "module" and labels:
            found.addresses.append(f"module.{labels[0]}")
        elif kind == "terraform":
            _read_terraform_block(found, source, block, is_override=is_override)


def _read_state_source(found: _RootBlocks, source: Source, name: str, block: tree_sitter.Node) -> None:
    """Add the code of `config` of a data source that reads a state in S3 without a role of its own."""
    state, arguments = read_remote_state(source, name, block), dict(list_attributes(list_body(block), source))
    if "config" in arguments:
        reads_s3 = state.backend == "s3" or ("backend" not in arguments and name in found.remote_states)
        found.remote_states[name] = source.read_node(arguments["config"]) if reads_s3 and not state.takes_role else ""


def _read_terraform_block(found: _RootBlocks, source: Source, block: tree_sitter.Node, *, is_override: bool) -> None:
    for child in list_body(block):
        kind = source.read_node(child.named_children[0]) if child.type == "block" else ""
        if kind in {"backend", "cloud"}:
            label = read_label(source, child.named_children[1]) if kind == "backend" else kind
            state = StateBlock(source.locate_node(child), kind, label, read_literals(source, child))
            (found.overrides if is_override else found.states).append(state)
        elif kind == "required_providers":
            found.sources |= read_sources(source, child)


def _read_credentials(source: Source, block: tree_sitter.Node) -> dict[str, str]:
    """Return the code of the arguments and blocks that choose credentials, without its spaces."""
    found: dict[str, str] = {}
    for child in list_body(block):
        words = [each for each in child.named_children if each.type in {"identifier", "string_lit"}]
        names = [read_label(source, word) for word in words]
        name = names[1] if names[:1] == ["dynamic"] and len(names) > 1 else names[0]
        if name in _CREDENTIALS:
            found[name] = found.get(name, "") + "".join(source.read_node(child).split())
    return found


def _read_json(found: _RootBlocks, path: str, document: JsonDocument, scope: Scope, *, is_override: bool) -> None:
    for name, body in list_json_bodies(document.content, "provider"):
        place = Location(path, document.find_line(name))
        for each in list_objects(body):
            if is_override:
                found.overrides.append(StateBlock(place, f'provider "{name}"'))
                continue
            arguments = read_json_arguments(each)
            credentials = {key: json.dumps(each[key], sort_keys=True) for key in each if key in _CREDENTIALS}
            made = json.dumps(each.get("dynamic"), sort_keys=True)
            credentials |= {
                key: credentials.get(key, "") + made for key in list_made_blocks(each) if key in _CREDENTIALS
            }
            text = str(each.get("region", ""))
            region = (evaluate_text(text, scope), text) if "region" in each else None
            found.providers.append((place, name, arguments, credentials, region))
    found.remote_states |= _read_json_states(path, document)
    for type_, bodies in list_json_bodies(document.content, "resource"):
        found.addresses += [f"{type_}.{name}" for each in list_objects(bodies) for name in each]
    found.addresses += [f"module.{name}" for name, _ in list_json_bodies(document.content, "module")]
    top = document.content.get("moved") if isinstance(document.content, dict) else None
    found.moved += [_strip_ends(each.get("from"), each.get("to")) for each in list_objects(top)]
    for key, body in list_json_bodies(document.content, "terraform"):
        if key in {"backend", "cloud"}:
            labels = [(key, body)] if key == "cloud" else [pair for each in list_objects(body) for pair in each.items()]
            for label, bodies in labels:
                pairs = [pair for each in list_objects(bodies) for pair in each.items()]
                keys = {name: literal for name, v in pairs if (literal := read_json_literal(v)) is not UNRESOLVED}
                state = StateBlock(Location(path, document.find_line(key)), key, label, keys)
                (found.overrides if is_override else found.states).append(state)
        elif key == "required_providers":
            found.sources |= read_json_sources(body)


def _read_json_states(path: str, document: JsonDocument) -> dict[str, str]:
    """Return the code of `config` of each data source for a state; empty for those that keep their own."""
    states: dict[str, str] = {}
    bodies = [
        each
        for type_, body in list_json_bodies(document.content, "data")
        if type_ == REMOTE_STATE
        for each in list_objects(body)
    ]
    for name, body in (entry for each in bodies for entry in each.items()):
        for each in list_objects(body):
            state, config = read_json_state(path, document, name, each), each.get("config")
            is_ours = state.backend == "s3" and not state.takes_role and isinstance(config, dict)
            # JSON is an expression of HCL, and its texts are templates there too.
            states[name] = json.dumps(config, sort_keys=True) if is_ours else ""
    return states


def _strip_ends(old: object, new: object) -> tuple[str, str]:
    """Return both addresses without spaces."""
    return "".join(str(old).split()), "".join(str(new).split())


def _resolve_local(text: str, scope: Scope) -> str:
    """Return the code of a local value, for a text that is its name; else the text."""
    name = _LOCAL.fullmatch(text)
    found = scope.expressions.get(name[1]) if name else None
    return found[0].read_node(found[1]).strip() if found else text


def _to_declarations(blocks: _RootBlocks, scope: Scope) -> Iterator[ProviderDeclaration]:
    for place, name, arguments, credentials, region in blocks.providers:
        values, text = region or (frozenset[str](), "")
        variable = _VARIABLE.fullmatch(_resolve_local(text.strip(), scope))
        alias = arguments.get("alias")
        yield ProviderDeclaration(
            location=place,
            name=name,
            # Terraform refuses an expression as alias.
            alias=alias if isinstance(alias, str) else "",
            source=blocks.sources.get(name, f"hashicorp/{name}"),
            arguments=arguments,
            credentials=credentials,
            region=next(iter(values)) if len(values) == 1 and UNKNOWN not in next(iter(values)) else "",
            region_variable=variable[1] if variable else "",
            has_region=region is not None,
            has_default_tags=bool(arguments.get("default_tags")),
        )


def _find_workspaces(code: Mapping[str, Mapping[str, bytes]]) -> Iterator[Location]:
    for files in code.values():
        for path, data in sorted(files.items()):
            if not _WORKSPACE.search(data):
                continue
            if is_json_code(path):
                if document := code_folders.load_document(data):
                    texts = [text for _, text in list_texts(document.content) if _WORKSPACE.search(text.encode())]
                    yield from (Location(path, document.find_line(t)) for t in texts if "${" in t or "%{" in t)
            elif source := code_folders.parse_code(data, path):
                for node in sorted(walk_nodes(source.root), key=lambda node: node.start_byte):
                    if node.type == "variable_expr" and _is_workspace(source, node):
                        yield source.locate_node(node)


def _is_workspace(source: Source, node: tree_sitter.Node) -> bool:
    after = node.next_named_sibling
    if after is None or after.type != "get_attr":
        return False
    return source.read_node(node) == "terraform" and source.read_node(after).lstrip(". ") == "workspace"
