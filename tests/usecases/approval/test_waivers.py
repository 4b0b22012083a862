"""Break-glass in two steps: a person waives guards for one deployment, and another person reviews it afterwards."""

from collections.abc import Callable

import pytest

from envctl.domain.errors import InterruptedByUserError, UsageError
from envctl.domain.guards import RefusedError
from envctl.domain.ledger.events import Actor, WaiverUsed
from envctl.domain.ledger.people.run_start import RunStart
from envctl.domain.ledger.state import EnvironmentState
from envctl.domain.ledger.waiver_events import WaiverGiven
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.approval.locking import lock_environment, unlock_environment
from envctl.usecases.approval.waivers import WaiverResult, review_waiver, waive_guards
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.inspect.export import export_deployments
from envctl.usecases.inspect.history import verify_ledger
from envctl.usecases.ledger import journal
from envctl.usecases.project import signing_keys
from tests.catching import catch
from tests.fakes.signing import Intruder, build_signed_project
from tests.fakes.world import World, list_entries, make_once
from tests.usecases.steps import acting_as, deploy_edited, deploy_to_staging, edit_project

PEOPLE = 'approval_signing_key = "arn:aws:kms:ap-northeast-1:555555555555:alias/envctl-approve-staging"\n'
WAIVABLE = 'waivable = ["lock", "window"]\n'
GATES = "[environments.staging.gates]\n"
DAY = 24 * 3600
GLASS = DeployOptions(break_glass="it burns")


def build_project(people: str = PEOPLE) -> bytes:
    text = build_signed_project().decode().replace("[environments.staging]\n", f"[environments.staging]\n{people}")
    return text.replace(GATES, f"{GATES}{WAIVABLE}").encode()


@make_once
def make_locked_world(people: str = PEOPLE) -> World:
    """Staging, with a people's key, is locked. dev runs a newer release."""
    world = World()
    world.tree.content["envctl.toml"] = build_project(people)
    signing_keys.pin_keys(world.ports, create=True)
    deploy_to_staging(world)
    lock_environment(world.ports, "staging", "no changes")
    deploy_edited(world, 1)
    return world


@pytest.fixture
def world() -> World:
    return make_locked_world()


def see(world: World) -> EnvironmentState:
    return journal.load(world.ports).find_environment("staging")


def waive(world: World, *guards: str, person: str = "ann") -> WaiverResult:
    with acting_as(world, person):
        return waive_guards(world.ports, "staging", guards or ("G108",), "it burns")


def test_deployment_uses_the_waiver_of_a_person(world: World) -> None:
    given = waive(world)
    assert [each.code for each in given.overridden] == ["G108"]
    assert given.next == "envctl promote dev staging"
    done = promote(world.ports, "dev", "staging")
    assert done.given == given.waiver
    assert any("waived by ann" in message for message in world.observer.heard)
    used = next(each for each in list_entries(world) if isinstance(each.event, WaiverUsed))
    assert used.event == WaiverUsed(
        environment="staging",
        release=done.release,
        reason="it burns",
        guards=("G108",),
        refusals=(given.overridden[0].message,),
        given=given.waiver.number,
        giver="ann",
    )
    (debt,) = see(world).debts
    assert (debt.waiver, debt.given, debt.giver) == (used.seq, given.waiver.number, given.waiver.by)
    verify_ledger(world.ports)


def test_waiver_covers_one_deployment(world: World) -> None:
    waive(world)
    promote(world.ports, "dev", "staging")
    assert see(world).given_waivers == ()
    deploy_edited(world, 2)
    assert catch(RefusedError, promote, world.ports, "dev", "staging").problems[0].code == "G108"


def make_other_release(world: World) -> None:
    deploy_edited(world, 2)


def edit_settings(world: World) -> None:
    world.edit("environments/staging/terraform.tfvars", 'cidr = "10.9.0.0/16"\n')


def lock_again(world: World) -> None:
    unlock_environment(world.ports, "staging")
    lock_environment(world.ports, "staging", "it burns more")


def no_longer_waivable(world: World) -> None:
    edit_project(world, (WAIVABLE, 'waivable = ["window"]\n'))


def no_longer_permitted(world: World) -> None:
    edit_project(
        world, ("[environments.prod]\n", '[environments.staging.allow]\napply = ["github:zoe"]\n[environments.prod]\n')
    )


def pass_an_hour(world: World) -> None:
    world.clock.pass_time(3600)


VOID: dict[str, Callable[[World], None]] = {
    "another release": make_other_release,
    "other settings": edit_settings,
    "a later lock": lock_again,
    "a guard that is waivable no more": no_longer_waivable,
    "a person who may no longer": no_longer_permitted,
    "an hour": pass_an_hour,
}


