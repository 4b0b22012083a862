"""Rows of a test of which some run by day (`make test`), and all of them by night (`make nightly`)."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest


def keep_by_day(rows: Iterable[Any], *kept: Any) -> list[Any]:
    """Return the parameters of a test; the rows that are not kept have the mark `night`.

    `rows` is a table by name, of which `kept` are names, or the rows themselves. A row of several values is a tuple.
    """
    named = rows if isinstance(rows, Mapping) else None
    table = list(rows)
    unknown = [each for each in kept if each not in table]
    assert not unknown, f"no such rows: {unknown}"
    return [
        pytest.param(
            *_list_values(named[row] if named is not None else row),
            marks=() if row in kept else pytest.mark.night,
            **({"id": row} if named is not None else {}),
        )
        for row in table
    ]


def _list_values(row: Any) -> tuple[Any, ...]:
    return row if isinstance(row, tuple) else (row,)
