"""Search for provider configurations beside the default one. A warm provider serves one: of two, the last would win.

Terraform configures a provider once for each source, unless the code has an alias, or a called module has a `provider`
block. A resource in the state alone needs the configuration of its alias in the code too.

The search reads text, not syntax. In doubt it finds more configurations than there are: that only costs time.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

# Each part matches in one way only: a search in any text ends soon.
_COMMENT = rb"/\*(?:[^*]|\*(?!/))*+\*/"
_SPACE = rb"(?:[ \t]|" + _COMMENT + rb")*+"
_BLOCK = re.compile(
    rb"\b(?P<type>provider|provisioner)\b"
    + _SPACE
    + rb'(?P<label>"(?:\\.|[^"\\\n])*+"|[^\s"{}=,.()\[\]#/]++)'
    + _SPACE
    + rb"\{"
)
_COMMENT_LINE = re.compile(rb"^[ \t]*(?:#|//)(?!.*\*/).*$", re.MULTILINE)
# In a block: what is no code, and what begins or ends a text or a block.
_TOKEN = re.compile(_COMMENT + rb"|(?:#|//)[^\n]*|/\*|<<|[{}\"]")
# In a text: an escaped sign, a template, the end.
_TEXT_TOKEN = re.compile(rb'\\.|\$\$\{|%%\{|[$%]\{|["\n]', re.DOTALL)
_ALIAS, _STATE_STORE = re.compile(rb"\balias\b"), b"state_store"
_HARMLESS_PROVISIONERS = ("file", "remote-exec")
# Each one is searched to its end, from each place that may begin a block.
_MAX_COMMENTS = 500
_JSON_ENDING = ".json"
_PROGRAM = "it runs a program on this machine (provisioner)"
_UNREADABLE = "a provider block can't be read"
_STORE = "a provider stores its state (state_store)"


class UncertainError(Exception):
    """The configurations can't be counted; the message says why."""


def require_single_configurations(root: Mapping[str, bytes], called: Iterable[tuple[str, bytes]]) -> None:
    """Raise UncertainError unless each provider has one configuration: the default one of the root module.

    It also raises one for a provisioner that runs a program here: a Terraform in there would get the provider too.

    Args:
        root: the code of the root module, by file name.
        called: names and contents of the code files of called modules.
    """
    for name, data in root.items():
        if any(_find_blocks(name, data)):
            raise UncertainError("a provider configuration has an alias")
    for name, data in called:
        if [*_find_blocks(name, data)]:
            raise UncertainError("a called module configures a provider")


def _find_blocks(name: str, data: bytes) -> Iterator[bool]:
    """Yield for each provider block of a file whether it has an alias. Raises UncertainError for a provisioner."""
    if name.endswith(_JSON_ENDING):
        try:
            yield from _find_json_blocks(json.loads(data, object_pairs_hook=_require_unique_keys))
        except (ValueError, RecursionError):
            raise UncertainError("a code file can't be read") from None
        return
    code = _COMMENT_LINE.sub(b"", data)
    if _STATE_STORE in code:
        raise UncertainError(_STORE)
    if code.count(b"/*") > _MAX_COMMENTS:
        raise UncertainError("a code file can't be read")
    for match in _BLOCK.finditer(code):
        if match["type"] == b"provider":
            yield _ALIAS.search(_read_braces(code, match.end())[0]) is not None
        elif match["label"].strip(b'"').decode(errors="replace") not in _HARMLESS_PROVISIONERS:
            raise UncertainError(_PROGRAM)


def _read_braces(code: bytes, start: int) -> tuple[bytes, int]:
    """Return the code from behind a `{` to its `}`, without comments and texts, and the place behind that.

    Raises UncertainError for a heredoc.
    """
    found, depth, place = b"", 1, start
    while token := _TOKEN.search(code, place):
        found += code[place : token.start()] + b" "
        place = token.end()
        if token[0] in (b"<<", b"/*"):
            break
        if token[0] == b'"':
            place = _skip_text(code, place)
        elif token[0] in (b"{", b"}"):
            depth += 1 if token[0] == b"{" else -1
            if not depth:
                return found, place
    raise UncertainError(_UNREADABLE)


def _skip_text(code: bytes, start: int) -> int:
    """Return the place behind the `"` that ends a text; its templates may contain texts in turn."""
    place = start
    while token := _TEXT_TOKEN.search(code, place):
        place = token.end()
        if token[0] == b'"':
            return place
        if token[0] == b"\n":
            break
        if token[0] in (b"${", b"%{"):
            place = _read_braces(code, place)[1]
    raise UncertainError(_UNREADABLE)


def _find_json_blocks(document: object) -> Iterator[bool]:
    if any(_STATE_STORE.decode() in each for each in _walk_objects(document)):
        raise UncertainError(_STORE)
    _require_harmless_provisioners(document)
    for top in _list_objects(document):
        for labels in _list_objects(top.get("provider")):
            for bodies in labels.values():
                yield from ("alias" in body for body in _list_objects(bodies))


def _require_harmless_provisioners(document: object) -> None:
    for each in _walk_objects(document):
        blocks = each.get("provisioner")
        for labels in _list_objects(blocks) if isinstance(blocks, dict | list) else ():
            if not labels.keys() <= set(_HARMLESS_PROVISIONERS):
                raise UncertainError(_PROGRAM)


def _walk_objects(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _walk_objects(each)


def _require_unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise UncertainError("a code file repeats a key")
    return found


def _list_objects(value: object) -> list[dict[str, Any]]:
    """Return the blocks of JSON code: an object, or lists of them. Raises UncertainError for anything else."""
    if value is None:
        return []
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, list):
        raise UncertainError("a code file can't be read")
    return [found for each in value for found in _list_objects(each)]
