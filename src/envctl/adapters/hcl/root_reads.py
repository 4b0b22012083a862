"""Files that the code of a root module and of its modules reads: by functions, by attributes, and by names in texts."""

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
    evaluate_text,
    list_json_bodies,
    read_label,
)
from envctl.adapters.hcl.code_search import list_texts
from envctl.adapters.hcl.file_functions import FILE_FUNCTIONS, PATH_ATTRIBUTES
from envctl.adapters.hcl.paths import HOME, MODULE, ROOT, UNKNOWN, Scope, Values, evaluate, walk_nodes
from envctl.adapters.hcl.programs import ProgramPaths, list_json_program_paths, list_program_paths
from envctl.adapters.hcl.source import Source
from envctl.domain.errors import Location
from envctl.domain.release.code_search import OutsideRead
from envctl.domain.release.root_findings import FileSet
from envctl.domain.terraform.workdir_names import ADDED_NAMES, REMOTE_MODULES_FOLDER

_TEMPLATES = frozenset({"quoted_template", "heredoc_template"})
TEMPLATE_SUFFIXES = (".tftpl", ".tpl", ".tmpl")
_TEXT = "the text names"
_WILDCARD = re.compile(r"[*?\[{]")
_WORDS = re.compile(r"\*\*/|\*\*|\*|\?|\[[^\]]+\]|\{|\}|,|\\.|.", re.DOTALL)
_MEANINGS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")"}


@dataclass(kw_only=True)
class RootReads:
    """The reads found so far. `known` are folders whose files are in the tree of the root anyway, if `files` holds
    them."""

    root: str
    known: Collection[str]
    files: Collection[str] = ()
    found: dict[str, Location] = field(default_factory=dict)
    outside: set[OutsideRead] = field(default_factory=set)
    templates: set[str] = field(default_factory=set)
    file_sets: set[FileSet] = field(default_factory=set)

    def add_file_set(self, folder: str, pattern: str, place: Location) -> None:
        """Note a set of files that holds files of envctl: their names would be values of the code."""
        here = self._locate_folder(folder)
        if not here or UNKNOWN in pattern or not _is_below(self.root, here):
            return
        found = (name for name in ADDED_NAMES if matches_glob(relpath(f"{self.root}/{name}", here), pattern))
        if names := tuple(found):
            self.file_sets.add(FileSet(place, pattern, names))

    def add_deep_set(self, folder: str, pattern: str, place: Location) -> None:
        """Note a folder of the code whose set may hold files in `tests`: a release leaves them out otherwise."""
        whole = self._locate_folder(folder)
        is_deep = (
            UNKNOWN in pattern
            or "**" in pattern
            or any(matches_glob("tests", part) for part in pattern.split("/")[:-1])
        )
        if is_deep and whole in self.known and whole != "." and REMOTE_MODULES_FOLDER not in whole.split("/"):
            self.found.setdefault(whole, place)

    def _locate_folder(self, folder: str) -> str:
        """Return the path of a folder in the project; empty if it is not known."""
        text = folder.strip()
        if not text or UNKNOWN in text or text.startswith("/"):
            return ""
        if text.startswith(MODULE):
            above, _, rest = text[1:].partition(MODULE)
            return normpath(f"{above or '.'}/{rest.lstrip('/')}")
        return normpath(f"{self.root}/{text.replace(ROOT, '.')}")

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
        return path in (".", *self.known) or path in self.files or any(_is_below(each, path) for each in self.files)


def _is_below(path: str, folder: str) -> bool:
    return folder in (".", path) or path.startswith(f"{folder}/")


def search_reads(
    found: RootReads, files: Mapping[str, bytes], templates: Collection[str], folders: Mapping[str, CodeFolder]
) -> None:
    """Add the reads of the folders. `templates` are the paths of all files that are templates by their names."""
    for folder, each in folders.items():
        for source in each.sources.values():
            for kind, labels, block in code_folders.list_blocks(source):
                if can_read_files(source.data[block.start_byte : block.end_byte]):
                    names = PATH_ATTRIBUTES.get((kind, labels[0]), ()) if labels else ()
                    _search_block(found, source, block, each.scope, names)
        for path, document in each.documents.items():
            _search_json(found, path, document, each.scope)
        below = "" if folder == "." else f"{folder}/"
        found.templates |= {path for path in templates if path.startswith(below)}
    for path in sorted(found.templates & files.keys()):
        if can_read_files(files[path]):
            _search_template(found, path, files[path])


def _search_block(
    found: RootReads, source: Source, block: tree_sitter.Node, scope: Scope, names: Sequence[str]
) -> None:
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
    _add_programs(found, list_program_paths(source, block, scope))


def _add_programs(found: RootReads, programs: Iterator[ProgramPaths]) -> None:
    for each in programs:
        for value in each.values:
            found.add(value, each.location, each.what)


def _search_call(found: RootReads, source: Source, node: tree_sitter.Node, scope: Scope, place: Location) -> None:
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
                found.add_deep_set(value, pattern, place)
            # A pattern selects files of the folder, and may lead out of it.
            found.add(f"{value}/{pattern}" if ".." in pattern else value, place, f"{name}() reads")


def _search_text(found: RootReads, values: Values, place: Location) -> None:
    """Note the paths in a text, such as a command. Only those that leave the folder of their module matter."""
    for value in values:
        for path in paths.find_marked_paths(value):
            if ".." in path:
                found.add_path(path, place, _TEXT)


def _search_json(found: RootReads, path: str, document: JsonDocument, scope: Scope) -> None:
    for kind in ("data", "resource"):
        for type_, bodies in list_json_bodies(document.content, kind):
            for key, text in list_texts(bodies):
                for value in evaluate_text(text, scope) if key in PATH_ATTRIBUTES.get((kind, type_), ()) else ():
                    found.add(value, Location(path, document.find_line(text)), f"{key} is")
    _add_programs(found, list_json_program_paths(path, document, scope))
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


def _search_template(found: RootReads, path: str, data: bytes) -> None:
    source, _ = code_folders.parse_template(data.decode(errors="replace"))
    scope = Scope(dirname(path), root=found.root)
    for node in walk_nodes(source.root):
        if node.type == "function_call":
            # The first line is added by parse_template.
            _search_call(found, source, node, scope, Location(path, node.start_point.row))


def matches_glob(path: str, pattern: str) -> bool:
    """Tell if a pattern selects the path, given from the folder of the set. A faulty pattern selects nothing."""
    depth, parts = 0, []
    for word in _WORDS.findall(pattern.removeprefix("./")):
        depth += (word == "{") - (word == "}")
        if word == "," and depth > 0:
            parts.append("|")
        elif len(word) > 1 and word.startswith("["):
            parts.append(word)
        else:
            parts.append(_MEANINGS.get(word) or re.escape(word[-1]))
    try:
        return re.fullmatch("".join(parts), path, re.DOTALL) is not None
    except re.error:
        return False