@pytest.mark.parametrize("happen", VOID.values(), ids=VOID.keys())
def test_waiver_is_void_after(world: World, happen: Callable[[World], None]) -> None:
    waive(world)
    happen(world)
    refused = catch(RefusedError, promote, world.ports, "dev", "staging")
    assert "G108" in [each.code for each in refused.refusals]
    assert not any(isinstance(each.event, WaiverUsed) for each in list_entries(world))


def test_waiver_lasts_until_its_hour_ends(world: World) -> None:
    waive(world)
    world.clock.pass_time(59 * 60)
    assert promote(world.ports, "dev", "staging").given


def test_waiver_must_cover_all_refusals(world: World) -> None:
    given = waive(world, "window")
    assert [each.code for each in given.remaining] == ["G108"]
    assert catch(RefusedError, promote, world.ports, "dev", "staging").problems[0].code == "G108"


def test_deployment_alone_breaks_no_glass(world: World) -> None:
    (problem,) = catch(UsageError, promote, world.ports, "dev", "staging", GLASS).problems
    assert problem.code == "E061"
    assert problem.hint == "envctl waive staging --guard … --reason 'it burns'"
    assert catch(UsageError, destroy, world.ports, "staging", GLASS).problems[0].code == "E061"


def test_waiver_covers_no_destroy(world: World) -> None:
    unlock_environment(world.ports, "staging")
    promote(world.ports, "dev", "staging")
    lock_environment(world.ports, "staging", "no changes")
    release = see(world).current
    assert release is not None
    waive_guards(world.ports, "staging", ["lock"], "it burns", release=release.release)
    assert catch(RefusedError, destroy, world.ports, "staging").problems[0].code == "G108"


def test_why_counts_the_waiver(world: World) -> None:
    before = explain_refusal(world.ports, "staging")
    assert (before.allowed, before.waiver) == (False, None)
    given = waive(world)
    after = explain_refusal(world.ports, "staging")
    assert (after.allowed, after.waiver, after.next) == (True, given.waiver, "envctl promote dev staging")
    assert after.exit_code == 0


def test_deployment_key_gives_no_waiver(world: World) -> None:
    """Who deploys can write the entry, and sign it with the key of deployments."""
    given = waive(world).waiver
    promote(world.ports, "dev", "staging")
    deploy_edited(world, 2)
    asked = explain_refusal(world.ports, "staging")
    event = WaiverGiven(
        environment="staging",
        release=asked.release or "",
        settings=given.settings,
        place=asked.place,
        guards=("G108",),
        reason="it burns",
    )
    Intruder(world, keys=("staging",)).forge_entry(event, key="staging")
    assert see(world).given_waivers == ()
    assert catch(RefusedError, promote, world.ports, "dev", "staging").problems[0].code == "G108"


def test_declined_waiver_is_not_recorded(world: World) -> None:
    world.prompter.answers = [False]
    assert catch(InterruptedByUserError, waive, world).problems[0].code == "E310"
    assert see(world).given_waivers == ()
    assert world.prompter.notes[-1] == (
        f"G108: staging is locked by {see(world).lock.by}: no changes",  # type: ignore[union-attr]
    )


def test_machine_waives_nothing(world: World) -> None:
    for name in ("deploy[bot]", "project_7_bot"):
        assert catch(UsageError, waive, world, person=name).problems[0].code == "E057"
    world.identity.start = RunStart(machines=("schedule",), schedule="schedule of shop")
    assert catch(UsageError, waive, world).problems[0].code == "E057"


NOT_WAIVABLE = {
    "a guard that is not listed": ("soak", "does not list G104 as waivable"),
    "a guard that is never waived": ("G109", "does not list G109 as waivable"),
    "an unknown guard": ("G999", "G999"),
}


@pytest.mark.parametrize(("guard", "message"), NOT_WAIVABLE.values(), ids=NOT_WAIVABLE.keys())
def test_only_listed_guards_are_waived(world: World, guard: str, message: str) -> None:
    (problem,) = catch(UsageError, waive, world, guard).problems
    assert problem.code == "E060"
    assert message in problem.message


def test_waiver_needs_permission_to_change(world: World) -> None:
    no_longer_permitted(world)
    assert catch(RefusedError, waive, world).problems[0].code == "G207"


def test_waiver_needs_a_reason(world: World) -> None:
    assert catch(UsageError, waive_guards, world.ports, "staging", ["lock"], " ").problems[0].code == "E008"


