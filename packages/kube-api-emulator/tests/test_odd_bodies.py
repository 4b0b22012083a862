"""Whatever a body holds, the emulator answers."""

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.golden.replay import APPLY, Replay, load_dry_runs, load_requests

VALUES: list[Any] = [
    *(None, 0, -1, 1.5, 2**40, True, False, "", "x", "a b", "1Gi", "25%"),
    *([], {}, [None], ["x"], [1], [{}], [[]], [{"name": "x"}], {"x": 1}, {"name": "x"}, {"x": None}),
]
NAMES = ["foo", "spec", "data", "items", "type", "name", "metadata", "labels", "annotations"]
MEDIA = {
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": APPLY,
}


def list_paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in parts:
        yield from list_paths(inner, (*path, step))


def change_body(chance: random.Random, body: Any) -> Any:
    body = copy.deepcopy(body)
    for _ in range(chance.choice([1, 1, 2, 3])):
        paths = [path for path in list_paths(body) if path and path[0] not in ("apiVersion", "kind")]
        if not paths:
            break
        *above, last = chance.choice(paths)
        part = body
        for step in above:
            part = part[step]
        match chance.randrange(5):
            case 0:
                del part[last]
            case 1 if isinstance(part, dict):
                part[chance.choice(NAMES)] = copy.deepcopy(chance.choice(VALUES))
            case 1:
                part.append(copy.deepcopy(chance.choice(VALUES)))
            case _:
                part[last] = copy.deepcopy(chance.choice(VALUES))
    return body


@pytest.mark.parametrize("seed", range(3))
def test_each_odd_body_gets_an_answer(seed: int) -> None:
    chance, replay = random.Random(seed), Replay()
    for name in ("gold", "t"):
        replay.send("POST", "/api/v1/namespaces", "", {"kind": "Namespace", "metadata": {"name": name}})
    exchanges = [each for each in load_dry_runs() if each.name == "as it is"]
    exchanges += [each for each in load_requests() if each.media == APPLY and each.code == 200]
    for each in exchanges:
        replay.send("PATCH", each.target.partition("?")[0] + "?fieldManager=first&force=true", APPLY, each.body)
    for _ in range(300):
        exchange = chance.choice(exchanges)
        path, body = exchange.target.partition("?")[0], change_body(chance, exchange.body)
        way = chance.choice(["apply", "apply", "merge", "strategic", "put", "post"])
        if way == "post":
            level = chance.choice(["Strict", "Warn", "Ignore"])
            code, answer = replay.send("POST", f"{path.rpartition('/')[0]}?fieldValidation={level}", "", body)
        elif way == "put":
            code, answer = replay.send("PUT", path, "", body)
        else:
            query = f"?fieldManager={chance.choice('ab')}&force={chance.choice(['true', 'false'])}"
            code, answer = replay.send("PATCH", path + query, MEDIA[way], body)
        assert code < 300 or answer["kind"] == "Status"
