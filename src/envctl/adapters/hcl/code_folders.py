"""The code of the folders that modules reach: what of it is worth reading, and the names that it can use."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from posixpath import dirname, join, normpath

import tree_sitter

from envctl.adapters.hcl.file_functions import PATH_ATTRIBUTES
from envctl.adapters.hcl.paths import Later, Scope, Values, evaluate, unescape, walk
from envctl.adapters.hcl.source import Source, body_of, named
from envctl.domain.errors import ConfigurationError

_CODE = (".tf", ".tofu")
_JSON = (".tf.json", ".tofu.json")
# A folder where nothing of this stands is not read any further: most are like that. Each pattern begins with a plain
# text, which is found fast; a comment may stand between the words of code.
GAP = rb"(?:\s|/\*.*?\*/|(?:#|//)[^\n]*)*"
_READING = tuple(
    re.compile(pattern.replace(b"_", GAP), re.DOTALL)
    for pattern in (
        rb"file\w*_\(",
        rb"path(?:expand)?_(?:\(|\._(?:root|cwd))",
        rb"path_\._module\b[^\n]*\.\.",
    )
)
_READING_TYPES = tuple(sorted(f'"{kind}"'.encode() for _, kind in PATH_ATTRIBUTES))
# Values that a module may be called with, and that lead out of the release there.
_PASSING = re.compile(rb"[=:]\s*\"(?:[/~]|\.\./)|\bvar\b")
_LOCAL_CALL = re.compile(rb"source\"?_[=:]_\"((?:\.|\\)[^\"\n]*)\"".replace(b"_", GAP), re.DOTALL)
# Terraform takes spaces there, and the grammar does not.
_NAMESPACE = re.compile(rb"\bcore_::_(?=\w)".replace(b"_", GAP), re.DOTALL)
_HEREDOC = b"x = <<ENVCTL_TEXT\n%s\nENVCTL_TEXT\n"


@dataclass(frozen=True)
class Document:
    """Code in JSON, which keeps no places."""

    content: object
    data: bytes

    def line_of(self, text: str) -> int:
        """Returns the line where the text stands first."""
        spelled = (json.dumps(text).encode(), json.dumps(text, ensure_ascii=False).encode(errors="replace"))
        at = max(self.data.find(each) for each in spelled)
        return self.data.count(b"\n", 0, max(at, 0)) + 1


@dataclass
class Folder:
    """The code of one folder that is worth reading, with the names that it can use."""

    sources: dict[str, Source] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    scope: Scope = field(default_factory=lambda: Scope(""))


def read_folders(files: Mapping[str, bytes], modules: Sequence[str]) -> dict[str, Folder]:
    """Returns the folders worth reading, callers before what they call."""
    code = _code_by_folder(files)
    called = _find_called(code, modules)
    worth = {folder for folder in called if any(is_worth_reading(data) for data in code[folder].values())}
    # From the last to the first: a path may be handed on from module to module.
    for folder in reversed(called):
        if worth.intersection(called[folder]) and any(_PASSING.search(data) for data in code[folder].values()):
            worth.add(folder)
    folders = {folder: _read(folder, code[folder]) for folder in called if folder in worth}
    for name, each in folders.items():
        for source, arguments in _calls(each):
            if target := folders.get(normpath(join(name, source))):
                for argument, later in arguments.items():
                    # What a module is called with is what its variables may hold.
                    target.scope.variables.setdefault(argument, []).append(later)
    return folders


def find_reached_code(files: Mapping[str, bytes], modules: Sequence[str]) -> dict[str, dict[str, bytes]]:
    """Returns the code of each folder that the modules reach, by its path."""
    code = _code_by_folder(files)
    return {folder: code[folder] for folder in _find_called(code, modules)}


def is_json(path: str) -> bool:
    return path.endswith(_JSON)


def is_worth_reading(code: bytes) -> bool:
    """Whether it may name a file to be read."""
    return any(pattern.search(code) for pattern in _READING) or any(kind in code for kind in _READING_TYPES)


def _code_by_folder(files: Mapping[str, bytes]) -> dict[str, dict[str, bytes]]:
    code: dict[str, dict[str, bytes]] = {}
    for path, data in files.items():
        if path.endswith((*_CODE, *_JSON)):
            plain = _without_escapes(data) if path.endswith(_JSON) else data
            code.setdefault(dirname(path) or ".", {})[path] = plain
    return code


def _without_escapes(data: bytes) -> bytes:
    """JSON may spell any letter as a number: plain texts are not found in that."""
    if b"\\u" not in data and b"\\/" not in data:
        return data
    escape = re.compile(rb"(?<!\\)((?:\\\\)*)\\(?:u00([2-7][0-9a-fA-F])|(/))")

    def sign(match: re.Match[bytes]) -> bytes:
        letter = match[3] or bytes.fromhex(match[2].decode())
        return match[0] if letter in b'"\\\x7f' else match[1] + letter

    return escape.sub(sign, data)


def _find_called(code: Mapping[str, Mapping[str, bytes]], modules: Sequence[str]) -> dict[str, list[str]]:
    """Returns the folders that are reached, callers before what they call, with the folders that each calls."""
    called: dict[str, list[str]] = {}
    waiting = [normpath(module) for module in modules]
    while waiting:
        folder = waiting.pop(0)
        if folder in code and folder not in called:
            sources = [source for data in code[folder].values() for source in _LOCAL_CALL.findall(data)]
            called[folder] = [normpath(join(folder, unescape(source.decode(errors="replace")))) for source in sources]
            waiting += called[folder]
    return called


def _move_together(match: re.Match[bytes]) -> bytes:
    """Of the same length, and with all ends of lines, so that what follows keeps its place."""
    rest = match[0].removeprefix(b"core").replace(b"::", b"", 1)
    return re.sub(rb"[^\n]", b" ", rest) + b"core::"


@lru_cache(maxsize=256)
def parse_code(data: bytes, name: str) -> Source | None:
    try:
        return Source(_NAMESPACE.sub(_move_together, data), name)
    except ConfigurationError:
        # Who reads the module says so.
        return None


def load_document(data: bytes) -> Document | None:
    """None for what is not JSON, which who reads the module says."""
    try:
        return Document(json.loads(data), data)
    except (ValueError, RecursionError):
        return None


def _read(folder: str, files: Mapping[str, bytes]) -> Folder:
    found = Folder(scope=Scope(folder))
    for path, data in sorted(files.items()):
        if path.endswith(_JSON):
            if document := load_document(data):
                found.documents[path] = document
                _declare_json(found.scope, document.content)
        elif source := parse_code(data, path):
            found.sources[path] = source
            _declare(found.scope, source)
    return found


def _declare(scope: Scope, source: Source) -> None:
    for kind, labels, block in blocks(source):
        if kind == "locals":
            for name, expression in named(body_of(block), source):
                scope.expressions[name] = source, expression
                scope.locals[name] = partial(evaluate, source, expression, scope)
        elif kind == "variable" and labels:
            for name, expression in named(body_of(block), source):
                if name == "default":
                    scope.variables.setdefault(labels[0], []).append(partial(evaluate, source, expression, scope))


def blocks(source: Source) -> Iterator[tuple[str, list[str], tree_sitter.Node]]:
    for node in source.body():
        if node.type == "block":
            words = [
                source.text(child).strip('"')
                for child in node.named_children
                if child.type in {"identifier", "string_lit"}
            ]
            yield words[0], words[1:], node


def _declare_json(scope: Scope, document: object) -> None:
    for name, value in json_bodies(document, "locals"):
        if isinstance(value, str):
            scope.locals[name] = partial(evaluate_text, value, scope)
    for name, value in json_bodies(document, "variable"):
        default = value.get("default") if isinstance(value, dict) else None
        if isinstance(default, str):
            scope.variables.setdefault(name, []).append(partial(frozenset, (default,)))


def json_bodies(document: object, kind: str) -> Iterator[tuple[str, object]]:
    """The names and bodies below a kind of block: an object, or a list of such objects."""
    found = document.get(kind) if isinstance(document, dict) else None
    for each in found if isinstance(found, list) else [found]:
        if isinstance(each, dict):
            yield from each.items()


def text_source(text: str) -> tuple[Source, tree_sitter.Node | None]:
    plain = _NAMESPACE.sub(_move_together, text.encode(errors="replace").replace(b"\0", b""))
    source = Source(_HEREDOC % plain, "")
    return source, next((node for node in walk(source.root) if node.type == "heredoc_template"), None)


def evaluate_text(text: str, scope: Scope) -> Values:
    """Of a text in JSON: a template in which a backslash is a backslash."""
    if "${" not in text and "%{" not in text:
        return frozenset({text})
    source, node = text_source(text)
    return evaluate(source, node, scope) if node is not None else frozenset()


def _calls(folder: Folder) -> Iterator[tuple[str, dict[str, Later]]]:
    """The modules that the code calls: the text of the source, and the arguments."""
    for source in folder.sources.values():
        for kind, _, block in blocks(source):
            given = dict(named(body_of(block), source)) if kind == "module" else {}
            if "source" in given:
                arguments: dict[str, Later] = {
                    name: partial(evaluate, source, expression, folder.scope) for name, expression in given.items()
                }
                yield unescape(source.text(given["source"]).strip('"')), arguments
    for document in folder.documents.values():
        for _, body in json_bodies(document.content, "module"):
            for each in body if isinstance(body, list) else [body]:
                if isinstance(each, dict) and isinstance(each.get("source"), str):
                    texts = {name: value for name, value in each.items() if isinstance(value, str)}
                    yield (
                        each["source"],
                        {name: partial(evaluate_text, text, folder.scope) for name, text in texts.items()},
                    )
