"""Reader of a module folder: variables, outputs and module calls."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import pygohcl
import tree_sitter

from envctl.adapters.hcl.json_module import read_json_blocks
from envctl.adapters.hcl.required_providers import read_required_providers
from envctl.adapters.hcl.source import (
    Source,
    find_non_literals,
    list_attributes,
    list_body,
    load_source,
    parse_attributes,
    to_exact_value,
)
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.terraform.conversion import convert_value
from envctl.domain.terraform.variables import ModuleCall, ModuleInterface, Output, Variable, format_type, parse_type

BLOCK_KINDS = frozenset({"variable", "output", "module"})
OVERRIDE = re.compile(r"(.*_)?override\.tf(\.json)?")


@dataclass(frozen=True)
class Block:
    """A block of a module with its literal values."""

    kind: str
    name: str
    values: Mapping[str, object]
    type_text: str | None  # code and not a value
    computed: frozenset[str]  # names of attributes without a literal value
    location: Location


def read_module(files: Mapping[str, bytes], name: str) -> ModuleInterface:
    """Read the files of one folder, given by file name. Raises ConfigurationError with the problems of all files."""
    blocks, problems = _merge_blocks(files, name)
    variables = [_to_variable(block, problems) for block in blocks if block.kind == "variable"]
    if problems:
        raise ConfigurationError(*problems)
    outputs = tuple(
        Output(
            block.name,
            _to_flag(block, "sensitive"),
            _to_text(block, "description"),
            block.location,
            _to_flag(block, "ephemeral"),
        )
        for block in blocks
        if block.kind == "output"
    )
    calls = tuple(_to_module_call(block) for block in blocks if block.kind == "module")
    return ModuleInterface(tuple(variables), outputs, calls, read_required_providers(files, name))


def read_module_calls(files: Mapping[str, bytes], name: str) -> tuple[ModuleCall, ...]:
    """Read the module calls only: other faults of a remote module are not the user's to correct."""
    blocks, problems = _merge_blocks(files, name, frozenset({"module"}))
    if problems:
        raise ConfigurationError(*problems)
    return tuple(_to_module_call(block) for block in blocks)


def _merge_blocks(
    files: Mapping[str, bytes], name: str, kinds: Collection[str] = BLOCK_KINDS
) -> tuple[list[Block], list[Problem]]:
    """Return the blocks of all files, merged with their overrides, and the problems."""
    blocks: dict[tuple[str, str], Block] = {}
    problems: list[Problem] = []
    for file in sorted(files, key=lambda file: (bool(OVERRIDE.fullmatch(file)), file)):
        if not file.endswith((".tf", ".tf.json")):
            continue
        try:
            for block in _read_blocks(files[file], f"{name}/{file}", kinds):
                _add_block(blocks, block, problems, overrides=bool(OVERRIDE.fullmatch(file)))
        except ConfigurationError as error:
            problems += error.problems
    return list(blocks.values()), problems


def _read_blocks(data: bytes, name: str, kinds: Collection[str]) -> Iterator[Block]:
    if name.endswith(".json"):
        for kind, label, values, location in read_json_blocks(data, name, kinds):
            type_text = values.get("type") if kind == "variable" else None
            yield Block(kind, label, values, None if type_text is None else str(type_text), frozenset(), location)
        return
    source = load_source(data, name)
    if source.root.has_error:
        # tree-sitter may reject valid HCL: only the errors of HashiCorp's parser count.
        try:
            pygohcl.loadb(source.data)
        except (pygohcl.HCLParseError, pygohcl.HCLInternalError) as error:
            if "invalid HCL" in str(error):
                raise ConfigurationError(*source.to_problems(str(error))) from None
    for node in list_body(source.root):
        if node.type != "block":
            continue
        kind, *labels = (
            source.read_node(child) for child in node.named_children if child.type in {"identifier", "string_lit"}
        )
        if kind in kinds and len(labels) == 1:
            yield _read_block(source, kind, labels[0].strip('"'), node)


_KEYS_BY_KIND = {
    "variable": frozenset({"default", "description", "ephemeral", "nullable", "sensitive"}),
    "output": frozenset({"description", "ephemeral", "sensitive"}),
    "module": frozenset({"source", "version"}),
}


def _read_block(source: Source, kind: str, label: str, node: tree_sitter.Node) -> Block:
    place = source.locate_node(node)
    found = dict(list_attributes(list_body(node), source))
    type_text = source.read_node(found["type"]) if kind == "variable" and "type" in found else None
    wanted = {key: expression for key, expression in found.items() if key in _KEYS_BY_KIND[kind]}
    computed = frozenset(key for key, expression in wanted.items() if any(find_non_literals(source, expression)))
    plain = {key: expression for key, expression in wanted.items() if key not in computed}
    lines = [f"{key} = {source.read_node(expression)}\n" for key, expression in plain.items()]
    read = parse_attributes("".join(lines).encode()) if lines else {}
    values = {key: to_exact_value(source, expression, read[key]) for key, expression in plain.items()}
    return Block(kind, label, values, type_text, computed, place)


def _add_block(blocks: dict[tuple[str, str], Block], block: Block, problems: list[Problem], *, overrides: bool) -> None:
    known = blocks.get((block.kind, block.name))
    if known is not None and overrides:
        type_text = known.type_text if block.type_text is None else block.type_text
        computed = (known.computed - block.values.keys()) | block.computed
        block = Block(block.kind, block.name, {**known.values, **block.values}, type_text, computed, known.location)
    elif known is not None:
        message = f"the {block.kind} {block.name} is declared a second time (first at {known.location})"
        problems.append(Problem("E212", message, "remove one of the two", block.location))
    blocks[block.kind, block.name] = block


def _to_variable(block: Block, problems: list[Problem]) -> Variable:
    try:
        type_ = parse_type(block.type_text or "any")
    except ValueError as error:
        message = f"the type of the variable {block.name} can't be read: {error}"
        problems.append(Problem("E212", message, "correct the type", block.location))
        type_ = parse_type("any")
    has_default = "default" in block.values or "default" in block.computed
    default, mismatches = convert_value(block.values.get("default"), type_)
    # Ephemeral values are never in plans or states, and must not be rendered either.
    ephemeral = _to_flag(block, "ephemeral")
    sensitive = _to_flag(block, "sensitive") or ephemeral
    for mismatch in mismatches:
        message = f"the default of {mismatch.format_message(block.name, reveal=not sensitive)}"
        problems.append(Problem("E212", message, f"correct it; the type is {format_type(type_)}", block.location))
    return Variable(
        name=block.name,
        type_text=format_type(type_),
        has_default=has_default,
        default=default,
        nullable=_to_flag(block, "nullable", default=True),
        sensitive=sensitive,
        description=_to_text(block, "description"),
        location=block.location,
        ephemeral=ephemeral,
    )


def _to_module_call(block: Block) -> ModuleCall:
    return ModuleCall(block.name, _to_text(block, "source"), block.location, _to_text(block, "version"))


def _to_flag(block: Block, key: str, *, default: bool = False) -> bool:
    value = block.values.get(key, default)
    return value is True or value == "true"


def _to_text(block: Block, key: str) -> str:
    value = block.values.get(key)
    return value if isinstance(value, str) else ""
