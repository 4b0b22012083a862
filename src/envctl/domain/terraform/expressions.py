"""What rendered code says in Terraform's JSON syntax: values, and references to outputs of other stacks."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from envctl.domain.terraform.literals import encode_json

_REFERENCE = r"""(?ax)(?P<stack>[a-z][a-z0-9_-]{0,31}) \. (?P<output>[A-Za-z_][\w-]*)
    (?P<path>(?: \[\d+\] | \["[^"\\$%{}\n]*"\] | \.[A-Za-z_][\w-]* )*)"""


@dataclass(frozen=True)
class OutputReference:
    """A value taken from another stack, like `network.private_subnet_ids[0]`."""

    stack: str
    output: str
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> "OutputReference":
        """Read a reference. Raises ValueError with a message for users."""
        found = re.fullmatch(_REFERENCE, text)
        if found is None:
            raise ValueError(f'{text!r} is not of the form stack.output, with [0], ["key"] or .attribute behind it')
        return cls(found["stack"], found["output"], found["path"])

    def to_expression(self) -> str:
        return f"data.terraform_remote_state.{self.stack}.outputs.{self.output}{self.path}"

    def __str__(self) -> str:
        return f"{self.stack}.{self.output}{self.path}"


def is_cluster_output(text: str) -> bool:
    """Tell a reference to the name of a cluster from the name itself, which has no dot."""
    return "." in text


def escape_templates(value: object) -> object:
    """Return the value for Terraform's JSON syntax, with `${` and `%{` escaped: strings are templates there."""
    match value:
        case str():
            return value.replace("${", "$${").replace("%{", "%%{")
        case Mapping():
            return {escape_templates(str(key)): escape_templates(item) for key, item in value.items()}
        case list() | tuple():
            return [escape_templates(item) for item in value]
        case set() | frozenset():
            return [escape_templates(item) for item in sorted(value, key=repr)]
        case _:
            return value


def to_plain_json(value: object) -> object:
    """Return the value for a settings file in JSON: strings are no templates there."""
    match value:
        case Mapping():
            return {str(key): to_plain_json(item) for key, item in value.items()}
        case list() | tuple():
            return [to_plain_json(item) for item in value]
        case set() | frozenset():
            return [to_plain_json(item) for item in sorted(value, key=repr)]
        case _:
            return value


def format_tf_var(value: object, type_text: str) -> str:
    """Return the `TF_VAR_` text of a value: plain for primitive types, an HCL expression for all others."""
    if type_text.strip() in ("string", "number", "bool"):
        return value if isinstance(value, str) else json.dumps(value)
    return encode_json(escape_templates(value))
