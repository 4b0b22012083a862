"""The laws of promotion notice each rule of the ledger, the store and the surroundings that is gone."""

from collections.abc import Iterable

import pytest
from _pytest.mark import ParameterSet

from tests.usecases import attacks, rule_edits
from tests.usecases.actors import PLAINLY, Actors
from tests.usecases.teeth import RULES, TEMPTING, temptations_of, tempted, without

GROUPS = {"machines and store": attacks.OF_MACHINES, **TEMPTING}
BY_DAY = ("machines and store", "the order of releases", "the word of AWS for a name")


def marked(names: Iterable[str]) -> list[ParameterSet]:
    """Temptations by rules and stacks take whole promotions before each."""
    slow = [name for name in GROUPS if name not in BY_DAY]
    return [pytest.param(name, marks=[pytest.mark.slow] if name in slow else []) for name in names]


@pytest.mark.parametrize("group", marked(GROUPS))
def test_no_temptation_succeeds(group: str) -> None:
    assert not [(name, broken) for name, broken in tempted(GROUPS[group]) if broken]


@pytest.mark.parametrize("rule", marked(RULES))
def test_rule_that_is_gone_is_noticed(rule: str) -> None:
    with without(rule):
        assert any(broken for _, broken in tempted(temptations_of(rule)))


def test_approvals_of_those_whom_aws_vouches_for_count() -> None:
    """Else it would be no wonder that a claimed name is refused."""
    actors = Actors({"staging": frozenset(), "prod": frozenset()})
    try:
        rule_edits.claim(actors, PLAINLY, name="vouched")
    finally:
        actors.leave()
    assert actors.oracle.places["prod"].current
    assert not actors.oracle.broken
