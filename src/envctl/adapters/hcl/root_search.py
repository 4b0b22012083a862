"""Search of the code of a root module that stays as it is: its providers, its backend, and the files it reads."""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import dirname, normpath, relpath

import tree_sitter

from envctl.adapters.hcl import code_folders, paths
from envctl.adapters.hcl.code_folders import (
    CodeFolder,
    JsonDocument,
    can_read_files,
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
    read_json_state,
    read_literal,
    read_remote_state,
)
from envctl.adapters.hcl.file_functions import FILE_FUNCTIONS, PATH_ATTRIBUTES
from envctl.adapters.hcl.globs import matches_glob
from envctl.adapters.hcl.json_module import list_objects
from envctl.adapters.hcl.module import OVERRIDE
from envctl.adapters.hcl.paths import HOME, MODULE, ROOT, UNKNOWN, Scope, Values, evaluate, walk_nodes
from envctl.adapters.hcl.source import Source, list_attributes, list_body
from envctl.domain.errors import Location
from envctl.domain.plan.provider_accounts import CREDENTIAL_KEYS
from envctl.domain.release.code_search import OutsideRead, StateBlock
from envctl.domain.release.root_findings import ProviderDeclaration, RootFindings
from envctl.domain.terraform.workdir_names import GENERATED_FILES

_CREDENTIALS = frozenset({*CREDENTIAL_KEYS, "allowed_account_ids", "assume_role"})
_TEMPLATES = frozenset({"quoted_template", "heredoc_template"})
_TEMPLATE_SUFFIXES = (".tftpl", ".tpl", ".tmpl")
_BUILT_IN = "terraform"
_VARIABLE = re.compile(r"(?:\$\{)?\s*var\s*\.\s*([\w-]+)\s*\}?")
_LOCAL = re.compile(r"(?:\$\{)?\s*local\s*\.\s*([\w-]+)\s*\}?")
_WORKSPACE = compile_code(rb"\bterraform_\._workspace\b")
_TYPED_BLOCKS = frozenset({"resource", "data", "ephemeral", "action", "list"})
# For code that the grammar can't read completely.
_TYPES = re.compile(rb'^[ \t]*(?:resource|data|ephemeral|action|list)[ \t]+"([a-z0-9-]+)[_"]', re.MULTILINE)
_PROVIDER_BLOCKS = re.compile(rb'^[ \t]*provider[ \t]+"?([\w-]+)"?[ \t]*\{', re.MULTILINE)
_JSON_RESOURCE_KINDS = ("resource", "data", "ephemeral")
_TEXT = "the text names"
_WILDCARD = re.compile(r"[*?\[{]")


def read_root(files: Mapping[str, bytes], root: str, carried: Sequence[str] = ()) -> RootFindings:
    """Search the code of the root module in the folder `root`.

    `files` are the files of a release by path; `carried` are folders of the remote modules that the root uses.
    """
    code = code_folders.find_reached_code(files, [root, *carried])
    blocks = _RootBlocks()
    own = code_folders.read_folder(root, code.get(root, {}), root)
    # As Terraform merges them: override files after all others, in the order of their names.
    for path in sorted({**own.documents, **own.sources}, key=lambda path: (_is_override(path), path)):
        if path in own.documents:
            _read_json(blocks, path, own.documents[path], own.scope, is_override=_is_override(path))
        else:
            _read_code(blocks, own.sources[path], own.scope, is_override=_is_override(path))
    reads = _Reads(root, frozenset(code), files.keys())
    _search_reads(reads, files, code_folders.read_folders(files, [root, *carried], root))
    return RootFindings(
        folders=tuple(sorted(code.keys() - {root})),
        states=tuple(blocks.states),
        overrides=tuple(blocks.overrides),
        providers=tuple(_to_declarations(blocks, own.scope)),
        needed=_find_needed_providers(code, blocks.sources),
        workspaces=tuple(_find_workspaces(code)),
        addresses=tuple(dict.fromkeys(blocks.addresses)),
        moved=tuple(blocks.moved),
        remote_states={name: code for name, code in sorted(blocks.remote_states.items()) if code},
        reads=dict(sorted(reads.found.items())),
        outside=tuple(sorted(reads.list_outside())),
        file_sets=tuple(sorted(reads.file_sets)),
    )


@dataclass
class _RootBlocks:
    """The blocks of a root module. `providers` have location, name, arguments, credentials, and the region: its
    possible values and its code.
    """

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
            (found.overrides if is_override else found.states).append(StateBlock(source.locate_node(child), kind))
        elif kind == "required_providers":
            found.sources |= _read_sources(source, child)


