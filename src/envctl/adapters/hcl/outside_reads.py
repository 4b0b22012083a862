"""Code that reads files outside of the release, as far as its text tells."""

from collections.abc import Iterator, Mapping, Sequence
from posixpath import dirname, normpath

import tree_sitter

from envctl.adapters.hcl.code_folders import (
    Document,
    Folder,
    blocks,
    evaluate_text,
    is_worth_reading,
    json_bodies,
    read_folders,
    text_source,
)
from envctl.adapters.hcl.file_functions import FILE_FUNCTIONS, PATH_ATTRIBUTES
from envctl.adapters.hcl.paths import (
    MODULE,
    Scope,
    arguments_of,
    evaluate,
    explain_leaving,
    explain_read,
    name_of,
    walk,
)
from envctl.adapters.hcl.source import Source
from envctl.domain.errors import Location
from envctl.domain.release.outside_reads import OutsideRead

_TEXTS = frozenset({"quoted_template", "heredoc_template"})
_TEMPLATES = (".tftpl", ".tpl", ".tmpl")


def find_outside_reads(files: Mapping[str, bytes], modules: Sequence[str]) -> tuple[OutsideRead, ...]:
    """`files` are those of a release by their paths, `modules` the folders that stacks take their code from, and the
    carried ones. Folders that no module reaches, such as examples, do not matter.
    """
    found: set[OutsideRead] = set()
    templates: set[str] = set()
    for folder, each in read_folders(files, modules).items():
        found |= set(_in_folder(each, templates))
        below = "" if folder == "." else f"{folder}/"
        templates |= {path for path in files if path.endswith(_TEMPLATES) and path.startswith(below)}
    for path in sorted(templates & files.keys()):
        found |= set(_in_template(path, files[path]))
    return tuple(sorted(found))


def _in_folder(here: Folder, templates: set[str]) -> Iterator[OutsideRead]:
    for source in here.sources.values():
        if not is_worth_reading(source.data):
            continue
        for kind, labels, block in blocks(source):
            if not is_worth_reading(source.data[block.start_byte : block.end_byte]):
                continue
            paths = PATH_ATTRIBUTES.get((kind, labels[0]), ()) if labels else ()
            yield from _in_block(source, block, here.scope, paths, templates)
    for path, document in here.documents.items():
        yield from _in_json(path, document, here.scope, templates)


def _in_block(
    source: Source, block: tree_sitter.Node, scope: Scope, paths: Sequence[str], templates: set[str]
) -> Iterator[OutsideRead]:
    specific, general = [], []
    for node in walk(block):
        if node.type == "function_call" and (what := _explain_call(source, node, scope, templates)):
            specific.append(OutsideRead(source.place(node), what))
        elif node.type in {"attribute", "object_elem"}:
            name = source.text(node.named_children[0]).strip('"')
            values = evaluate(source, node.named_children[-1], scope) if name in paths else frozenset()
            if reason := explain_leaving(values, is_path=True):
                specific.append(OutsideRead(source.place(node), f"{name} is {reason}"))
        elif node.type in _TEXTS and (reason := explain_leaving(evaluate(source, node, scope))):
            general.append(OutsideRead(source.place(node), reason))
    yield from specific
    said = {each.location for each in specific}
    yield from (each for each in general if each.location not in said)


def _explain_call(source: Source, node: tree_sitter.Node, scope: Scope, templates: set[str]) -> str:
    name, given = name_of(source, node), arguments_of(node)
    count = FILE_FUNCTIONS.get(name)
    if not count or not given:
        return ""
    values = evaluate(source, given[0], scope)
    if name == "templatefile":
        templates |= {path for value in values if (path := _path_in_release(value))}
    if reason := explain_read(values):
        return f"{name}() reads {reason}"
    for pattern in evaluate(source, given[1], scope) if count > 1 and len(given) > 1 else ():
        if reason := explain_leaving(frozenset(f"{value}/{pattern}" for value in values)):
            return f"{name}() reads {reason}"
    return ""


def _path_in_release(value: str) -> str:
    if not value.startswith(MODULE):
        return ""
    folder, _, rest = value[1:].partition(MODULE)
    return normpath(f"{folder}{rest}")


def _in_json(path: str, document: Document, scope: Scope, templates: set[str]) -> Iterator[OutsideRead]:
    for kind in ("data", "resource"):
        for type_, bodies in json_bodies(document.content, kind):
            for key, text in _texts(bodies):
                values = evaluate_text(text, scope) if key in PATH_ATTRIBUTES.get((kind, type_), ()) else frozenset()
                if reason := explain_leaving(values, is_path=True):
                    yield OutsideRead(Location(path, document.line_of(text)), f"{key} is {reason}")
    for _, text in _texts(document.content):
        if "${" not in text and "%{" not in text:
            continue
        source, top = text_source(text)
        calls = [node for node in walk(source.root) if node.type == "function_call"]
        found = [what for node in calls if (what := _explain_call(source, node, scope, templates))]
        if not found and top is not None and (reason := explain_leaving(evaluate(source, top, scope))):
            found = [reason]
        yield from (OutsideRead(Location(path, document.line_of(text)), what) for what in found)


def _texts(document: object, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(document, str):
        yield key, document
    elif isinstance(document, dict):
        for name, value in document.items():
            yield from _texts(value, str(name))
    elif isinstance(document, list):
        for value in document:
            yield from _texts(value, key)


def _in_template(path: str, data: bytes) -> Iterator[OutsideRead]:
    """A template has no `path` to begin with: whatever it reads by name is in the working folder, or anywhere."""
    if not is_worth_reading(data):
        return
    source, _ = text_source(data.decode(errors="replace"))
    scope = Scope(dirname(path))
    for node in walk(source.root):
        if node.type == "function_call" and (what := _explain_call(source, node, scope, set())):
            # The first line is ours.
            yield OutsideRead(Location(path, node.start_point.row), f"the template: {what}")
