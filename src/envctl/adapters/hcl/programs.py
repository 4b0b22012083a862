"""Programs that code runs beside Terraform, in provisioners and in `external`, and the files that they are given."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import tree_sitter

from envctl.adapters.hcl.code_folders import JsonDocument, evaluate_text, list_json_bodies, read_label
from envctl.adapters.hcl.json_module import list_objects
from envctl.adapters.hcl.paths import UNKNOWN, LazyValues, Scope, Values, evaluate, list_items
from envctl.adapters.hcl.source import Source, list_attributes, list_body
from envctl.domain.errors import Location

_PROVISIONER, _EXTERNAL, _FOLDER = "provisioner", "external", "working_dir"
# By kind of provisioner, or of data source: arguments with words of a command, and arguments with the path of a file.
_WORDS = {"local-exec": ("command", "interpreter"), _EXTERNAL: ("program",)}
_PATHS = {"local-exec": (_FOLDER,), "file": ("source",), "remote-exec": ("script", "scripts")}

_SEGMENT = re.compile(r"[;|&(\n]+")
_ASSIGNMENTS = re.compile(r"^\s*(?:\w+=\S*\s+)*")
_BREAK = re.compile(r"[\s'\"`<>),=]+")
_HOME = re.compile(r"^(?:\$\$?\{?HOME\b\}?|~(?=/|$))")
# Programs whose first word without a dash is a program itself, or its text.
_RUNNERS = frozenset(
    {".", "bash", "dash", "env", "exec", "node", "nohup", "perl", "php", "pwsh", "python", "python3", "ruby", "sh"}
) | {"source", "sudo", "time", "zsh"}
# Programs of the machine, as `sh` alone is one. Files of people and of jobs are elsewhere.
_SYSTEM = ("/bin/", "/dev/", "/nix/", "/opt/", "/run/current-system/", "/sbin/", "/snap/", "/usr/")


@dataclass(frozen=True)
class ProgramPaths:
    """The paths that an argument gives to a program, as values of `paths`; those that stay in its folder are left out
    of a command. `what` is the beginning of a sentence that ends with what is wrong.
    """

    location: Location
    what: str
    values: Values


def list_program_paths(source: Source, block: tree_sitter.Node, scope: Scope) -> Iterator[ProgramPaths]:
    """Yield the paths in a block of a resource or a data source."""
    for kind, body in _list_bodies(source, block):
        given = dict(list_attributes(list_body(body), source))
        folder = evaluate(source, given[_FOLDER], scope) if _FOLDER in given else frozenset({""})
        for name in (*_WORDS.get(kind, ()), *_PATHS.get(kind, ())):
            if name in given:
                items = list_items(given[name])
                texts = [partial(evaluate, source, each, scope) for each in ([given[name]] if items is None else items)]
                yield _describe_paths(source.locate_node(given[name]), kind, name, texts, folder)


def _list_bodies(source: Source, block: tree_sitter.Node) -> Iterator[tuple[str, tree_sitter.Node]]:
    for each in (block, *list_body(block)):
        words = [child for child in each.named_children if child.type in {"identifier", "string_lit"}]
        labels = [read_label(source, word) for word in words] if each.type == "block" else []
        if labels[:2] == ["data", _EXTERNAL] or labels[:1] == [_PROVISIONER]:
            yield labels[1] if len(labels) > 1 else "", each


def list_json_program_paths(path: str, document: JsonDocument, scope: Scope) -> Iterator[ProgramPaths]:
    for kind, given in _list_json_bodies(document):
        texts = {name: _list_texts(given.get(name)) for name in (*_WORDS.get(kind, ()), *_PATHS.get(kind, ()))}
        folder = evaluate_text(texts[_FOLDER][0], scope) if texts.get(_FOLDER) else frozenset({""})
        for name, found in texts.items():
            if found:
                place = Location(path, document.find_line(found[0]))
                yield _describe_paths(
                    place, kind, name, [partial(evaluate_text, each, scope) for each in found], folder
                )


def _list_json_bodies(document: JsonDocument) -> Iterator[tuple[str, dict[str, object]]]:
    blocks = [
        (type_, bodies) for kind in ("data", "resource") for type_, bodies in list_json_bodies(document.content, kind)
    ]
    for type_, bodies in blocks:
        for body in (
            each for named in list_objects(bodies) for found in named.values() for each in list_objects(found)
        ):
            if type_ == _EXTERNAL:
                yield _EXTERNAL, body
            for provisioner in list_objects(body.get(_PROVISIONER)):
                yield from ((kind, each) for kind, found in provisioner.items() for each in list_objects(found))


def _list_texts(value: object) -> list[str]:
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]


def _describe_paths(
    location: Location, kind: str, name: str, texts: Sequence[LazyValues], folders: Values
) -> ProgramPaths:
    if name not in _WORDS.get(kind, ()):
        return ProgramPaths(location, f"{name} is", frozenset(value for later in texts for value in later()))
    # A list is one command; a word that may be several counts as unknown. So does the folder.
    parts = [later() for later in texts]
    whole = " ".join(next(iter(each)) if len(each) == 1 else UNKNOWN for each in parts)
    commands = parts[0] if len(parts) == 1 else (whole,)
    folder = next(iter(folders)) if len(folders) == 1 else UNKNOWN
    words = {word for command in commands for word in _find_words(command)}
    found = frozenset(word if word.startswith(("/", "~")) or not folder else f"{folder}/{word}" for word in words)
    return ProgramPaths(location, f"{name} names", found)


def _find_words(command: str) -> Iterator[str]:
    """Yield the words of a command that name files: any in the home folder or above, and absolute ones that run."""
    for segment in _SEGMENT.split(command):
        runs = True
        for word in filter(None, _BREAK.split(_ASSIGNMENTS.sub("", segment))):
            is_program = runs and word.startswith("/") and not word.startswith(_SYSTEM)
            # Words that begin with a mark are found as texts with a path.
            leaves = ".." in word.split("/") and "://" not in word and word[0].isprintable() and word[0] != "/"
            if _HOME.match(word) or is_program or leaves:
                yield _HOME.sub("~", word)
            runs = runs and (word.rpartition("/")[2] in _RUNNERS or word.startswith("-"))
