"""Values of generated YAML: no text becomes a number, a yes or a no, or another structure."""

import json
import re
from collections.abc import Iterable, Mapping

# A point before a digit begins a number, as do `.inf` and `.nan`.
_PLAIN = re.compile(r"([A-Za-z/]|\.(?![\dIiNn_]))[\w./-]*", re.ASCII)
# Words that YAML 1.1 reads as true, false or null.
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def format_yaml_scalar(text: str) -> str:
    """Return the text as a YAML scalar, quoted as JSON if needed."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else json.dumps(text)


def format_yaml_list(values: Iterable[str]) -> str:
    return f"[{', '.join(map(format_yaml_scalar, values))}]"


def format_yaml_lines(values: Mapping[str, str], indent: int) -> list[str]:
    """Return a line for each key. Values stay as they are if they are one expression of GitHub."""
    return [f"{' ' * indent}{format_yaml_scalar(name)}: {_format_value(text)}" for name, text in values.items()]


def format_yaml_block(text: str, indent: int) -> str:
    """Return a multi-line text as a literal block, or as JSON if a block would change it; one line as a scalar."""
    lines = text.rstrip("\n").split("\n")
    if len(lines) == 1:
        return _format_value(lines[0])
    if lines[0].startswith((" ", "\t")) or not lines[0]:
        return json.dumps(text)
    return "|\n" + "\n".join(f"{' ' * indent}{line}" if line else "" for line in lines)


def _format_value(text: str) -> str:
    return text if re.fullmatch(r"\$\{\{ [\w. '!=|&()-]+ \}\}", text) else format_yaml_scalar(text)
