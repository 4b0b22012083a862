"""Finds code that reads files outside of the release, as far as its text shows."""

from collections.abc import Iterator, Mapping, Sequence
from posixpath import dirname, normpath

import tree_sitter

from envctl.adapters.hcl import code_folders, paths
from envctl.adapters.hcl.code_folders import CodeFolder, JsonDocument, can_read_files, evaluate_text, list_json_bodies
from envctl.adapters.hcl.file_functions import FILE_FUNCTIONS, PATH_ATTRIBUTES
from envctl.adapters.hcl.paths import MODULE, Scope, evaluate, explain_leaving, walk_nodes
from envctl.adapters.hcl.source import Source
from envctl.domain.errors import Location
from envctl.domain.release.outside_reads import OutsideRead

_TEMPLATE_NODES = frozenset({"quoted_template", "heredoc_template"})
_TEMPLATE_SUFFIXES = (".tftpl", ".tpl", ".tmpl")


def find_outside_reads(files: Mapping[str, bytes], modules: Sequence[str]) -> tuple[OutsideRead, ...]:
    """Find the reads in all code reached by the modules. `files` are the files of a release by path; `modules` are
    the module folders of stacks, and the carried remote modules.
    """
    found: set[OutsideRead] = set()
    templates: set[str] = set()
    for folder, each in code_folders.read_folders(files, modules).items():
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
            name = source.read_node(node.named_children[0]).strip('"')
            values = evaluate(source, node.named_children[-1], scope) if name in names else frozenset()
            if reason := explain_leaving(values, is_path=True):
                specific.append(OutsideRead(source.locate_node(node), f"{name} is {reason}"))
        elif node.type in _TEMPLATE_NODES and (reason := explain_leaving(evaluate(source, node, scope))):
            general.append(OutsideRead(source.locate_node(node), reason))
    yield from specific
    explained = {each.location for each in specific}
    yield from (each for each in general if each.location not in explained)


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
            for key, text in _list_texts(bodies):
                values = evaluate_text(text, scope) if key in PATH_ATTRIBUTES.get((kind, type_), ()) else frozenset()
                if reason := explain_leaving(values, is_path=True):
                    yield OutsideRead(Location(path, document.find_line(text)), f"{key} is {reason}")
    for _, text in _list_texts(document.content):
        if "${" not in text and "%{" not in text:
            continue
        source, top = code_folders.parse_template(text)
        calls = [node for node in walk_nodes(source.root) if node.type == "function_call"]
        found = [reason for node in calls if (reason := _explain_call(source, node, scope, templates))]
        if not found and top is not None and (reason := explain_leaving(evaluate(source, top, scope))):
            found = [reason]
        yield from (OutsideRead(Location(path, document.find_line(text)), reason) for reason in found)


def _list_texts(document: object, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(document, str):
        yield key, document
    elif isinstance(document, dict):
        for name, value in document.items():
            yield from _list_texts(value, str(name))
    elif isinstance(document, list):
        for value in document:
            yield from _list_texts(value, key)


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
