"""What may change under a reader's feet, and what takes a new version of the format."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, make_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest
from tools.result_schemas import __main__ as command
from tools.result_schemas.documents import build_command_schema
from tools.result_schemas.promises import find_broken_promises
from tools.result_schemas.types import SchemaBuilder


def record(**types: object) -> Any:
    return make_dataclass("Record", types.items())


def published(result: Any, version: int = 1) -> dict[str, Any]:
    definitions = SchemaBuilder()
    properties = {"envctl": {"const": version}, "result": definitions.build_schema(result)}
    return {"x.schema.json": {"type": "object", "properties": properties, "$defs": definitions.found}}


@dataclass(frozen=True)
class Inner:
    a: int


@dataclass(frozen=True)
class Twin:
    a: int


@dataclass(frozen=True)
class Wider:
    a: int
    b: int


@dataclass(frozen=True)
class Other:
    b: int


@dataclass(frozen=True)
class Set:
    kind: ClassVar[str] = "set"
    at: int


@dataclass(frozen=True)
class Lifted:
    kind: ClassVar[str] = "lifted"
    at: int


@dataclass(frozen=True)
class Bare:
    kind: ClassVar[str] = "lifted"


KEPT: dict[str, tuple[Any, Any]] = {
    "nothing changes": (record(a=int, b=list[Inner]), record(a=int, b=list[Inner])),
    "there is one more key": (record(a=int), record(b=str, a=int)),
    "there is one more key deep inside": (record(a=list[Inner]), record(a=list[Wider])),
    "a word more may be said": (record(a=Literal["x"]), record(a=Literal["x", "y"])),
    "a word less may be said": (record(a=Literal["x", "y"]), record(a=Literal["x"])),
    "text becomes one of some words": (record(a=str), record(a=Literal["x"])),
    "one of some words becomes text": (record(a=Literal["x"]), record(a=str)),
    "null can't be any more": (record(a=int | None, b=Inner | None), record(a=int, b=Inner)),
    "there is one more kind of event": (list[Set | None], list[Set | Lifted | None]),
    "a kind of event is never told any more": (list[Set | Lifted], list[Lifted | Set]),
    "a number becomes a whole one": (record(a=float), record(a=int)),
    "any value becomes text": (record(a=object), record(a=str)),
    "a pair gets a third part": (tuple[int, str], tuple[int, str, int]),
    "a type is called otherwise": (Inner, Twin),
    "the format has a new version": (published(Inner), published(record(b=str), 2)),
}
BROKEN: dict[str, tuple[Any, Any, str]] = {
    "a key is gone": (record(a=int, b=int), record(a=int), "result.b is gone"),
    "a key has another name": (record(a=int), record(b=int), "result.a is gone"),
    "a key deep inside is gone": (
        record(a=dict[str, list[Inner]]),
        record(a=dict[str, list[Other]]),
        "result.a[][].a is gone",
    ),
    "a key of one of two results is gone": (
        Inner | record(b=int, c=int),
        Inner | record(b=int),
        "result.a is gone",
    ),
    "a key of an event is gone": (Set | Lifted, Set | Bare, "result.at is gone"),
    "an event has no kind any more": (Set | Lifted, Set | Inner, "result may be of another type: object"),
    "a number becomes text": (record(a=int), record(a=str), "result.a may be of another type: string"),
    "a whole number becomes any": (record(a=int), record(a=float), "result.a may be of another type: number"),
    "null may be": (record(a=str), record(a=str | None), "result.a may be of another type: null"),
    "any value may be": (record(a=str), record(a=object), "result.a may be of another type: any"),
    "a record may be absent": (Inner, Inner | None, "result may be of another type: null"),
    "a list becomes a mapping": (list[int], dict[str, int], "result may be of another type: object"),
    "a mapping becomes a record": (dict[str, int], Inner, "result[] are others"),
    "a record becomes a mapping": (Inner, dict[str, int], "result.a is gone"),
    "the items of a list are others": (list[int], list[str], "result[] may be of another type: string"),
    "a pair becomes a list": (tuple[int, int], list[int], "result[] are fewer"),
    "a time becomes a number": (record(a=datetime), record(a=float), "result.a may be of another type: number"),
    "there is no result any more": (Inner, type(None), "result may be of another type: null"),
}


def schemas(result: Any) -> Mapping[str, Any]:
    return result if isinstance(result, dict) else published(result)


@pytest.mark.parametrize(("old", "new"), KEPT.values(), ids=KEPT.keys())
def test_readers_are_not_broken_by(old: Any, new: Any) -> None:
    assert find_broken_promises(schemas(old), schemas(new)) == []


@pytest.mark.parametrize(("old", "new", "problem"), BROKEN.values(), ids=BROKEN.keys())
def test_readers_are_broken_by(old: Any, new: Any, problem: str) -> None:
    assert find_broken_promises(schemas(old), schemas(new)) == [f"x.schema.json: {problem}"]


def test_removed_document_breaks_readers() -> None:
    other = {"y.schema.json": published(Inner)["x.schema.json"]}
    assert find_broken_promises(published(Inner), other) == ["x.schema.json: there is no such document any more"]
    assert find_broken_promises({}, other) == []
    assert find_broken_promises(published(Inner), published(Inner) | other) == []


def test_changed_envelope_breaks_readers() -> None:
    now = build_command_schema("plan")
    before = deepcopy(now)
    before["properties"]["took"] = {"type": "number"}
    before["properties"]["problems"]["items"]["properties"]["column"] = {"type": "integer"}
    lost = ["x: problems[].column is gone", "x: took is gone"]
    assert sorted(find_broken_promises({"x": before}, {"x": now})) == lost


@pytest.mark.slow
def test_breaking_schema_is_not_written(tmp_path: Path) -> None:
    assert command.write_schemas(tmp_path) == []
    file = tmp_path / "apply.schema.json"
    text = file.read_text()
    file.write_text(text.replace('"waits_for"', '"waited_for"'))
    kept = command.read_schemas(tmp_path)
    assert command.write_schemas(tmp_path) == ["apply.schema.json: result.plan.stacks[].waited_for is gone"]
    assert command.read_schemas(tmp_path) == kept
    file.unlink()
    assert command.write_schemas(tmp_path) == []
    assert file.read_text() == text
