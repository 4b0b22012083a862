"""G304: the states of the stacks hold nothing but what this ledger deployed there."""

from dataclasses import replace

import pytest

from envctl.domain.guards import Request, list_unwaivable
from envctl.domain.ledger.state import DistrustedEntry
from envctl.domain.plan.changes import Action, Changeover, EnvironmentPlan, StackPlan
from tests.unit.guards.asked import ANN, BACK, DESTRUCTION, ENTRY, NOW, PROMOTION, R1, answer, change, here, ruled, said

HELD = StackPlan("web", in_state=3)
ADDED = StackPlan("web", resources=(change(Action.CREATE),), in_state=1)
FRESH = StackPlan("web", resources=(change(Action.CREATE),))
UPSTREAM = StackPlan("network", in_state=2)


def planned(request: Request, *stacks: StackPlan) -> Request:
    return replace(request, plan=EnvironmentPlan(environment=request.target, release=R1, stacks=stacks))


WEB = planned(PROMOTION, HELD)
KNOWN: dict[str, Request] = {
    "there is no plan yet": PROMOTION,
    "the state holds nothing": planned(PROMOTION, FRESH),
    "it was applied to its end": here(WEB, stacks=frozenset({"web"})),
    "a deployment began with it": here(WEB, begun=frozenset({"web"})),
    "one began of unrecorded stacks": here(WEB, unnamed=(4,)),
    "it was deployed under its former name": replace(
        here(WEB, stacks=frozenset({"site"})), changeover=Changeover(moves={"web": "site"})
    ),
    "what waits for others holds nothing known": planned(PROMOTION, StackPlan("web", waits_for=("network",))),
}
UNKNOWN: dict[str, Request] = {
    "nothing was deployed there": WEB,
    "nothing is to be done": planned(ENTRY, HELD),
    "something is to be done": planned(PROMOTION, replace(ADDED, in_state=3)),
    "other stacks were deployed there": here(WEB, stacks=frozenset({"network"}), begun=frozenset({"network"})),
    "a known stack stands beside it": here(planned(PROMOTION, UPSTREAM, HELD), begun=frozenset({"network"})),
    "the entry environment": planned(ENTRY, HELD),
    "a rollback": planned(BACK, HELD),
    "a destruction": planned(DESTRUCTION, HELD),
}


@pytest.mark.parametrize("request_", KNOWN.values(), ids=KNOWN.keys())
def test_known_state_passes(request_: Request) -> None:
    assert answer("G304", request_) is None


@pytest.mark.parametrize(
    ("doubted", "told"),
    [
        ("staging", ", or the entries of its deployments are not trusted: envctl ledger verify"),
        ("dev", ""),
    ],
)
def test_distrusted_entries_are_named_as_possible_cause(doubted: str, told: str) -> None:
    entry = DistrustedEntry(7, doubted, "deployment_started", ANN, NOW, "its signature")
    request = replace(WEB, present=replace(WEB.present, unbelieved=(entry,)))
    assert said("G304", request) == said("G304", WEB) + told


@pytest.mark.parametrize("request_", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_unknown_state_is_refused_with_stack_and_resources(request_: Request) -> None:
    where = request_.target
    assert said("G304", request_) == (
        f"the state of web (3 resources) in {where} holds resources never deployed by this ledger:"
        f" they come from another tool, another [store], or another name of {where}"
    )


def test_forgotten_state_that_returns_is_warned() -> None:
    told = answer("G304", here(WEB, forgotten=frozenset({"web"})))
    assert told and told.warns
    assert told.message == "staging forgot web (3 resources); this plan takes over its state again"
    assert told.hint == "for a different stack, use another name; earlier deployments: envctl history staging"
    both = here(planned(PROMOTION, UPSTREAM, ADDED), forgotten=frozenset({"web", "network"}))
    assert said("G304", both).endswith("this plan takes over their states again")
    one = here(planned(PROMOTION, UPSTREAM, ADDED), forgotten=frozenset({"network"}))
    assert said("G304", one).startswith("the state of web (1 resource) in staging holds")
    assert answer("G304", here(planned(PROMOTION, FRESH), forgotten=frozenset({"web"}))) is None


def test_all_unknown_states_are_named() -> None:
    told = said("G304", planned(PROMOTION, UPSTREAM, ADDED))
    assert told.startswith("the states of network (2 resources) and web (1 resource) in staging hold resources never")


def test_unknown_state_is_waivable_only_where_listed() -> None:
    refusal = answer("G304", WEB)
    assert refusal is not None
    assert list_unwaivable(WEB, (refusal,)) == (refusal,)
    assert list_unwaivable(ruled(WEB, waivable=frozenset({"G304"})), (refusal,)) == ()
    assert not refusal.for_now
    assert refusal.hint.endswith("envctl history staging")
    assert "[store]" in refusal.hint
    assert 'waivable = ["known_state"] in [environments.staging.gates]' in refusal.hint
