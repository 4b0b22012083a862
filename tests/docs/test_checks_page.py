"""docs/checks.md has every kind of check, and every key of it."""

from pathlib import Path

import pytest

from envctl.domain.config.checks.kinds import KINDS

PAGE = (Path(__file__).parents[2] / "docs" / "checks.md").read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_page_has_the_kind_with_its_keys(kind: str) -> None:
    missing = [name for name in (kind, *KINDS[kind].model_fields) if f"`{name}`" not in PAGE]
    assert not missing, f"write into docs/checks.md: {', '.join(missing)}"
