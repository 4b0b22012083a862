"""The line of every key in a TOML file. Only needed where something is wrong."""

from collections.abc import Iterator, Mapping

import tree_sitter
import tree_sitter_toml

from envctl.domain.config.faults import TomlPath


def line_of(lines: Mapping[TomlPath, int], path: TomlPath) -> int | None:
    """The line of the key, or of the nearest table around it that is in the file; a missing table has none."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def lines_of(text: bytes) -> dict[TomlPath, int]:
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_toml.language()))
    lines: dict[TomlPath, int] = {}
    for path, line in _walk(parser.parse(text).root_node, ()):
        for length in range(1, len(path)):
            lines.setdefault(path[:length], line)
        lines.setdefault(path, line)
    return lines


def _walk(node: tree_sitter.Node, prefix: TomlPath) -> Iterator[tuple[TomlPath, int]]:
    arrays: dict[TomlPath, int] = {}
    for child in node.named_children:
        match child.type:
            case "table" | "table_array_element":
                header, *_ = child.named_children
                inner: TomlPath = (*prefix, *_keys(header))
                if child.type == "table_array_element":
                    arrays[inner] = arrays.get(inner, -1) + 1
                    inner = (*inner, arrays[inner])
                yield inner, child.start_point.row + 1
                yield from _walk(child, inner)
            case "pair":
                key, value = child.named_children[0], child.named_children[-1]
                inner = (*prefix, *_keys(key))
                yield inner, child.start_point.row + 1
                yield from _value(value, inner)


def _value(node: tree_sitter.Node, path: TomlPath) -> Iterator[tuple[TomlPath, int]]:
    if node.type == "inline_table":
        yield from _walk(node, path)
    elif node.type == "array":
        items = (child for child in node.named_children if child.type != "comment")
        for index, item in enumerate(items):
            yield (*path, index), item.start_point.row + 1
            yield from _value(item, (*path, index))


def _keys(node: tree_sitter.Node) -> tuple[str, ...]:
    if node.type == "dotted_key":
        return tuple(key for child in node.named_children for key in _keys(child))
    text = (node.text or b"").decode("utf-8", "replace")
    return (text[1:-1] if node.type == "quoted_key" else text,)
