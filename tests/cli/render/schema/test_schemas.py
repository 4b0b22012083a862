"""The published schemas are those of the code, and say of each document exactly what it is."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, make_dataclass
from datetime import datetime
from typing import Any, Literal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tools.result_schemas.__main__ import format_schema, read_schemas
from tools.result_schemas.documents import build_schemas, load_result_types
from tools.result_schemas.promises import find_broken_promises
from tools.result_schemas.types import TIMESTAMP_PATTERN, SchemaBuilder

from envctl.cli.command_table import RESULTS
from envctl.cli.render.json.document import build_envelope
from tests.by_day import keep_by_day
from tests.cli.render.samples import ERRORS
from tests.cli.render.samples import RESULTS as SAMPLES
from tests.cli.render.schema.values import values
from tests.documents import SCHEMAS, load_schema, parse_document

SPOILT: dict[str, Callable[[dict[str, Any], str], None]] = {
    "a key that is missing": lambda place, key: place.pop(key),
    "a key that nobody knows": lambda place, key: place.update({f"{key}_": place[key]}),
    "a value of another type": lambda place, key: place.update({key: [{"no such": "value"}]}),
}
BY_TYPE = {cls: command for command in RESULTS for cls in load_result_types(command)}


def test_published_schemas_match_the_code() -> None:
    published, made = read_schemas(SCHEMAS), build_schemas()
    problems = find_broken_promises({name: json.loads(text) for name, text in published.items()}, made)
    assert problems == [], "a reader of these would have to change: keep it, or raise FORMAT in machine.py"
    assert published == {name: f"{format_schema(document)}\n" for name, document in made.items()}, "run: make schemas"


def test_published_schemas_are_valid() -> None:
    """Each type once: most documents have the same ones, and to check a schema takes long."""
    documents = [json.loads(text) for text in read_schemas(SCHEMAS).values()]
    definitions = [each for document in documents for each in document.pop("$defs", {}).items()]
    each_once = {json.dumps(each): each for each in definitions}
    for document in documents:
        Draft202012Validator.check_schema(document)
    for name, definition in each_once.values():
        Draft202012Validator.check_schema({"$defs": {name: definition}})


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_matches_schema_of_its_command(name: str) -> None:
    sample = SAMPLES[name]
    for command in (command for command in RESULTS if type(sample) in load_result_types(command)):
        parse_document(json.dumps(build_envelope(command, sample, None, 0)))


# By day each error with one command, and each command with one error: the schema of a failure is that of the envelope.
FAILURES = [(command, name) for command in ("", "ledger", *RESULTS) for name in ERRORS]


@pytest.mark.parametrize(
    ("command", "name"),
    keep_by_day(FAILURES, *(each for each in FAILURES if each[0] == "promote" or each[1] == "a refusal")),
)
def test_failure_matches_schema_of_every_command(command: str, name: str) -> None:
    error = ERRORS[name]
    parse_document(json.dumps(build_envelope(command, None, error, error.exit_code, sandbox=True)))


@pytest.mark.parametrize("cls", BY_TYPE, ids=lambda cls: cls.__name__)
def test_document_of_any_value_matches_its_type(cls: type) -> None:
    @settings(max_examples=settings().max_examples // 2)
    @given(values(cls))
    def law(value: object) -> None:
        parse_document(json.dumps(build_envelope(BY_TYPE[cls], value, None, 0)))

    law()


def _records(value: object, document: Any) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """The parts of a document that came of dataclasses, and their keys that can't hold just anything."""
    told: list[tuple[object, Any]] = []
    if is_dataclass(value):
        anything = {each.name for each in fields(value) if each.type in {object, "object"}}
        yield document, sorted(document.keys() - anything)
        names = [each.name for each in fields(value) if each.name in document.keys() - anything]
        told = [(getattr(value, name), document[name]) for name in names]
    elif isinstance(value, Mapping):
        told = [(item, document[str(key)]) for key, item in value.items()]
    elif isinstance(value, list | tuple):
        told = list(zip(value, document, strict=True))
    for part, said in told:
        yield from _records(part, said)