def _read_sources(source: Source, block: tree_sitter.Node) -> dict[str, str]:
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
            place = Location(path, document.find_line(key))
            (found.overrides if is_override else found.states).append(StateBlock(place, key))
        elif key == "required_providers":
            found.sources |= _read_json_sources(body)


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


def _read_json_sources(body: object) -> dict[str, str]:
    entries = [entry for each in list_objects(body) for entry in each.items()]
    named = {name: entry.get("source") if isinstance(entry, Mapping) else None for name, entry in entries}
    return {n: _normalize_source(s) if isinstance(s, str) else f"hashicorp/{n}" for n, s in named.items()}


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
            place,
            name,
            # Terraform refuses an expression as alias.
            alias if isinstance(alias, str) else "",
            blocks.sources.get(name, f"hashicorp/{name}"),
            arguments,
            credentials,
            region=next(iter(values)) if len(values) == 1 and UNKNOWN not in next(iter(values)) else "",
            region_variable=variable[1] if variable else "",
            has_region=region is not None,
            has_default_tags=bool(arguments.get("default_tags")),
        )


def _find_needed_providers(code: Mapping[str, Mapping[str, bytes]], own: Mapping[str, str]) -> dict[str, str]:
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
                    sources.update(_read_sources(source, child))
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
            sources |= _read_json_sources(body)
    types = [type_ for kind in _JSON_RESOURCE_KINDS for type_, _ in list_json_bodies(document.content, kind)]
    return {type_.partition("_")[0] for type_ in types} | {n for n, _ in list_json_bodies(document.content, "provider")}


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


@dataclass
class _Reads:
    """The reads found so far. `known` are folders whose files are in the tree of the root anyway, if `files` holds
    them."""

    root: str
    known: Collection[str]
    files: Collection[str] = ()
    found: dict[str, Location] = field(default_factory=dict)
    outside: set[OutsideRead] = field(default_factory=set)
    templates: set[str] = field(default_factory=set)
    file_sets: set[OutsideRead] = field(default_factory=set)

    def add_file_set(self, folder: str, pattern: str, place: Location) -> None:
        """Note a set of files that holds files of envctl: their names would be values of the code."""
        text = folder.strip()
        if UNKNOWN in pattern or UNKNOWN in text or text.startswith("/"):
            return
        if text.startswith(MODULE):
            above, _, rest = text[1:].partition(MODULE)
            here = normpath(f"{above or '.'}/{rest.lstrip('/')}")
        else:
            here = normpath(f"{self.root}/{text.replace(ROOT, '.')}")
        if not _is_below(self.root, here):
            return
        found = [name for name in GENERATED_FILES if matches_glob(relpath(f"{self.root}/{name}", here), pattern)]
        if found:
            self.file_sets.add(OutsideRead(place, f'fileset() with "{pattern}" also finds {found[0]}'))

    def list_outside(self) -> Iterator[OutsideRead]:
        """Yield the reads outside of the project: of one place, those of functions and attributes before texts."""
        exact = {each.location for each in self.outside if not each.what.startswith(_TEXT)}
        yield from (each for each in self.outside if each.location not in exact or not each.what.startswith(_TEXT))

    def add(self, value: str, place: Location, what: str) -> None:
        """Note the path a function or an attribute reads."""
        text = value.strip()
        if HOME in text or text.startswith("~"):
            self.outside.add(OutsideRead(place, f"{what} the home folder"))
        elif text.startswith("/"):
            self.outside.add(OutsideRead(place, f"{what} an absolute path"))
        elif text.startswith(MODULE):
            folder, _, rest = text[1:].partition(MODULE)
            self.add_path(f"{folder or '.'}/{rest.lstrip('/')}", place, what)
        elif text and not text.startswith(UNKNOWN) and ROOT not in text:
            # Terraform runs in the folder of the root.
            self.add_path(f"{self.root}/{text}", place, what)

    def add_path(self, path: str, place: Location, what: str) -> None:
        known, unknown, _ = path.partition(UNKNOWN)
        wildcard = _WILDCARD.search(known)
        if wildcard or unknown:
            # The folder above the part that is known later.
            known = dirname(known[: wildcard.start()] if wildcard else known)
        whole = normpath(known)
        if whole.split("/")[0] == "..":
            self.outside.add(OutsideRead(place, f"{what} a path outside the project"))
        elif whole == "." and self.root != ".":
            self.outside.add(OutsideRead(place, f"{what} a path that may be any file of the project"))
        elif not self._is_carried(whole):
            self.found.setdefault(whole, place)

    def _is_carried(self, path: str) -> bool:
        """Tell if the tree holds a file or a folder anyway. It may be left out of its folder, such as a hidden one."""
        if not any(_is_below(path, folder) for folder in self.known):
            return False
        return path in (".", *self.known) or any(_is_below(each, path) for each in self.files)


