"""`make schemas`: writes the schemas to a folder, unless a reader of the ones that lie there would have to change."""

import json
import sys
from pathlib import Path

from envctl.cli.render.json.schema.documents import documents
from envctl.cli.render.json.schema.promises import broken

WIDTH = 120
REFUSED = """{}

Whoever reads these documents would have to change. Keep what they rely on, or raise FORMAT in
src/envctl/cli/render/json/document.py (see docs/json.md).
"""


def text_of(schema: object, indent: str = "") -> str:
    """JSON in which what fits into a line stands in one, so that a change can be seen."""
    line = json.dumps(schema, ensure_ascii=False)
    if len(indent) + len(line) <= WIDTH or not isinstance(schema, dict | list):
        return line
    deeper = f"{indent}  "
    if isinstance(schema, list):
        return _block("[]", [text_of(item, deeper) for item in schema], indent)
    return _block("{}", [f"{json.dumps(name)}: {text_of(item, deeper)}" for name, item in schema.items()], indent)


def _block(brackets: str, items: list[str], indent: str) -> str:
    inner = ",\n".join(f"{indent}  {item}" for item in items)
    return f"{brackets[0]}\n{inner}\n{indent}{brackets[1]}"


def read(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.glob("*.schema.json")}


def write(folder: Path) -> list[str]:
    """Gives the promises that would be broken; where there are any, nothing is written."""
    kept, made = read(folder), documents()
    if problems := broken({name: json.loads(text) for name, text in kept.items()}, made):
        return problems
    for name in kept.keys() - made.keys():
        (folder / name).unlink()
    for name, schema in made.items():
        (folder / name).write_text(f"{text_of(schema)}\n")
    return []


if __name__ == "__main__" and (problems := write(Path(sys.argv[1]))):
    sys.exit(REFUSED.format("\n".join(problems)))
