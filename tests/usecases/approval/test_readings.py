"""An approval records what was shown: the page is stored apart, and its digest is in the ledger."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from envctl.domain.aws.bucket_lifecycle import READING_FOLDER
from envctl.domain.errors import OperationFailedError
from envctl.domain.guards import RefusedError
from envctl.domain.ledger.approval_binding import read_binding
from envctl.domain.ledger.events import ApprovalGiven
from envctl.domain.ledger.state import Approval
from envctl.domain.reading.reading import Reading, decode
from envctl.usecases.approval.approve import ApprovalResult, approve_plan
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.inspect.status import load_status
from envctl.usecases.release import readings
from tests.catching import catch
from tests.fakes.machine import SettableIdentity
from tests.fakes.world import World, list_entries, make_once

GATES = "approvals = { peer = 1, business = 2 }"


@make_once
def deployed() -> World:
    world = World(identity=SettableIdentity("ann@example.com"))
    world.edit("envctl.toml", world.tree.content["envctl.toml"].decode().replace(GATES, "approvals = { peer = 1 }"))
    apply(world.ports, "dev")
    promote(world.ports, "dev", "staging")
    return world


def approve(world: World, **how: str) -> ApprovalResult:
    world.identity = SettableIdentity("bob@example.com")
    return approve_plan(world.ports, "prod", "peer", unseen=("web",), **how)


def find_approval(world: World) -> Approval:
    (prod,) = load_status(world.ports, ["prod"]).environments
    (approval,) = prod.present.approvals
    return approval


def list_stored(world: World) -> dict[str, bytes]:
    return {key: data for key, data in world.store.content.items() if key.startswith(READING_FOLDER)}


def test_shown_page_is_recorded_and_stored() -> None:
    world = deployed()
    given = approve(world)
    shown = world.prompter.readings[-1]
    assert shown is not None and given.reading == shown.digest
    (event,) = (each.event for each in list_entries(world) if isinstance(each.event, ApprovalGiven))
    assert event.reading == shown.digest
    assert list_stored(world) == {f"readings/{given.plan}/{shown.digest}.json": shown.encoded}
    assert readings.load_reading(world.ports, given.plan, given.reading) == shown


def test_page_has_a_lock_of_its_own() -> None:
    world = deployed()
    approve(world)
    (key,) = list_stored(world)
    assert world.store.locks == {key: 400}


def test_page_has_settings_place_and_rules() -> None:
    world = deployed()
    approve(world)
    shown = world.prompter.readings[-1]
    assert isinstance(shown, Reading)
    assert shown.bound.keys() == {"plan", "settings", "place", "rules", "recorded rules"}
    assert all((shown.settings, shown.place, shown.rules, shown.stacks))


def test_deployment_shows_the_page_before_its_question() -> None:
    world = World(identity=SettableIdentity("ann@example.com"))
    world.prompter.asks = True
    apply(world.ports, "dev")
    first, second = world.prompter.readings
    assert isinstance(first, Reading) and isinstance(second, Reading)
    assert [stack.stack for stack in first.stacks] == ["network", "web"]
    assert first.settings and first.place
    # What could not be planned before is shown by its own page.
    assert [stack.stack for stack in second.stacks] == ["web"]
    assert not list_stored(world)


def test_deployment_without_question_makes_no_page() -> None:
    world = deployed()
    assert not any(world.prompter.readings)
    assert not world.observer.pages


def test_warnings_of_a_plan_are_on_the_page() -> None:
    world = deployed()
    world.terraform.warnings["prod", "network"] = ("this bucket is in two stacks",)
    approve(world)
    shown = world.prompter.readings[-1]
    assert shown and "warning: this bucket is in two stacks" in shown.stacks[0].notes


def test_declined_page_is_not_stored() -> None:
    world = deployed()
    world.prompter.answers = [False]
    with pytest.raises(Exception, match="E310"):
        approve(world)
    assert not list_stored(world)


def test_stored_plan_is_approved_by_its_page() -> None:
    world = deployed()
    planned = explain_refusal(world.ports, "prod", planned=True)
    given = approve(world, fingerprint=planned.plan)
    assert given.reading == planned.reading == find_approval(world).reading


LOST = {
    "it is missing": None,
    "it is damaged": b"{}",
    "it has another byte": b"x",
}


@pytest.mark.parametrize("data", LOST.values(), ids=LOST)
def test_plan_without_its_page_is_not_approved(data: bytes | None) -> None:
    world = deployed()
    planned = explain_refusal(world.ports, "prod", planned=True)
    (key,) = list_stored(world)
    if data is None:
        del world.store.content[key]
    else:
        world.store.content[key] = data
    error = catch(OperationFailedError, approve, world, fingerprint=planned.plan)
    assert error.problems[0].code == "E438"
    assert error.problems[0].hint == "make the plan again: envctl why prod --plan"
    assert not any(isinstance(each.event, ApprovalGiven) for each in list_entries(world))


def test_page_of_other_settings_is_not_approved() -> None:
    world = deployed()
    planned = explain_refusal(world.ports, "prod", planned=True)
    path = "environments/prod/terraform.tfvars"
    world.edit(path, world.tree.content[path].decode().replace("10.30", "10.90"))
    error = catch(OperationFailedError, approve, world, fingerprint=planned.plan)
    assert error.problems[0].code == "E438"


def test_damaged_page_is_not_overwritten() -> None:
    world = deployed()
    given = approve(world)
    (key,) = list_stored(world)
    world.store.content[key] = b"{}"
    world.identity = SettableIdentity("cat@example.com")
    error = catch(OperationFailedError, approve_plan, world.ports, "prod", "peer", unseen=("web",))
    assert error.problems[0].code == "E403"
    assert world.store.content[key] == b"{}"
    assert readings.load_reading(world.ports, given.plan, given.reading) is None


def test_same_approval_with_another_page_is_the_same() -> None:
    """A refresh changes what a page compares with; what is covered is decided by the fingerprint."""
    world = deployed()
    approve(world)
    (prod,) = load_status(world.ports, ["prod"]).environments
    monkey = replace(find_approval(world), reading="0" * 64)
    assert read_binding(monkey) == read_binding(find_approval(world))
    assert approve(world).already
    assert prod.present.approvals == (find_approval(world),)


def forget_pages(world: World) -> None:
    """As an envctl without pages would have recorded it: the last entry gets the format before."""
    from envctl.domain.ledger.entries import decode_entry, encode_entry

    key = max(key for key in world.store.content if key.startswith("ledger/"))
    entry = decode_entry(world.store.content[key])
    assert isinstance(entry.event, ApprovalGiven)
    old = replace(entry, format=2, event=replace(entry.event, reading=""))
    world.store.content[key] = encode_entry(old)


def test_approval_of_an_older_envctl_does_not_count() -> None:
    """The ledger has entries of an envctl with pages: one without them would be a way round."""
    world = deployed()
    approve(world)
    forget_pages(world)
    world.head_cache = type(world.head_cache)()
    assert find_approval(world).unread
    world.identity = SettableIdentity("ann@example.com")
    error = catch(RefusedError, promote, world.ports, "staging", "prod")
    (refusal,) = (each for each in error.refusals if each.code == "G106")
    assert "the approval of bob@example.com was given by an older envctl: approve again" in refusal.message


def test_deployment_keeps_the_pages_it_rests_on() -> None:
    world = deployed()
    given = approve(world)
    world.clock.time += timedelta(days=40)
    world.identity = SettableIdentity("ann@example.com")
    promote(world.ports, "staging", "prod")
    month = f"{world.clock.time:%Y-%m}"
    kept = f"readings/{given.plan}/{given.reading}.{month}.json"
    stored = list_stored(world)
    assert kept in stored
    assert decode(stored[kept]).digest == given.reading
    assert world.store.locks[kept] == 400


def test_secret_is_not_in_a_stored_page() -> None:
    world = deployed()
    world.observer.redact(["10.30.0.0/16"])
    approve(world)
    (data,) = list_stored(world).values()
    assert b"10.30.0.0/16" not in data and b"(sensitive)" in data
    json.loads(data)
