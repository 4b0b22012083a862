"""The code of folders reached by modules, reduced to files worth reading, and the names defined in it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from posixpath import dirname, join, normpath

import tree_sitter

from envctl.adapters.hcl.file_functions import PATH_ATTRIBUTES
from envctl.adapters.hcl.json_module import list_objects, parse_json
from envctl.adapters.hcl.paths import GAP, LazyValues, Scope, Values, evaluate, unescape, walk_nodes
from envctl.adapters.hcl.source import Source, list_attributes, list_body, load_source
from envctl.domain.errors import ConfigurationError

_CODE_SUFFIXES = (".tf", ".tofu")
_JSON_SUFFIXES = (".tf.json", ".tofu.json")
CodeByFolder = Mapping[str, Mapping[str, bytes]]


def compile_code(pattern: bytes) -> re.Pattern[bytes]:
    """Compile a pattern of code: each `_` in it stands for a gap."""
    return re.compile(pattern.replace(b"_", GAP.encode()), re.DOTALL)


# Folders without a match are skipped: most of them. Each pattern begins with a plain text, for a fast search.
_READ_PATTERNS = tuple(
    compile_code(pattern)
    for pattern in (
        rb"file\w*_\(",
        rb"path(?:expand)?_(?:\(|\._(?:root|cwd))",
        rb"path_\._module\b[^\n]*\.\.",
        rb"\bprovisioner\b",
    )
)
_READING_BLOCK_TYPES = tuple(sorted(f'"{kind}"'.encode() for _, kind in PATH_ATTRIBUTES))
# Blocks that choose credentials or state.
_BLOCK_PATTERNS = tuple(
    compile_code(pattern)
    for pattern in (
        rb'provider_(?:"[^"\n]*"|[\w-]+)_\{',
        rb"terraform\x5fremote\x5fstate",
        rb'backend_(?:"[^"\n]*"|[\w-]+)_\{',
        rb"cloud_\{",
    )
)
_JSON_KEYS = (b'"provider"', b'"backend"', b'"cloud"', b'"terraform_remote_state"')
# Arguments of a module call that may lead out of the release.
_PASSED_PATH = re.compile(rb"[=:]\s*\"(?:[/~]|\.\./)|\bvar\b")
_LOCAL_CALL = compile_code(rb"source\"?_[=:]_\"((?:\.|\\)[^\"\n]*)\"")
# Terraform allows spaces there, the grammar does not.
_NAMESPACE = compile_code(rb"\bcore_::_(?=\w)")
_HEREDOC = b"x = <<ENVCTL_TEXT\n%s\nENVCTL_TEXT\n"


@dataclass(frozen=True)
class JsonDocument:
    """Code in JSON. Its parser gives no locations."""

    content: object
    data: bytes

    def find_line(self, text: str) -> int:
        """Return the line of the first mention of the text."""
        spellings = (json.dumps(text).encode(), json.dumps(text, ensure_ascii=False).encode(errors="replace"))
        at = max(self.data.find(each) for each in spellings)
        return self.data.count(b"\n", 0, max(at, 0)) + 1


@dataclass
class CodeFolder:
    """The code of a folder, and the names defined in it."""

    sources: dict[str, Source] = field(default_factory=dict)
    documents: dict[str, JsonDocument] = field(default_factory=dict)
    scope: Scope = field(default_factory=lambda: Scope(""))


def read_folders(code: CodeByFolder, modules: Sequence[str], root: str | None = None) -> dict[str, CodeFolder]:
    """Return the folders reached by the modules that may read files, callers before called ones.

    `code` is the code of a release; `modules` are the module folders of stacks, and the carried remote modules. `root`
    is the folder of a root module that stays as it is and calls them all.
    """
    called = _find_called_folders(code, modules)
    worth = {folder for folder in called if any(can_read_files(data) for data in code[folder].values())}
    # From the last to the first: a path may be passed on from module to module.
    for folder in reversed(called):
        if worth.intersection(called[folder]) and any(_PASSED_PATH.search(data) for data in code[folder].values()):
            worth.add(folder)
    folders = {folder: read_folder(folder, code[folder], root) for folder in called if folder in worth}
    for name, each in folders.items():
        for source, arguments in _list_calls(each):
            if target := folders.get(normpath(join(name, source))):
                for argument, later in arguments.items():
                    # The arguments of a call are possible values of the variables.
                    target.scope.variables.setdefault(argument, []).append(later)
    return folders


def find_reached_code(code: CodeByFolder, modules: Sequence[str]) -> CodeByFolder:
    """Return the code of all folders reached by the modules."""
    return {folder: code[folder] for folder in _find_called_folders(code, modules)}


def find_account_code(files: Mapping[str, bytes], modules: Sequence[str]) -> CodeByFolder:
    """Return the code of the folders reached by the modules that may choose credentials or state, by path."""
    code = group_by_folder(files)
    reached = ((folder, code[folder]) for folder in _find_called_folders(code, modules))
    return {folder: each for folder, each in reached if any(map(_can_choose_account, each, each.values()))}


def _can_choose_account(path: str, code: bytes) -> bool:
    if is_json_code(path):
        return any(text in code for text in _JSON_KEYS)
    return any(pattern.search(code) for pattern in _BLOCK_PATTERNS)


def is_json_code(path: str) -> bool:
    return path.endswith(_JSON_SUFFIXES)


def can_read_files(code: bytes) -> bool:
    """Check for functions and attributes with paths of files."""
    return any(pattern.search(code) for pattern in _READ_PATTERNS) or any(kind in code for kind in _READING_BLOCK_TYPES)


def group_by_folder(files: Mapping[str, bytes]) -> CodeByFolder:
    """Return the code among the files of a release, by folder and by path."""
    code: dict[str, dict[str, bytes]] = {}
    for path, data in files.items():
        if path.endswith((*_CODE_SUFFIXES, *_JSON_SUFFIXES)):
            code.setdefault(dirname(path) or ".", {})[path] = _resolve_escapes(data) if is_json_code(path) else data
    return code


def _resolve_escapes(data: bytes) -> bytes:
    """Replace numeric escapes of JSON by their letters, for a search for plain texts."""
    if b"\\u" not in data and b"\\/" not in data:
        return data
    escape = re.compile(rb"(?<!\\)((?:\\\\)*)\\(?:u00([2-7][0-9a-fA-F])|(/))")

    def resolve(match: re.Match[bytes]) -> bytes:
        letter = match[3] or bytes.fromhex(match[2].decode())
        return match[0] if letter in b'"\\\x7f' else match[1] + letter

    return escape.sub(resolve, data)


def _find_called_folders(code: CodeByFolder, modules: Sequence[str]) -> dict[str, list[str]]:
    """Return the reached folders, callers before called ones, each with the folders it calls."""
    called: dict[str, list[str]] = {}
    waiting = [normpath(module) for module in modules]
    while waiting:
        folder = waiting.pop(0)
        if folder in code and folder not in called:
            sources = [source for data in code[folder].values() for source in _LOCAL_CALL.findall(data)]
            called[folder] = [normpath(join(folder, unescape(source.decode(errors="replace")))) for source in sources]
            waiting += called[folder]
    return called


def _join_namespace(match: re.Match[bytes]) -> bytes:
    """Move the spaces before `core::`: length and line ends stay, and all locations with them."""
    rest = match[0].removeprefix(b"core").replace(b"::", b"", 1)
    return re.sub(rb"[^\n]", b" ", rest) + b"core::"


@lru_cache(maxsize=256)
def parse_code(data: bytes, name: str) -> Source | None:
    try:
        # The reader of the module has parsed most files.
        return load_source(_NAMESPACE.sub(_join_namespace, data), name)
    except ConfigurationError:
        # Reported by the reader of the module.
        return None


def load_document(data: bytes) -> JsonDocument | None:
    """Parse code in JSON; None if it is invalid: the reader of the module reports it."""
    try:
        return JsonDocument(parse_json(data), data)
    except (ValueError, RecursionError):
        return None


def read_folder(folder: str, files: Mapping[str, bytes], root: str | None) -> CodeFolder:
    """Parse the code of a folder. `root` is as in `read_folders`."""
    found = CodeFolder(scope=Scope(folder, root=root))
    for path, data in sorted(files.items()):
        if is_json_code(path):
            if document := load_document(data):
                found.documents[path] = document
                _declare_json_names(found.scope, document.content)
        elif source := parse_code(data, path):
            found.sources[path] = source
            _declare_names(found.scope, source)
    return found


def _declare_names(scope: Scope, source: Source) -> None:
    for kind, labels, block in list_blocks(source):
        if kind == "locals":
            for name, expression in list_attributes(list_body(block), source):
                scope.expressions[name] = source, expression
                scope.locals[name] = partial(evaluate, source, expression, scope)
        elif kind == "variable" and labels:
            for name, expression in list_attributes(list_body(block), source):
                if name == "default":
                    scope.variables.setdefault(labels[0], []).append(partial(evaluate, source, expression, scope))


def list_blocks(source: Source) -> Iterator[tuple[str, list[str], tree_sitter.Node]]:
    for node in list_body(source.root):
        if node.type == "block":
            words = [child for child in node.named_children if child.type in {"identifier", "string_lit"}]
            kind, *labels = [read_label(source, word) for word in words]
            yield kind, labels, node


def read_label(source: Source, word: tree_sitter.Node) -> str:
    """Return a label of a block, or the key of an object: with or without quotes, and escapes in them."""
    return unescape(source.read_node(word).strip('"'))


def _declare_json_names(scope: Scope, document: object) -> None:
    for name, value in list_json_bodies(document, "locals"):
        if isinstance(value, str):
            scope.locals[name] = partial(evaluate_text, value, scope)
    for name, value in list_json_bodies(document, "variable"):
        default = value.get("default") if isinstance(value, dict) else None
        if isinstance(default, str):
            scope.variables.setdefault(name, []).append(partial(frozenset, (default,)))


def list_json_bodies(document: object, kind: str) -> Iterator[tuple[str, object]]:
    """Yield the names and bodies of a kind of block, given as an object or a list of objects."""
    for each in list_objects(document.get(kind) if isinstance(document, dict) else None):
        yield from each.items()


def parse_template(text: str) -> tuple[Source, tree_sitter.Node | None]:
    plain = _NAMESPACE.sub(_join_namespace, text.encode(errors="replace").replace(b"\0", b""))
    source = Source(_HEREDOC % plain, "")
    return source, next((node for node in walk_nodes(source.root) if node.type == "heredoc_template"), None)


def evaluate_text(text: str, scope: Scope) -> Values:
    """Evaluate a text in JSON: a template without escapes."""
    if "${" not in text and "%{" not in text:
        return frozenset({text})
    source, node = parse_template(text)
    return evaluate(source, node, scope) if node is not None else frozenset()


def _list_calls(folder: CodeFolder) -> Iterator[tuple[str, dict[str, LazyValues]]]:
    """Yield source and arguments of each module call."""
    for source in folder.sources.values():
        for kind, _, block in list_blocks(source):
            given = dict(list_attributes(list_body(block), source)) if kind == "module" else {}
            if "source" in given:
                address = unescape(source.read_node(given["source"]).strip('"'))
                yield address, {name: partial(evaluate, source, node, folder.scope) for name, node in given.items()}
    for document in folder.documents.values():
        for _, body in list_json_bodies(document.content, "module"):
            for each in list_objects(body):
                if isinstance(each.get("source"), str):
                    texts = {name: value for name, value in each.items() if isinstance(value, str)}
                    yield each["source"], {n: partial(evaluate_text, text, folder.scope) for n, text in texts.items()}
