"""A folder of Terraform code: its variables, its outputs and the modules that it calls."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import pygohcl
import tree_sitter

from envctl.adapters.hcl.json_module import read_json_blocks
from envctl.adapters.hcl.source import Source, attributes_of, body_of, named
from envctl.adapters.hcl.values import exact, not_literals
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.terraform.conversion import convert
from envctl.domain.terraform.types import describe, parse_type
from envctl.domain.terraform.variables import ModuleCall, ModuleInterface, Output, Variable

KINDS = frozenset({"variable", "output", "module"})
_OVERRIDE = re.compile(r"(.*_)?override\.tf(\.json)?")


@dataclass(frozen=True)
class Block:
    """`type_text` stands apart: it is code and not a value. `computed` names attributes that are not literal."""

    kind: str
    name: str
    values: Mapping[str, object]
    type_text: str | None
    computed: frozenset[str]
    location: Location


def read_module(files: Mapping[str, bytes], name: str) -> ModuleInterface:
    """`files` are those of one folder, by file name. Raises ConfigurationError with every problem of all of them."""
    blocks, problems = _merged(files, name)
    variables = [_variable(block, problems) for block in blocks if block.kind == "variable"]
    if problems:
        raise ConfigurationError(*problems)
    outputs = tuple(_output(block) for block in blocks if block.kind == "output")
    calls = tuple(_call(block) for block in blocks if block.kind == "module")
    return ModuleInterface(tuple(variables), outputs, calls)


def read_calls(files: Mapping[str, bytes], name: str) -> tuple[ModuleCall, ...]:
    """The modules that a folder's code calls, and nothing else of it: it may not be ours to correct."""
    blocks, problems = _merged(files, name, frozenset({"module"}))
    if problems:
        raise ConfigurationError(*problems)
    return tuple(_call(block) for block in blocks)


def _merged(files: Mapping[str, bytes], name: str, kinds: Collection[str] = KINDS) -> tuple[list[Block], list[Problem]]:
    """The blocks of all files, with what overrides them, and what is wrong."""
    blocks: dict[tuple[str, str], Block] = {}
    problems: list[Problem] = []
    for file in sorted(files, key=lambda file: (bool(_OVERRIDE.fullmatch(file)), file)):
        if not file.endswith((".tf", ".tf.json")):
            continue
        try:
            for block in _blocks(files[file], f"{name}/{file}", kinds):
                _add(blocks, block, problems, overrides=bool(_OVERRIDE.fullmatch(file)))
        except ConfigurationError as error:
            problems += error.problems
    return list(blocks.values()), problems


def _blocks(data: bytes, name: str, kinds: Collection[str]) -> Iterator[Block]:
    if name.endswith(".json"):
        for kind, label, values, location in read_json_blocks(data, name, kinds):
            type_text = values.get("type") if kind == "variable" else None
            yield Block(kind, label, values, None if type_text is None else str(type_text), frozenset(), location)
        return
    source = Source(data, name)
    if source.root.has_error:
        _complain(source)
    for node in source.body():
        if node.type != "block":
            continue
        kind, *labels = (
            source.text(child) for child in node.named_children if child.type in {"identifier", "string_lit"}
        )
        if kind in kinds and len(labels) == 1:
            yield _block(source, kind, labels[0].strip('"'), node)


def _complain(source: Source) -> None:
    # tree-sitter may stumble over what HCL takes; only HashiCorp's verdict is passed on.
    try:
        pygohcl.loadb(source.data)
    except (pygohcl.HCLParseError, pygohcl.HCLInternalError) as error:
        if "invalid HCL" in str(error):
            raise ConfigurationError(*source.syntax_errors(str(error))) from None


_READ = {
    "variable": frozenset({"default", "description", "ephemeral", "nullable", "sensitive"}),
    "output": frozenset({"description", "sensitive"}),
    "module": frozenset({"source", "version"}),
}


def _block(source: Source, kind: str, label: str, node: tree_sitter.Node) -> Block:
    place = source.place(node)
    found = dict(named(body_of(node), source))
    type_text = source.text(found["type"]) if kind == "variable" and "type" in found else None
    wanted = {key: expression for key, expression in found.items() if key in _READ[kind]}
    computed = frozenset(key for key, expression in wanted.items() if any(not_literals(source, expression)))
    plain = {key: expression for key, expression in wanted.items() if key not in computed}
    lines = [f"{key} = {source.text(expression)}\n" for key, expression in plain.items()]
    read = attributes_of("".join(lines).encode()) if lines else {}
    values = {key: exact(source, expression, read[key]) for key, expression in plain.items()}
    return Block(kind, label, values, type_text, computed, place)


def _add(blocks: dict[tuple[str, str], Block], block: Block, problems: list[Problem], *, overrides: bool) -> None:
    known = blocks.get((block.kind, block.name))
    if known is not None and overrides:
        type_text = known.type_text if block.type_text is None else block.type_text
        computed = (known.computed - block.values.keys()) | block.computed
        block = Block(block.kind, block.name, {**known.values, **block.values}, type_text, computed, known.location)
    elif known is not None:
        message = f"the {block.kind} {block.name} is declared a second time (first at {known.location})"
        problems.append(Problem("E212", message, "remove one of the two", block.location))
    blocks[block.kind, block.name] = block


def _variable(block: Block, problems: list[Problem]) -> Variable:
    try:
        type_ = parse_type(block.type_text or "any")
    except ValueError as error:
        message = f"the type of the variable {block.name} can't be read: {error}"
        problems.append(Problem("E212", message, "correct the type", block.location))
        type_ = parse_type("any")
    has_default = "default" in block.values or "default" in block.computed
    default, mismatches = convert(block.values.get("default"), type_)
    # What Terraform writes into no plan and no state must not be rendered either.
    sensitive = _flag(block, "sensitive", default=False) or _flag(block, "ephemeral", default=False)
    for mismatch in mismatches:
        message = f"the default of {mismatch.sentence(block.name, reveal=not sensitive)}"
        problems.append(Problem("E212", message, f"correct it; the type is {describe(type_)}", block.location))
    return Variable(
        name=block.name,
        type_text=describe(type_),
        has_default=has_default,
        default=default,
        nullable=_flag(block, "nullable", default=True),
        sensitive=sensitive,
        description=_text(block, "description"),
        location=block.location,
    )


def _output(block: Block) -> Output:
    return Output(block.name, _flag(block, "sensitive", default=False), _text(block, "description"), block.location)


def _call(block: Block) -> ModuleCall:
    return ModuleCall(block.name, _text(block, "source"), block.location, _text(block, "version"))


def _flag(block: Block, key: str, *, default: bool) -> bool:
    value = block.values.get(key, default)
    return value is True or value == "true"


def _text(block: Block, key: str) -> str:
    value = block.values.get(key)
    return value if isinstance(value, str) else ""
