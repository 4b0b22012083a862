"""Amounts as people read them."""

from dataclasses import replace

import pytest

from envctl.cli.render.words.plan.cost import format_cost, format_cost_suffix, rank_costs
from envctl.domain.plan.changes import Cost, EnvironmentPlan, StackPlan

PLAN = EnvironmentPlan(environment="dev", release="", stacks=(StackPlan("web"),))

SAID: dict[str, tuple[Cost, str]] = {
    "dearer": (Cost("USD", "120.5", "133", "12.5"), "about +12.50 USD a month (of 120.50)"),
    "cheaper": (Cost("EUR", "133", "120.5", "-12.5"), "about -12.50 EUR a month (of 133.00)"),
    "as much as before": (Cost("USD", "5", "5", "0"), "about as much as before: 5.00 USD a month"),
    "for nothing": (Cost("USD", "0", "0", "0"), "about as much as before: 0.00 USD a month"),
    "from nothing": (Cost("USD", "0", "7.125", "7.125"), "about +7.13 USD a month"),
    "much": (Cost("USD", "1234567.891", "2000000", "765432.109"), "about +765,432.11 USD a month (of 1,234,567.89)"),
    "a currency without a smaller unit": (
        Cost("JPY", "18000", "19200.5", "1200.5"),
        "about +1,201 JPY a month (of 18,000)",
    ),
    "less than a coin": (Cost("USD", "1", "1.0004", "0.0004"), "about +0.0004 USD a month (of 1.00)"),
    "less than a coin cheaper": (Cost("USD", "1", "0.9996", "-0.0004"), "about -0.0004 USD a month (of 1.00)"),
    "unknown": (Cost(unknown="exit code 1"), "not known: exit code 1"),
}


@pytest.mark.parametrize(("cost", "said"), SAID.values(), ids=SAID)
def test_cost_is_formatted(cost: Cost, said: str) -> None:
    assert format_cost(replace(PLAN, cost=cost)) == said


def test_cost_names_the_stacks_left_out() -> None:
    waiting = replace(
        PLAN, stacks=(*PLAN.stacks, StackPlan("dns", waits_for=("web",)), StackPlan("cdn", waits_for=("web",)))
    )
    assert (
        format_cost(replace(waiting, cost=Cost("USD", "1", "2", "1")))
        == "about +1.00 USD a month (of 1.00), without dns, cdn"
    )
    assert format_cost(replace(waiting, cost=Cost(unknown="no"))) == "not known: no"


def test_cost_suffix_says_that_it_is_a_cost() -> None:
    assert format_cost_suffix(PLAN) == ""
    assert format_cost_suffix(replace(PLAN, cost=Cost("USD", "1", "2", "1"))) == "; about +1.00 USD a month (of 1.00)"
    assert format_cost_suffix(replace(PLAN, cost=Cost(unknown="no"))) == "; cost: not known: no"


def test_largest_cost_difference_comes_first() -> None:
    told = {"web a.x": "1", 'web a.y["b c"]': "-3", "dns a.z": "1"}
    assert rank_costs(Cost("USD", "1", "0", "-1", told)) == [
        ("web", 'a.y["b c"]', "-3.00"),
        ("dns", "a.z", "+1.00"),
        ("web", "a.x", "+1.00"),
    ]
