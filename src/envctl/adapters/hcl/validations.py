"""Reader of the `validation` blocks of a module. What it can't read is left to Terraform."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import tree_sitter

from envctl.adapters.hcl.module import OVERRIDE
from envctl.adapters.hcl.source import Source, find_non_literals, list_attributes, list_body, load_source
from envctl.domain.errors import ConfigurationError
from envctl.domain.terraform.literals import unquote_string
from envctl.domain.terraform.variables import ModuleValidations, Validation


@dataclass(frozen=True)
class _Variable:
    name: str
    rules: tuple[Validation, ...]
    has_computed_default: bool


def read_validations(files: Mapping[str, bytes]) -> ModuleValidations:
    """Read the files of one folder, given by path."""
    code = {path: data for path, data in files.items() if path.endswith((".tf", ".tf.json")) and b"variable" in data}
    if not any(b"validation" in data for data in code.values()):
        return ModuleValidations()
    # An override may replace blocks, and JSON has its own way to write conditions.
    if any(path.endswith(".json") or OVERRIDE.fullmatch(path.rpartition("/")[2]) for path in code):
        return ModuleValidations()
    variables = [each for path, data in sorted(code.items()) for each in _read_file(data, path)]
    return ModuleValidations(
        tuple(rule for each in variables for rule in each.rules),
        frozenset(each.name for each in variables if each.has_computed_default),
    )


# A command asks for the same files once for each environment.
@lru_cache(maxsize=128)
def _read_file(data: bytes, path: str) -> tuple[_Variable, ...]:
    try:
        source = load_source(data, path)
    except ConfigurationError:
        return ()
    return tuple(
        _read_variable(source, node)
        for node in list_body(source.root)
        if node.type == "block" and source.read_node(node.named_children[0]) == "variable" and not node.has_error
    )


def _read_variable(source: Source, node: tree_sitter.Node) -> _Variable:
    name = source.read_node(node.named_children[1]).strip('"')
    found = dict(list_attributes(list_body(node), source))
    is_computed = "default" in found and any(find_non_literals(source, found["default"]))
    return _Variable(name, tuple(_read_rules(source, node, name)), is_computed)


def _read_rules(source: Source, variable: tree_sitter.Node, name: str) -> Iterator[Validation]:
    for node in list_body(variable):
        if node.type != "block" or source.read_node(node.named_children[0]) != "validation":
            continue
        found = dict(list_attributes(list_body(node), source))
        if "condition" in found:
            message = source.read_node(found["error_message"]) if "error_message" in found else ""
            condition = source.read_node(found["condition"])
            yield Validation(name, condition, _unquote(message), source.locate_node(node))


def _unquote(text: str) -> str:
    """Return the text of a quoted string; empty for other expressions. References stay as they are."""
    if not (text.startswith('"') and text.endswith('"')) or "\n" in text:
        return ""
    try:
        return unquote_string(text.replace("${", "$${").replace("%{", "%%{"))
    except (ValueError, OverflowError):
        return ""
