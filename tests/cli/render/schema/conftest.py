"""A stale schema says so at once: the laws about documents would shrink for minutes before."""

from functools import cache

import pytest

from envctl.cli.render.json.schema.__main__ import format_schema, read_schemas
from envctl.cli.render.json.schema.documents import build_schemas
from tests.documents import SCHEMAS

OWN_TEST = "test_published_schemas_match_the_code"


@cache
def list_stale() -> tuple[str, ...]:
    published = read_schemas(SCHEMAS)
    made = {name: f"{format_schema(document)}\n" for name, document in build_schemas().items()}
    return tuple(name for name in sorted({*published, *made}) if published.get(name) != made.get(name))


@pytest.fixture(autouse=True)
def fresh_schemas(request: pytest.FixtureRequest) -> None:
    if request.node.name != OWN_TEST and (stale := list_stale()):
        pytest.fail(f"docs/schemas are older than the types of {', '.join(stale)}: run make schemas", pytrace=False)