def _other_results(command: str, cls: type) -> list[set[str]]:
    return [{each.name for each in fields(other)} for other in load_result_types(command) if other is not cls]


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
@given(data=st.data())
def test_document_is_invalid_with(spoil: Callable[[dict[str, Any], str], None], data: st.DataObject) -> None:
    value = SAMPLES[data.draw(st.sampled_from(sorted(SAMPLES)))]
    command = BY_TYPE[type(value)]
    document = json.loads(json.dumps(build_envelope(command, value, None, 0)))
    places = [(document, sorted(document)), *_records(value, document["result"])]
    place, keys = data.draw(st.sampled_from([(place, keys) for place, keys in places if keys]))
    key = data.draw(st.sampled_from(keys))
    assert load_schema(command).is_valid(document)
    spoil(place, key)
    # Some commands have two results, and the one has all keys of the other.
    result = document.get("result")
    assume(not isinstance(result, dict) or result.keys() not in _other_results(command, type(value)))
    assert not load_schema(command).is_valid(document)


@pytest.mark.parametrize(
    "changed",
    [
        {"ok": False},
        {"result": None},
        {"exit_code": 3},
        {"command": "apply"},
        {"envctl": 2},
        {"ok": False, "result": None, "exit_code": 1},
    ],
    ids=str,
)
def test_contradictory_envelope_is_invalid(changed: dict[str, Any]) -> None:
    document = build_envelope("plan", SAMPLES["a first plan"], None, 0)
    assert load_schema("plan").is_valid(document)
    assert not load_schema("plan").is_valid({**document, **changed})


def test_unredacted_secret_is_invalid() -> None:
    document = build_envelope("settings", SAMPLES["settings"], None, 0)
    (sensitive,) = (setting for setting in document["result"]["settings"] if setting["sensitive"])
    assert load_schema("settings").is_valid(document)
    sensitive["value"] = "hunter2"
    assert not load_schema("settings").is_valid(document)


@dataclass(frozen=True)
class Chain:
    """Of None, or of another one."""

    after: "Chain | None"
    sizes: tuple[int, str]


def test_recursive_type_has_a_schema() -> None:
    definitions = SchemaBuilder()
    assert definitions.build_schema(Chain) == {"$ref": "#/$defs/Chain"}
    chain = definitions.found["Chain"]
    assert chain["description"] == "Of null, or of another one."
    assert chain["properties"]["after"] == {"anyOf": [{"$ref": "#/$defs/Chain"}, {"type": "null"}]}
    assert chain["properties"]["sizes"]["prefixItems"] == [{"type": "integer"}, {"type": "string"}]


UNIONS: dict[object, Any] = {
    int | str | None: {"type": ["integer", "string", "null"]},
    datetime | None: {"type": ["string", "null"], "format": "date-time", "pattern": TIMESTAMP_PATTERN},
    datetime | str: {
        "anyOf": [{"type": "string", "format": "date-time", "pattern": TIMESTAMP_PATTERN}, {"type": "string"}]
    },
    Literal["a"] | None: {"anyOf": [{"enum": ["a"]}, {"type": "null"}]},
}


@pytest.mark.parametrize(("annotation", "expected"), UNIONS.items(), ids=map(str, UNIONS))
def test_union_schema_is_shortened_where_equivalent(annotation: object, expected: Any) -> None:
    assert SchemaBuilder().build_schema(annotation) == expected


def test_two_types_with_the_same_name_are_distinguished() -> None:
    definitions = SchemaBuilder()
    other = make_dataclass("Chain", [("size", int)])
    assert definitions.build_schema(Chain) == definitions.build_schema(Chain) == {"$ref": "#/$defs/Chain"}
    assert definitions.build_schema(other) == {"$ref": "#/$defs/types.Chain"}
    assert definitions.found["types.Chain"]["required"] == ["size"]


@pytest.mark.parametrize("annotation", [bytes, dict, type(lambda: 0), list[bytes], dict[str, complex]], ids=str)
def test_type_without_json_form_has_no_schema(annotation: object) -> None:
    with pytest.raises(TypeError, match="no place in a JSON document"):
        SchemaBuilder().build_schema(annotation)
