"""Stale schemas fail once, and at once: the laws about documents would shrink for minutes before."""

from functools import cache
from pathlib import Path

import pytest
from tools.result_schemas.__main__ import format_schema, read_schemas
from tools.result_schemas.documents import build_schemas

from tests.documents import SCHEMAS

OWN_TEST = "test_published_schemas_match_the_code"
HERE = Path(__file__).parent


@cache
def list_stale() -> tuple[str, ...]:
    published = read_schemas(SCHEMAS)
    made = {name: f"{format_schema(document)}\n" for name, document in build_schemas().items()}
    return tuple(name for name in sorted({*published, *made}) if published.get(name) != made.get(name))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave one test of this folder if the schemas are stale: the one about them, or any that says so."""
    mine = [item for item in items if item.path.is_relative_to(HERE)]
    if not mine or not list_stale():
        return
    only = next((item for item in mine if item.name == OWN_TEST), mine[0])
    left_out = {item for item in mine if item is not only}
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=list(left_out))


@pytest.fixture(autouse=True)
def fresh_schemas(request: pytest.FixtureRequest) -> None:
    if request.node.name != OWN_TEST and (stale := list_stale()):
        pytest.fail(f"docs/schemas are older than the types of {', '.join(stale)}: run make schemas", pytrace=False)
