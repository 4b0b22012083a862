"""What commands print with `--json`, held against the schemas that are published in docs/schemas/."""

import json
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from tools.result_schemas.documents import ENVELOPE_NAME, to_slug

from envctl.cli.command_table import RESULTS

SCHEMAS = Path(__file__).parents[1] / "docs" / "schemas"


def parse_document(text: str) -> dict[str, Any]:
    """The one document that was printed; an error where it is not what the schema of its command says."""
    document = json.loads(text, parse_constant=_refuse_constant)
    command = document["command"]
    for name in (ENVELOPE_NAME, *([command] if command in RESULTS else [])):
        wrong = best_match(load_schema(name).iter_errors(document))
        assert wrong is None, f"{to_slug(name)}.schema.json, at {wrong.json_path}: {wrong.message[:500]}"
    return dict(document)


@cache
def load_schema(name: str) -> Any:
    """The published one of a command, or of every command. That each is a schema has a test of its own."""
    return Draft202012Validator(json.loads((SCHEMAS / f"{to_slug(name)}.schema.json").read_text()))


def _refuse_constant(name: str) -> NoReturn:
    raise AssertionError(f"{name} is not JSON")