def test_environment_without_people_key_breaks_glass_at_once() -> None:
    world = make_locked_world("")
    (problem,) = catch(UsageError, waive, world).problems
    assert (problem.code, problem.hint) == ("E061", 'envctl promote dev staging --break-glass "…"')
    assert promote(world.ports, "dev", "staging", GLASS).given is None
    (debt,) = see(world).debts
    assert (debt.given, debt.giver) == (0, None)
    unlock_environment(world.ports, "staging")
    promote(world.ports, "dev", "staging")
    assert see(world).debts == ()


def test_promotion_does_not_end_the_debt(world: World) -> None:
    waive(world)
    promote(world.ports, "dev", "staging")
    unlock_environment(world.ports, "staging")
    assert promote(world.ports, "dev", "staging").up_to_date
    deploy_edited(world, 2)
    promote(world.ports, "dev", "staging")
    assert len(see(world).debts) == 1


def use_waiver(world: World) -> int:
    """Let Ann give a waiver, and Bob use it. Return the number of its use."""
    waive(world)
    with acting_as(world, "bob"):
        promote(world.ports, "dev", "staging")
    return see(world).debts[0].waiver


REVIEWERS = {"the giver": ("ann", "ann gave"), "the user": ("bob", "bob used"), "a bot": ("x[bot]", "is no person")}


@pytest.mark.parametrize(("person", "why"), REVIEWERS.values(), ids=REVIEWERS.keys())
def test_another_person_reviews(world: World, person: str, why: str) -> None:
    number = use_waiver(world)
    with acting_as(world, person):
        (problem,) = catch(UsageError, review_waiver, world.ports, "staging", number).problems
    assert problem.code == "E062"
    assert why in problem.message


def test_run_of_a_participant_reviews_nothing(world: World) -> None:
    number = use_waiver(world)
    world.identity.start = RunStart(people=(Actor("ann@example.com"),))
    with acting_as(world, "carol"):
        assert (
            "ann@example.com gave"
            in catch(UsageError, review_waiver, world.ports, "staging", number).problems[0].message
        )


@pytest.mark.parametrize("is_given_number", [False, True])
def test_review_ends_the_debt(world: World, *, is_given_number: bool) -> None:
    number = use_waiver(world)
    (debt,) = see(world).debts
    with acting_as(world, "carol"):
        review = review_waiver(world.ports, "staging", debt.given if is_given_number else number, "looks right")
    assert review.reviewed == (debt,)
    assert see(world).debts == ()
    verify_ledger(world.ports)
    (record,) = [each for each in export_deployments(world.ports).deployments if each.waivers]
    (waiver,) = record.waivers
    assert (waiver.given_by and waiver.given_by.name, waiver.reviewed_by and waiver.reviewed_by.name) == (
        "ann",
        "carol",
    )
    with acting_as(world, "carol"):
        assert catch(UsageError, review_waiver, world.ports, "staging", number).problems[0].code == "E062"


def test_debt_of_break_glass_is_reviewed_too() -> None:
    world = make_locked_world("")
    promote(world.ports, "dev", "staging", GLASS)
    (debt,) = see(world).debts
    with acting_as(world, "carol"):
        review_waiver(world.ports, "staging", debt.waiver)
    assert see(world).debts == ()


def test_debt_from_before_the_people_key_ends_with_a_promotion() -> None:
    world = make_locked_world("")
    promote(world.ports, "dev", "staging", GLASS)
    unlock_environment(world.ports, "staging")
    since = list_entries(world)[-1].seq + 1
    world.tree.content["envctl.toml"] = build_project(f"{PEOPLE}approval_signed_from = {since}\n")
    signing_keys.pin_keys(world.ports, create=True)
    assert len(see(world).debts) == 1
    promote(world.ports, "dev", "staging")
    assert see(world).debts == ()


def test_unreviewed_waiver_refuses_the_next_deployment(world: World) -> None:
    edit_project(world, (WAIVABLE, f"{WAIVABLE}review_days = 7\n"))
    number = use_waiver(world)
    unlock_environment(world.ports, "staging")
    deploy_edited(world, 2)
    world.clock.pass_time(7 * DAY - 3600)
    promote(world.ports, "dev", "staging")
    world.clock.pass_time(2 * 3600)
    deploy_edited(world, 3)
    (refusal,) = catch(RefusedError, promote, world.ports, "dev", "staging").refusals
    assert (refusal.code, refusal.hint) == ("G114", f"envctl review staging --waiver {number}")
    assert refusal.who == "any person except ann, bob"
    assert explain_refusal(world.ports, "staging").next == refusal.hint
    rollback(world.ports, "staging")
    with acting_as(world, "carol"):
        review_waiver(world.ports, "staging", number)
    promote(world.ports, "dev", "staging")
