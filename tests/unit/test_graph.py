import itertools

from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.graph import CycleError, order_stacks, restrict_graph, reverse_graph, transitive_closure
from tests.catching import catch

NAMES = [f"s{number}" for number in range(8)]


@st.composite
def _needs(draw: st.DrawFn) -> dict[str, set[str]]:
    """Needs without a circle: each name needs only names before it in a hidden order."""
    hidden = draw(st.permutations(NAMES))
    needs = {name: draw(st.sets(st.sampled_from(hidden[:at]))) if at else set() for at, name in enumerate(hidden)}
    return {name: needs[name] for name in draw(st.permutations(NAMES))}


@given(_needs())
def test_stacks_are_ordered_after_their_needs(needs: dict[str, set[str]]) -> None:
    ordered = order_stacks(needs)
    assert sorted(ordered) == sorted(needs)
    assert all(ordered.index(other) < ordered.index(name) for name in needs for other in needs[name])


@given(_needs(), st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_cycle_is_reported_with_its_path(needs: dict[str, set[str]], first: str, second: str) -> None:
    needs[first] |= {second}
    needs[second] |= {first}
    path = catch(CycleError, order_stacks, needs).path
    assert path[0] == path[-1]
    assert all(following in needs[name] for name, following in itertools.pairwise(path))


def test_independent_stacks_keep_declaration_order() -> None:
    assert order_stacks({"b": [], "a": [], "c": ["a"]}) == ("b", "a", "c")


def test_undeclared_needs_are_ignored() -> None:
    assert order_stacks({"a": ["elsewhere"]}) == ("a",)


@given(_needs(), st.sets(st.sampled_from(NAMES)))
def test_transitive_closure_is_closed_and_minimal(needs: dict[str, set[str]], names: set[str]) -> None:
    found = transitive_closure(needs, names)
    assert names <= found
    assert all(needs[name] <= found for name in found)
    assert all(name in names or any(name in needs[other] for other in found) for name in found)


@given(_needs())
def test_graph_reversed_twice_is_unchanged(needs: dict[str, set[str]]) -> None:
    assert {name: set(each) for name, each in reverse_graph(reverse_graph(needs)).items()} == needs


@given(_needs(), st.sets(st.sampled_from(NAMES)))
def test_restricted_graph_keeps_transitive_needs(needs: dict[str, set[str]], names: set[str]) -> None:
    alone = restrict_graph(needs, names)
    assert set(alone) == names
    assert all(
        transitive_closure(alone, alone[name]) == transitive_closure(needs, needs[name]) & names for name in names
    )


def test_unrestricted_graph_is_unchanged() -> None:
    needs = {"a": (), "b": ("a",), "c": ("b",)}
    assert restrict_graph(needs, needs) == needs
    assert restrict_graph(needs, {"a", "c"}) == {"a": (), "c": ("a",)}
