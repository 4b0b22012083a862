"""Whatever is written as plain JSON comes back as the very value that it was."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.exit_codes import ExitCode
from envctl.domain.ledger.codec import DECODE_ERRORS, build_decoder, encode_value
from envctl.domain.plan.changes import Action, AttributeChange, Marker
from tests.cli.render.schema.values import values


def comparable(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Without NaN, which no plan holds, and which equals nothing, not even itself."""
    return strategy.filter(lambda value: "nan" not in repr(value))


@dataclass(frozen=True)
class Everything:
    words: tuple[str, ...]
    stacks: frozenset[str]
    number: int
    seconds: float
    yes: bool
    action: Action
    code: ExitCode
    kind: Literal["drift", "plan"]
    at: datetime
    lasted: timedelta
    change: AttributeChange | None

    @property
    def not_a_field(self) -> str:
        return ""


def through(kind: Any, value: object) -> Any:
    return build_decoder(kind)(json.loads(json.dumps(encode_value(value))))


@given(comparable(values(Everything)))
def test_value_survives_encoding(value: Everything) -> None:
    assert through(Everything, value) == value


@given(comparable(values(object)))
def test_attribute_value_and_markers_survive_encoding(value: object) -> None:
    read = through(object, value)
    assert read == value
    assert repr(read) == repr(value)


MARKS: dict[str, object] = {
    "a marker": Marker.SENSITIVE,
    "a number that no float holds": Decimal("0.12345678901234567890"),
    "a map that looks like a number": {"$number": "1"},
    "a text that looks like one": "(sensitive)",
    "a marker within a list within a map": {"a": [1, {"b": Marker.UNKNOWN}]},
    "a map that looks like a marker": {"$": "(sensitive)"},
    "a map with keys that begin like one": {"$x": 1, "$$": 2, "": 3},
}


@pytest.mark.parametrize("value", MARKS.values(), ids=MARKS)
def test_markers_differ_from_equal_text(value: object) -> None:
    assert repr(through(object, value)) == repr(value)


WHOLE = encode_value(
    Everything(
        ("a",),
        frozenset({"b"}),
        1,
        1.5,
        True,
        Action.UPDATE,
        ExitCode.FAILED,
        "plan",
        datetime.fromisoformat("2026-11-25T08:00:00+00:00"),
        timedelta(seconds=3),
        None,
    )
)
WRONG: dict[str, dict[str, Any]] = {
    "a number where a text belongs": {"words": [1]},
    "a text where a list belongs": {"words": "a"},
    "true where a number belongs": {"number": True},
    "a whole number where a fraction belongs": {"seconds": 1},
    "a word that is none of them": {"kind": "apply"},
    "an action that is none": {"action": "explode"},
    "a time without a zone": {"at": "2026-11-25T08:00:00"},
    "a field that nobody knows": {"more": 1},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_value_of_another_type_is_refused(change: dict[str, Any]) -> None:
    assert isinstance(WHOLE, dict)
    build_decoder(Everything)(WHOLE)
    with pytest.raises(DECODE_ERRORS):
        build_decoder(Everything)({**WHOLE, **change})
