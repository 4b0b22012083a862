"""What commands print with `--json`, held against the schemas that are published in docs/schemas/."""

import json
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from envctl.cli.render.json.schema.documents import EVERY, slug
from envctl.cli.result_types import RESULTS

SCHEMAS = Path(__file__).parents[1] / "docs" / "schemas"


def checked(text: str) -> dict[str, Any]:
    """The one document that was printed; an error where it is not what the schema of its command says."""
    document = json.loads(text, parse_constant=_no_number)
    command = document["command"]
    for name in (EVERY, *([command] if command in RESULTS else [])):
        wrong = best_match(schema(name).iter_errors(document))
        assert wrong is None, f"{slug(name)}.schema.json, at {wrong.json_path}: {wrong.message[:500]}"
    return dict(document)


@cache
def schema(name: str) -> Any:
    """The published one of a command, or of every command."""
    document = json.loads((SCHEMAS / f"{slug(name)}.schema.json").read_text())
    Draft202012Validator.check_schema(document)
    return Draft202012Validator(document)


def _no_number(name: str) -> NoReturn:
    raise AssertionError(f"{name} is not JSON")
