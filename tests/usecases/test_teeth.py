"""The laws of promotion notice each rule of the ledger and the store that is gone."""

import pytest

from tests.usecases.teeth import RULES, tempted, without


def test_no_temptation_of_clocks_and_store_succeeds() -> None:
    assert not any(tempted().values())


@pytest.mark.parametrize("rule", RULES)
def test_rule_that_is_gone_is_noticed(rule: str) -> None:
    with without(rule):
        assert any(tempted().values())
