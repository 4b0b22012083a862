"""`make schemas`: write the schemas to a folder, unless they break those already there."""

import json
import sys
from pathlib import Path

from tools.result_schemas.documents import build_schemas
from tools.result_schemas.promises import find_broken_promises

MAX_WIDTH = 120
REFUSAL = """{}

Readers of these documents would have to change. Keep the old fields, or raise FORMAT in
src/envctl/cli/render/json/document.py (see docs/json.md).
"""


def format_schema(schema: object, indent: str = "") -> str:
    """Format a schema with one line per part that fits, for readable diffs."""
    line = json.dumps(schema, ensure_ascii=False)
    if len(indent) + len(line) <= MAX_WIDTH or not isinstance(schema, dict | list):
        return line
    deeper = f"{indent}  "
    if isinstance(schema, list):
        opening, closing = "[]"
        items = [format_schema(item, deeper) for item in schema]
    else:
        opening, closing = "{}"
        items = [f"{json.dumps(name)}: {format_schema(item, deeper)}" for name, item in schema.items()]
    inner = ",\n".join(f"{deeper}{item}" for item in items)
    return f"{opening}\n{inner}\n{indent}{closing}"


def read_schemas(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.glob("*.schema.json")}


def write_schemas(folder: Path) -> list[str]:
    """Write the schemas, or return the promises they break and write none."""
    kept, made = read_schemas(folder), build_schemas()
    if problems := find_broken_promises({name: json.loads(text) for name, text in kept.items()}, made):
        return problems
    for name in kept.keys() - made.keys():
        (folder / name).unlink()
    for name, schema in made.items():
        (folder / name).write_text(f"{format_schema(schema)}\n")
    return []


if __name__ == "__main__" and (problems := write_schemas(Path(sys.argv[1]))):
    sys.exit(REFUSAL.format("\n".join(problems)))