def _is_below(path: str, folder: str) -> bool:
    return folder in (".", path) or path.startswith(f"{folder}/")


def _search_reads(found: _Reads, files: Mapping[str, bytes], folders: Mapping[str, CodeFolder]) -> None:
    for folder, each in folders.items():
        for source in each.sources.values():
            for kind, labels, block in code_folders.list_blocks(source):
                if can_read_files(source.data[block.start_byte : block.end_byte]):
                    names = PATH_ATTRIBUTES.get((kind, labels[0]), ()) if labels else ()
                    _search_block(found, source, block, each.scope, names)
        for path, document in each.documents.items():
            _search_json(found, path, document, each.scope)
        below = "" if folder == "." else f"{folder}/"
        found.templates |= {path for path in files if path.endswith(_TEMPLATE_SUFFIXES) and path.startswith(below)}
    for path in sorted(found.templates & files.keys()):
        if can_read_files(files[path]):
            _search_template(found, path, files[path])


def _search_block(found: _Reads, source: Source, block: tree_sitter.Node, scope: Scope, names: Sequence[str]) -> None:
    for node in walk_nodes(block):
        place = source.locate_node(node)
        if node.type == "function_call":
            _search_call(found, source, node, scope, place)
        elif node.type in {"attribute", "object_elem"}:
            name = read_label(source, node.named_children[0])
            for value in evaluate(source, node.named_children[-1], scope) if name in names else ():
                found.add(value, place, f"{name} is")
        elif node.type in _TEMPLATES:
            _search_text(found, evaluate(source, node, scope), place)


def _search_call(found: _Reads, source: Source, node: tree_sitter.Node, scope: Scope, place: Location) -> None:
    name, given = paths.read_call(source, node)
    count = FILE_FUNCTIONS.get(name)
    if not count or not given:
        return
    values = evaluate(source, given[0], scope)
    if name == "templatefile":
        marked = (value for value in values if value.startswith(MODULE))
        found.templates |= {normpath(value[1:].replace(MODULE, "/", 1)) for value in marked}
    patterns = evaluate(source, given[1], scope) if count > 1 and len(given) > 1 else frozenset({""})
    for value in values:
        for pattern in patterns:
            if name == "fileset":
                found.add_file_set(value, pattern, place)
            # A pattern selects files of the folder, and may lead out of it.
            found.add(f"{value}/{pattern}" if ".." in pattern else value, place, f"{name}() reads")


def _search_text(found: _Reads, values: Values, place: Location) -> None:
    """Note the paths in a text, such as a command. Only those that leave the folder of their module matter."""
    for value in values:
        for path in paths.find_marked_paths(value):
            if ".." in path:
                found.add_path(path, place, _TEXT)


def _search_json(found: _Reads, path: str, document: JsonDocument, scope: Scope) -> None:
    for kind in ("data", "resource"):
        for type_, bodies in list_json_bodies(document.content, kind):
            for key, text in list_texts(bodies):
                for value in evaluate_text(text, scope) if key in PATH_ATTRIBUTES.get((kind, type_), ()) else ():
                    found.add(value, Location(path, document.find_line(text)), f"{key} is")
    for _, text in list_texts(document.content):
        if "${" not in text and "%{" not in text:
            continue
        source, top = code_folders.parse_template(text)
        place = Location(path, document.find_line(text))
        for node in walk_nodes(source.root):
            if node.type == "function_call":
                _search_call(found, source, node, scope, place)
        if top is not None:
            _search_text(found, evaluate(source, top, scope), place)


def _search_template(found: _Reads, path: str, data: bytes) -> None:
    source, _ = code_folders.parse_template(data.decode(errors="replace"))
    scope = Scope(dirname(path), root=found.root)
    for node in walk_nodes(source.root):
        if node.type == "function_call":
            # The first line is added by parse_template.
            _search_call(found, source, node, scope, Location(path, node.start_point.row))
