"""Lines of the keys of a TOML file, for locations in problems."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

import tree_sitter
import tree_sitter_toml

from envctl.domain.config.fields import TomlPath


def find_line(lines: Mapping[TomlPath, int], path: TomlPath) -> int | None:
    """Return the line of a key, or of its nearest table in the file; None for a missing table."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


# A project file with many values in it is asked for many lines.
@lru_cache(maxsize=4)
def map_lines(text: bytes) -> dict[TomlPath, int]:
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_toml.language()))
    lines: dict[TomlPath, int] = {}
    for path, line in _walk_table(parser.parse(text).root_node, ()):
        for length in range(1, len(path)):
            lines.setdefault(path[:length], line)
        lines.setdefault(path, line)
    return lines


def _walk_table(node: tree_sitter.Node, prefix: TomlPath) -> Iterator[tuple[TomlPath, int]]:
    arrays: dict[TomlPath, int] = {}
    for child in node.named_children:
        match child.type:
            case "table" | "table_array_element":
                header, *_ = child.named_children
                path: TomlPath = (*prefix, *_parse_key(header))
                if child.type == "table_array_element":
                    arrays[path] = arrays.get(path, -1) + 1
                    path = (*path, arrays[path])
                yield path, child.start_point.row + 1
                yield from _walk_table(child, path)
            case "pair":
                key, value = child.named_children[0], child.named_children[-1]
                path = (*prefix, *_parse_key(key))
                yield path, child.start_point.row + 1
                yield from _walk_value(value, path)


def _walk_value(node: tree_sitter.Node, path: TomlPath) -> Iterator[tuple[TomlPath, int]]:
    if node.type == "inline_table":
        yield from _walk_table(node, path)
    elif node.type == "array":
        items = (child for child in node.named_children if child.type != "comment")
        for index, item in enumerate(items):
            yield (*path, index), item.start_point.row + 1
            yield from _walk_value(item, (*path, index))


def _parse_key(node: tree_sitter.Node) -> tuple[str, ...]:
    if node.type == "dotted_key":
        return tuple(key for child in node.named_children for key in _parse_key(child))
    text = (node.text or b"").decode("utf-8", "replace")
    return (text[1:-1] if node.type == "quoted_key" else text,)
