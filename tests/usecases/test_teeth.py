"""The laws of promotion notice each rule of the ledger, the store and the surroundings that is gone."""

import pytest

from tests.usecases.teeth import RULES, tempted, without


def test_no_temptation_of_machines_and_store_succeeds() -> None:
    assert not [(name, broken) for name, broken in tempted() if broken]


@pytest.mark.parametrize("rule", RULES)
def test_rule_that_is_gone_is_noticed(rule: str) -> None:
    with without(rule):
        assert any(broken for _, broken in tempted())
