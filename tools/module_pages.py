"""Writes the tables of inputs and outputs into the README.md of every module, from its variables.tf and outputs.tf.

python -m tools.module_pages [MODULE ...]
"""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from envctl.adapters.hcl.module import read_module
from envctl.domain.errors import ConfigurationError
from envctl.domain.terraform.variables import Output, Variable

MODULES = Path(__file__).parents[1] / "modules"
_TABLE = re.compile(r"(?:^## (?:Inputs|Outputs)\n\n)?^\| (?:variable|output) \|.*\n(?:\|.*\n)+\n?", re.MULTILINE)
_FIRST = ("project", "environment", "name")


def names() -> list[str]:
    return sorted(folder.name for folder in MODULES.iterdir() if (folder / "versions.tf").exists())


def page(module: str) -> str:
    """The page as it has to be: with the tables that the module's code gives, where they stood, or at the end."""
    folder = MODULES / module
    interface = read_module({path.name: path.read_bytes() for path in folder.glob("*.tf")}, module)
    tables = "\n".join((*_inputs(interface.variables), "", *_outputs(interface.outputs))).rstrip() + "\n"
    file = folder / "README.md"
    text = file.read_text(encoding="utf-8") if file.exists() else f"# {module}\n"
    first = _TABLE.search(text)
    if first is None:
        return f"{text.rstrip()}\n\n{tables}"
    before, after = text[: first.start()], _TABLE.sub("", text[first.start() :])
    return f"{before.rstrip()}\n\n{tables}\n{after}".rstrip() + "\n"


def _inputs(variables: Sequence[Variable]) -> Iterator[str]:
    yield "## Inputs"
    yield ""
    yield "| variable | type | default | meaning |"
    yield "|---|---|---|---|"
    place = {name: number for number, name in enumerate(_FIRST)}
    for variable in sorted(variables, key=lambda v: (place.get(v.name, len(_FIRST)), v.has_default)):
        default = _default(variable) if variable.has_default else "required"
        yield f"| `{variable.name}` | {_type(variable.type_text)} | {default} | {_cell(variable.description)} |"


def _outputs(outputs: Sequence[Output]) -> Iterator[str]:
    if outputs:
        yield "## Outputs"
        yield ""
        yield "| output | meaning |"
        yield "|---|---|"
    for output in outputs:
        yield f"| `{output.name}` | {_cell(output.description)} |"


def _type(text: str) -> str:
    return f"`{' '.join(text.split())}`"


def _default(variable: Variable) -> str:
    return f"`{json.dumps(variable.default, ensure_ascii=False, default=list)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main(modules: Sequence[str]) -> int:
    for module in modules or names():
        try:
            (MODULES / module / "README.md").write_text(page(module), encoding="utf-8")
        except ConfigurationError as error:
            for problem in error.problems:
                print(f"{problem.location}: {problem.message}", file=sys.stderr)  # noqa: T201
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
