"""Dataclasses whose methods are compiled on their first call behave like all others."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from envctl.cli.late_methods import delay_dataclass_methods

COMPILE: Any = getattr(dataclasses, "_create_fn", None)
WRITERS: dict[str, Any] = {
    name: getattr(dataclasses, name, None)
    for name in ("_init_fn", "_repr_fn", "_hash_fn", "_cmp_fn", "_frozen_get_del_attr", "inspect")
}
pytestmark = pytest.mark.skipif(COMPILE is None, reason="this Python compiles all at once")


@pytest.fixture(autouse=True)
def early_dataclasses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, writer in WRITERS.items():
        monkeypatch.setattr(dataclasses, name, writer)


def define_classes() -> dict[str, Any]:
    @dataclasses.dataclass(frozen=True)
    class Place:
        name: str
        tags: dict[str, str] = dataclasses.field(default_factory=dict, compare=False)

    @dataclasses.dataclass(frozen=True)
    class Town(Place):
        size: int = dataclasses.field(default=0, kw_only=True)

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Route:
        start: str
        end: str
        stops: tuple[str, ...] = ()

    @dataclasses.dataclass(frozen=True)
    class Named:
        name: str
        _: dataclasses.KW_ONLY
        size: int = 0

    @dataclasses.dataclass(frozen=True, slots=True, order=True)
    class Level:
        number: int

    @dataclasses.dataclass
    class Counter:
        count: int
        doubled: int = dataclasses.field(init=False)

        def __post_init__(self) -> None:
            self.doubled = 2 * self.count

    return {each.__name__: each for each in (Place, Town, Route, Named, Level, Counter)}


ACTIONS: dict[str, Callable[[dict[str, Any]], object]] = {
    "text": lambda c: repr([c["Place"]("a"), c["Town"]("b", size=2), c["Level"](3), c["Counter"](4)]),
    "equal": lambda c: [c["Place"]("a") == c["Place"]("a", {"x": "y"}), c["Place"]("a") == c["Town"]("a")],
    "hash": lambda c: [hash(c["Place"]("a")) == hash(c["Place"]("a")), len({c["Level"](1), c["Level"](1)})],
    "order": lambda c: min(c["Level"](2), c["Level"](1)).number,
    "replace": lambda c: repr(dataclasses.replace(c["Town"]("b", size=2), name="c")),
    "fields": lambda c: [field.name for field in dataclasses.fields(c["Town"])],
    "doubled": lambda c: [c["Counter"](2).doubled, c["Counter"](3).doubled],
    "keywords": lambda c: repr([c["Route"](end="b", start="a"), c["Named"]("a", size=2), c["Named"](name="a")]),
    "replaced keyword": lambda c: dataclasses.replace(c["Route"](start="a", end="b"), end="c").end,
    "value by position": lambda c: c["Route"]("a", "b"),
    "second value by position": lambda c: c["Named"]("a", 2),
    "missing keyword": lambda c: c["Route"](start="a"),
    "missing argument": lambda c: c["Place"](),
    "change of a frozen field": lambda c: setattr(c["Place"]("a"), "name", "b"),
    "change of an inherited field": lambda c: setattr(c["Town"]("a"), "name", "b"),
    "deletion": lambda c: delattr(c["Town"]("a"), "size"),
    "unhashable": lambda c: hash(c["Counter"](1)),
    "names": lambda c: [c["Place"].__init__.__name__, c["Place"].__eq__.__qualname__],
}


def observe(action: Callable[[dict[str, Any]], object], classes: dict[str, Any]) -> object:
    try:
        return action(classes)
    except (TypeError, AttributeError) as error:
        return type(error), str(error)


@pytest.mark.parametrize("name", ACTIONS)
def test_late_methods_behave_like_early_ones(name: str) -> None:
    early = define_classes()
    delay_dataclass_methods()
    late = define_classes()
    expected = observe(ACTIONS[name], early)
    assert [observe(ACTIONS[name], late) for _ in range(2)] == [expected] * 2


def test_methods_are_written_on_first_call(monkeypatch: pytest.MonkeyPatch) -> None:
    written = list[str]()

    def record_call(*given: Any) -> Any:
        written.append("__init__")
        return WRITERS["_init_fn"](*given)

    monkeypatch.setattr(dataclasses, "_init_fn", record_call)
    delay_dataclass_methods()
    counter = define_classes()["Counter"]
    assert written == []
    assert counter(1).doubled + counter(2).doubled == 6
    assert written == ["__init__"]


def test_methods_are_compiled_on_first_call(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = list[str]()

    def record_name(name: str, *source: Any, **names: Any) -> Any:
        compiled.append(name)
        return COMPILE(name, *source, **names)

    monkeypatch.setattr(dataclasses, "_create_fn", record_name)
    delay_dataclass_methods()
    place = define_classes()["Place"]
    assert compiled == []
    assert place("a") == place("a")
    assert place("b").__init__.__func__ is place.__dict__["__init__"]
    assert compiled == ["__init__", "__eq__"]


def test_other_pythons_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(dataclasses, "_create_fn")
    delay_dataclass_methods()
    assert not hasattr(dataclasses, "_create_fn")
