"""References to outputs of other stacks, as written in `inputs`."""

import re
from dataclasses import dataclass

_REFERENCE = re.compile(
    r"""(?P<stack>[a-z][a-z0-9_-]{0,31}) \. (?P<output>[A-Za-z_][\w-]*)
        (?P<path>(?: \[\d+\] | \["[^"\\$%{}\n]*"\] | \.[A-Za-z_][\w-]* )*)""",
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True)
class OutputReference:
    """A value taken from another stack, like `network.private_subnet_ids[0]`."""

    stack: str
    output: str
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> "OutputReference":
        """Read a reference. Raises ValueError with a message for users."""
        found = _REFERENCE.fullmatch(text)
        if found is None:
            raise ValueError(f'{text!r} is not of the form stack.output, with [0], ["key"] or .attribute behind it')
        return cls(found["stack"], found["output"], found["path"])

    def to_expression(self) -> str:
        return f"data.terraform_remote_state.{self.stack}.outputs.{self.output}{self.path}"

    def __str__(self) -> str:
        return f"{self.stack}.{self.output}{self.path}"
