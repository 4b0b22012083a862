"""What counts as proof, what takes it away, and who may override it: the guard layer at work on in-memory ports."""

import contextlib
from datetime import timedelta

import pytest

from envctl.domain.errors import InterruptedByUserError, LockHeldError, OperationFailedError, StateLock, UsageError
from envctl.domain.exit_codes import ExitCode
from envctl.domain.guards import RefusedError
from envctl.domain.ledger.events import (
    ApprovalGiven,
    DeploymentAbandoned,
    DeploymentFailed,
    HoldSet,
    VerificationFailed,
    VerificationPassed,
    WaiverUsed,
)
from envctl.domain.plan.changes import Action, ResourceChange
from envctl.usecases.approval.approve import approve_plan, withdraw_approval
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.approval.locking import lock_environment, unlock_environment
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.next_command import add_next_command
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.recovery.recover import recover
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.deployment.verification import verify
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.inspect.status import load_status
from envctl.usecases.ledger import journal
from tests.catching import catch
from tests.fakes.project_files import PROJECT
from tests.fakes.terraform import Killed
from tests.fakes.world import World, list_entries
from tests.usecases.steps import acting_as, deploy_edited, deploy_to_staging, edit_project, failing_at, killed_at

CHECKS = '\n[checks.smoke]\nkind = "command"\ncommand = ["smoke"]\n'
NO_GATES = "[environments.prod.gates]\napprovals = {}\n"
ONE_GATE = "[environments.prod.gates]\napprovals = { peer = 1 }\n"


def a_world(gates: str = NO_GATES, more: str = CHECKS) -> World:
    world = World()
    text = PROJECT.decode().replace("[environments.prod.gates]\napprovals = { peer = 1, business = 2 }\n", gates)
    world.edit("envctl.toml", text + more)
    return world


@pytest.fixture
def world() -> World:
    return a_world()


def codes(refused: pytest.ExceptionInfo[RefusedError]) -> list[str]:
    return [refusal.code for refusal in refused.value.refusals]


class TestVerification:
    def test_deployment_records_its_verification(self, world: World) -> None:
        done = apply(world.ports, "dev")
        assert done.verification is not None
        assert [(check.name, check.outcome) for check in done.verification.checks] == [("smoke", "passed")]
        assert list_entries(world)[-1].event == VerificationPassed(
            "dev", done.release, 2, ("smoke",), ("smoke:4410667d999706c5219508e7bab0f759",)
        )

    def test_check_gets_its_environment(self, world: World) -> None:
        release = apply(world.ports, "dev").release
        _, surroundings = world.check_runner.asked[0]
        assert (surroundings["ENVCTL_ENVIRONMENT"], surroundings["ENVCTL_RELEASE"]) == ("dev", release)
        assert surroundings["ENVCTL_OUTPUTS"] == '{"network": {"here": "dev"}, "web": {"here": "dev"}}'

    def test_failing_check_leaves_deployment_unverified(self, world: World) -> None:
        world.check_runner.problems["smoke"] = "exit code 1: no answer"
        with pytest.raises(OperationFailedError, match="E410 check smoke of dev failed: exit code 1"):
            apply(world.ports, "dev")
        assert isinstance(list_entries(world)[-1].event, VerificationFailed)
        with pytest.raises(RefusedError) as refused:
            promote(world.ports, "dev", "staging")
        assert codes(refused) == ["G103"]
        assert refused.value.refusals[0].hint == "envctl verify dev"

    def test_repeated_apply_verifies_after_killed_verification(self, world: World) -> None:
        world.check_runner.run_check = die  # type: ignore[method-assign, assignment]
        with pytest.raises(Killed):
            apply(world.ports, "dev")
        world.check_runner = World().check_runner
        done = apply(world.ports, "dev")
        assert done.up_to_date
        assert done.verification is not None
        promote(world.ports, "dev", "staging")

    def test_check_is_omitted_outside_its_environments(self) -> None:
        world = a_world(more=CHECKS + 'environments = ["staging"]\n')
        apply(world.ports, "dev")
        assert world.check_runner.asked == []
        promote(world.ports, "dev", "staging")
        assert len(world.check_runner.asked) == 1

    def test_check_disabled_in_sandbox_is_reported_as_skipped(self) -> None:
        world = a_world(more=CHECKS + "sandbox = false\n")
        world.sandbox = True
        done = apply(world.ports, "dev")
        assert done.verification and [check.outcome for check in done.verification.checks] == ["skipped"]
        assert world.check_runner.asked == []

    def test_output_check_needs_no_probe(self) -> None:
        world = a_world(more='\n[checks.where]\nkind = "output"\noutput = "network.here"\nequals = "dev"\n')
        apply(world.ports, "dev")
        with pytest.raises(OperationFailedError, match="E410 check where of staging failed"):
            promote(world.ports, "dev", "staging")

    @pytest.mark.parametrize("state", ["it has no deployments", "its last deployment failed"])
    def test_verify_needs_a_complete_deployment(self, world: World, state: str) -> None:
        if "failed" in state:
            world.terraform.fails_on.add(("dev", "web"))
            with pytest.raises(OperationFailedError):
                apply(world.ports, "dev")
        with pytest.raises(OperationFailedError, match=f"E409.*{state}"):
            verify(world.ports, "dev")

    def test_verification_requires_same_deployment_when_recorded(self, world: World) -> None:
        apply(world.ports, "dev")
        elsewhere = World(store=world.store, tree=world.tree)
        elsewhere.terraform.reality = dict(world.terraform.reality)

        def meanwhile(*_: object) -> str:
            deploy_edited(elsewhere, 1)
            return ""

        world.check_runner.run_check = meanwhile  # type: ignore[method-assign, assignment]
        with pytest.raises(OperationFailedError, match="E411"):
            verify(world.ports, "dev")


def die(*_: object) -> str:
    raise Killed


class TestSoak:
    GATES = NO_GATES + 'soak = "24h"\nmax_age = "14d"\n'

    def test_prod_waits_for_the_soak_in_staging(self) -> None:
        world = a_world(self.GATES)
        deploy_to_staging(world)
        world.clock.time += timedelta(hours=23)
        with pytest.raises(RefusedError) as refused:
            promote(world.ports, "staging", "prod")
        assert codes(refused) == ["G104"]
        assert refused.value.exit_code == ExitCode.REFUSED_FOR_NOW
        opens = refused.value.refusals[0].opens
        assert opens is not None
        world.clock.time = opens
        promote(world.ports, "staging", "prod")

    @pytest.mark.parametrize("what", ["a failed check", "drift", "a redeployment"])
    def test_soak_restarts_after(self, what: str) -> None:
        world = a_world(self.GATES)
        deploy_to_staging(world)
        world.clock.time += timedelta(hours=23)
        if what == "a failed check":
            world.check_runner.problems["smoke"] = "exit code 1"
            with pytest.raises(OperationFailedError):
                verify(world.ports, "staging")
            world.check_runner.problems.clear()
            verify(world.ports, "staging")
        elif what == "drift":
            world.terraform.drifted.add(("staging", "web"))
            assert check_drift(world.ports, ["staging"]).found
            world.terraform.drifted.clear()
            assert not check_drift(world.ports, ["staging"]).found
            verify(world.ports, "staging")
        else:
            world.edit("environments/staging/terraform.tfvars", 'cidr = "10.21.0.0/16"\n')
            apply(world.ports, "staging")
        world.clock.time += timedelta(hours=23)
        with pytest.raises(RefusedError, match="G104"):
            promote(world.ports, "staging", "prod")
        world.clock.time += timedelta(hours=2)
        promote(world.ports, "staging", "prod")

    def test_new_verification_renews_old_evidence(self) -> None:
        world = a_world(self.GATES)
        deploy_to_staging(world)
        world.clock.time += timedelta(days=15)
        with pytest.raises(RefusedError, match="G105") as refused:
            promote(world.ports, "staging", "prod")
        assert refused.value.refusals[0].hint == "envctl verify staging"
        verify(world.ports, "staging")
        promote(world.ports, "staging", "prod")


class TestDrift:
    def test_drift_in_source_refuses_promotion(self, world: World) -> None:
        deploy_to_staging(world)
        world.terraform.drifted.add(("staging", "web"))
        assert check_drift(world.ports, ["staging"]).found
        with pytest.raises(RefusedError) as refused:
            promote(world.ports, "staging", "prod")
        assert codes(refused) == ["G103", "G110"]

    def test_drift_in_the_target_is_a_warning(self, world: World) -> None:
        deploy_to_staging(world)
        promote(world.ports, "staging", "prod")
        deploy_edited(world, 1)
        promote(world.ports, "dev", "staging")
        world.terraform.drifted.add(("prod", "web"))
        check_drift(world.ports, ["prod"])
        done = promote(world.ports, "staging", "prod")
        assert [warning.code for warning in done.warnings] == ["G110"]
        assert any("G110" in heard for heard in world.observer.heard)

    def test_drift_outside_of_plan_is_accepted_into_state(self, world: World) -> None:
        """Or it would be drift for ever: there is nothing to apply."""
        release = deploy_to_staging(world)
        world.terraform.drifted.add(("staging", "web"))
        check_drift(world.ports, ["staging"])
        done = apply(world.ports, "staging")
        assert (done.release, done.up_to_date) == (release, False)
        taken = "drift not covered by the plan is accepted into the state of staging"
        assert f"{taken}: web: terraform_data.web" in world.observer.heard
        assert not check_drift(world.ports, ["staging"]).found
        promote(world.ports, "staging", "prod")
        assert apply(world.ports, "staging").up_to_date


class TestApprovedPlan:
    GATES = ONE_GATE

    def waiting(self, more: str = "") -> World:
        """A release waits in staging, and Bob is about to approve it."""
        world = a_world(self.GATES + more)
        deploy_to_staging(world)
        world.identity.name = "bob@example.com"
        return world

    def approved(self) -> World:
        world = a_world(self.GATES)
        deploy_to_staging(world)
        with acting_as(world, "bob@example.com"):
            approve_plan(world.ports, "prod", "peer", unseen=["web"])
        return world

    def more(self, action: Action = Action.CREATE, kind: str = "terraform_data") -> ResourceChange:
        return ResourceChange(address=f"{kind}.more", type=kind, action=action)

    def test_plan_is_shown_before_approval_is_requested(self) -> None:
        world = self.waiting()
        world.prompter.answers = [False]
        with pytest.raises(InterruptedByUserError, match="cancelled: not approved"):
            approve_plan(world.ports, "prod", "peer")
        assert world.observer.plans[-1].environment == "prod"
        assert world.prompter.asked[-1] == world.observer.plans[-1]
        assert all(entry.event.kind != "approval given" for entry in list_entries(world))

    def test_approved_plan_is_applied(self) -> None:
        promote(self.approved().ports, "staging", "prod")

    @pytest.mark.parametrize("action", [Action.CREATE, Action.DELETE, Action.REPLACE])
    def test_additional_resource_needs_another_approval(self, action: Action) -> None:
        world = self.approved()
        world.terraform.extra_changes["prod", "network"] = (self.more(action),)
        with pytest.raises(RefusedError) as refused:
            promote(world.ports, "staging", "prod")
        assert codes(refused) == ["G302"]
        assert f"{action} network: terraform_data.more" in refused.value.refusals[0].message
        assert refused.value.exit_code == ExitCode.REFUSED_FOR_NOW
        assert ("prod", "network") not in world.terraform.reality

    def test_approved_waiting_stack_may_only_create(self) -> None:
        world = self.approved()
        world.terraform.extra_changes["prod", "web"] = (self.more(Action.DELETE),)
        with pytest.raises(RefusedError, match="G302"):
            promote(world.ports, "staging", "prod")
        assert [where for where in world.terraform.reality if where[0] == "prod"] == [("prod", "network")]
        failed = list_entries(world)[-1].event
        assert isinstance(failed, DeploymentFailed) and failed.stacks == ("network",)

    def test_unseen_stack_stops_until_approved_again(self) -> None:
        world = self.waiting()
        told = approve_plan(world.ports, "prod", "peer")
        assert (told.not_seen, told.unseen) == ({"web": ("network",)}, ())
        later = "approve again when network is applied, or add --unseen web"
        assert told.notes == (f"not seen: web (waits for network); not approved: {later}",)
        world.identity.name = "ann@example.com"
        with pytest.raises(RefusedError, match="G113"):
            promote(world.ports, "staging", "prod")
        assert not [where for where in world.terraform.reality if where[0] == "prod"]
        refused = catch(RefusedError, promote, world.ports, "staging", "prod", DeployOptions(partial=True))
        (refusal,) = refused.refusals
        assert (refusal.code, refused.exit_code) == ("G302", ExitCode.REFUSED_FOR_NOW)
        assert "create web: terraform_data.web; web could not be planned when it was approved;" in refusal.message
        assert refusal.hint == "envctl approve prod --gate peer"
        assert [where for where in world.terraform.reality if where[0] == "prod"] == [("prod", "network")]
        failed = list_entries(world)[-1].event
        assert isinstance(failed, DeploymentFailed) and failed.stacks == ("network",)

        # Before anything is planned: what was approved can't be enough any more.
        looked = explain_refusal(world.ports, "prod")
        assert (looked.gates, looked.next) == ({"peer": (0, 1)}, "envctl approve prod --gate peer")
        with pytest.raises(RefusedError, match="web could not be planned when it was approved, and can be planned now"):
            promote(world.ports, "staging", "prod")
        world.identity.name = "bob@example.com"
        again = approve_plan(world.ports, "prod", "peer")
        assert (again.already, again.not_seen, again.missing) == (False, {}, {})
        world.identity.name = "ann@example.com"
        promote(world.ports, "staging", "prod")

    def test_accepted_unseen_stack_is_deployed_without_stop(self) -> None:
        world = self.waiting()
        told = approve_plan(world.ports, "prod", "peer", unseen=["web", "network"])
        line = "not seen: web (waits for network); approved unseen: it may only create; the forecast binds nothing"
        assert told.notes == (line,)
        # What is in the plan was seen: its name says nothing more.
        assert told.unseen == ("web",)
        given = list_entries(world)[-1].event
        assert isinstance(given, ApprovalGiven) and given.unseen == ("web",)
        world.identity.name = "ann@example.com"
        promote(world.ports, "staging", "prod")

    def test_later_acceptance_of_unseen_stack_is_new_approval(self) -> None:
        world = self.waiting()
        assert not approve_plan(world.ports, "prod", "peer").already
        assert not approve_plan(world.ports, "prod", "peer", unseen=["web"]).already
        assert approve_plan(world.ports, "prod", "peer", unseen=["web"]).already

    def test_unknown_stack_can_not_be_accepted(self) -> None:
        world = self.waiting()
        world.terraform.calls.clear()
        with pytest.raises(UsageError, match="E475"):
            approve_plan(world.ports, "prod", "peer", unseen=["wbe"])
        assert world.terraform.calls == [], "its name is wrong without a plan"

    def test_refused_approver_hands_on_the_whole_command(self) -> None:
        world = self.waiting()
        world.identity.name = "ann@example.com"
        refused = catch(RefusedError, approve_plan, world.ports, "prod", "peer", unseen=["web"])
        assert refused.refusals[0].hint == "ask another person: envctl approve prod --gate peer --unseen web"

    def test_deployed_stack_can_not_be_accepted_unseen(self) -> None:
        world = self.approved()
        promote(world.ports, "staging", "prod")
        world.edit("environments/prod/terraform.tfvars", 'cidr = "10.31.0.0/16"\n')
        world.terraform.waits_for["prod", "web"] = "network"
        release = journal.load(world.ports).find_environment("prod").last.release  # type: ignore[union-attr]
        world.identity.name = "bob@example.com"
        with pytest.raises(UsageError, match="E476"):
            approve_plan(world.ports, "prod", "peer", release=release, unseen=["web"])
        told = approve_plan(world.ports, "prod", "peer", release=release)
        line = "not seen: web (waits for network); not approved: approve again when network is applied"
        assert told.notes == (line,)

    def test_deployed_stack_is_seen_behind_new_upstream(self) -> None:
        world = self.approved()
        promote(world.ports, "staging", "prod")
        text = world.tree.content["envctl.toml"].decode()
        first = '[stacks.first]\nmodule = "modules/network"\n\n[stacks.network]\nafter = ["first"]\n'
        world.edit("envctl.toml", text.replace("[stacks.network]\n", first))
        world.edit("environments/prod/terraform.tfvars", 'cidr = "10.31.0.0/16"\n')
        deploy_to_staging(world)
        world.identity.name = "bob@example.com"
        with pytest.raises(UsageError, match="E476"):
            approve_plan(world.ports, "prod", "peer", unseen=["network"])
        told = approve_plan(world.ports, "prod", "peer")
        later = "approve again when first is applied"
        assert told.notes[-1] == f"not seen: network (waits for first); not approved: {later}"
        world.identity.name = "ann@example.com"
        with pytest.raises(RefusedError, match="G113"):
            promote(world.ports, "staging", "prod")
        with pytest.raises(RefusedError, match="G302"):
            promote(world.ports, "staging", "prod", DeployOptions(partial=True))

    def test_rest_of_approved_plan_needs_no_new_approval(self) -> None:
        world = self.approved()
        with failing_at(world, "prod", "web"):
            promote(world.ports, "staging", "prod")
        promote(world.ports, "staging", "prod")

    def test_withdrawn_approval_does_not_count(self) -> None:
        world = self.approved()
        world.identity.name = "bob@example.com"
        assert withdraw_approval(world.ports, "prod", "peer").withdrawn
        assert not withdraw_approval(world.ports, "prod", "peer").withdrawn
        world.identity.name = "ann@example.com"
        with pytest.raises(RefusedError, match="G106"):
            promote(world.ports, "staging", "prod")

    def test_approval_expires(self) -> None:
        world = a_world(self.GATES + 'expires = "8h"\n')
        deploy_to_staging(world)
        world.identity.name = "bob@example.com"
        approve_plan(world.ports, "prod", "peer")
        world.clock.time += timedelta(hours=9)
        world.identity.name = "ann@example.com"
        with pytest.raises(RefusedError, match=r"G106.*expired on"):
            promote(world.ports, "staging", "prod")
        with acting_as(world, "bob@example.com"):
            assert not approve_plan(world.ports, "prod", "peer", unseen=["web"]).already
        promote(world.ports, "staging", "prod")

    def test_modified_stored_plan_covers_nothing(self) -> None:
        world = self.approved()
        for key in world.store.list_keys("plans/"):
            world.store.content[key] = world.store.content[key].replace(b"network", b"netwerk")
        with pytest.raises(RefusedError, match="G302"):
            promote(world.ports, "staging", "prod")

    def test_plan_is_approved_by_fingerprint_without_planning(self) -> None:
        world = a_world(self.GATES)
        deploy_to_staging(world)
        fingerprint = explain_refusal(world.ports, "prod", planned=True).plan
        planned = world.terraform.calls.count(("plan", "prod", "network"))
        world.identity.name = "bob@example.com"
        approved = approve_plan(world.ports, "prod", "peer", fingerprint=fingerprint[:12], unseen=["web"])
        assert approved.plan == fingerprint
        assert world.terraform.calls.count(("plan", "prod", "network")) == planned
        shown = world.prompter.asked[-1].stacks[0]
        assert [(each.address, each.attributes) for each in shown.resources] == [("terraform_data.network", ())]
        world.identity.name = "ann@example.com"
        promote(world.ports, "staging", "prod")

    @pytest.mark.parametrize("fingerprint", ["00000000", "", "abc"])
    def test_unknown_fingerprint_is_refused(self, fingerprint: str) -> None:
        world = self.approved()
        world.identity.name = "cat@example.com"
        with pytest.raises(UsageError, match="E009"):
            approve_plan(world.ports, "prod", "peer", fingerprint=fingerprint)

    def test_only_a_promotable_release_can_be_approved(self) -> None:
        world = a_world(self.GATES)
        unproven = apply(world.ports, "dev").release
        world.identity.name = "bob@example.com"
        with pytest.raises(RefusedError, match="G102"):
            approve_plan(world.ports, "prod", "peer", release=unproven)

    def test_new_settings_are_approved_by_release_name(self) -> None:
        world = self.approved()
        release = promote(world.ports, "staging", "prod").release
        world.edit("environments/prod/terraform.tfvars", 'cidr = "10.31.0.0/16"\n')
        with pytest.raises(RefusedError, match="G106"):
            apply(world.ports, "prod")
        with acting_as(world, "bob@example.com"):
            approve_plan(world.ports, "prod", "peer", release=release)
        apply(world.ports, "prod")

    def test_approver_is_shown_refusals_of_the_plan(self) -> None:
        world = a_world(self.GATES)
        edit_project(world, ("[environments.prod]\n", "[environments.prod]\nprotected = true\n"))
        deploy_to_staging(world)
        world.terraform.extra_changes["prod", "network"] = (self.more(Action.DELETE, "aws_db_instance"),)
        world.identity.name = "bob@example.com"
        approve_plan(world.ports, "prod", "peer")
        assert any(note.startswith("G301") for note in world.prompter.notes[-1])


class TestLocks:
    def test_locked_environment_refuses_deployments_until_unlocked(self, world: World) -> None:
        apply(world.ports, "dev")
        lock_environment(world.ports, "staging", "load test until Friday")
        with pytest.raises(RefusedError, match=r"G108.*load test until Friday") as refused:
            promote(world.ports, "dev", "staging")
        assert refused.value.exit_code == ExitCode.REFUSED_FOR_NOW
        unlock_environment(world.ports, "staging")
        promote(world.ports, "dev", "staging")

    def test_second_lock_keeps_the_first_lock(self, world: World) -> None:
        lock_environment(world.ports, "prod", "one")
        again = lock_environment(world.ports, "prod", "two")
        assert (again.already, again.lock.reason) == (True, "one")

    def test_unlock_of_unlocked_environment_records_nothing(self, world: World) -> None:
        assert unlock_environment(world.ports, "prod").lock is None
        assert list_entries(world) == []


class TestRollback:
    def two(self, world: World) -> tuple[str, str]:
        """Two releases that reached prod, one after the other."""
        first = deploy_to_staging(world)
        promote(world.ports, "staging", "prod")
        second = deploy_edited(world, 1)
        promote(world.ports, "dev", "staging")
        promote(world.ports, "staging", "prod")
        return first, second

    def test_rollback_puts_the_newer_release_on_hold(self, world: World) -> None:
        first, second = self.two(world)
        assert rollback(world.ports, "prod").release == first
        with pytest.raises(RefusedError, match=r"G108.*on hold"):
            promote(world.ports, "staging", "prod")
        assert second in journal.load(world.ports).find_environment("prod").holds
        # The release was left for a reason: lifting its hold is never suggested.
        assert load_status(world.ports).environments[2].next == ""

    def test_hold_can_be_lifted_manually(self, world: World) -> None:
        _, second = self.two(world)
        rollback(world.ports, "prod")
        unlock_environment(world.ports, "prod", "it was the database", release=second)
        assert promote(world.ports, "staging", "prod").release == second

    def test_hold_is_recorded_before_any_change(self, world: World) -> None:
        self.two(world)
        world.terraform.dies_on.add(("prod", "network"))
        with pytest.raises(Killed):
            rollback(world.ports, "prod")
        kinds = [type(entry.event) for entry in list_entries(world)]
        assert kinds[-2] is HoldSet

    def test_killed_rollback_is_completed_by_the_same_command(self, world: World) -> None:
        first, second = self.two(world)
        with killed_at(world, "prod", "network"):
            rollback(world.ports, "prod")
        recover(world.ports, "prod")
        assert rollback(world.ports, "prod").release == first
        prod = journal.load(world.ports).find_environment("prod")
        assert prod.current_evidence is not None and prod.current_evidence.verified
        assert set(prod.holds) == {second}

    def test_unverified_rollback_is_verified_by_the_same_command(self, world: World) -> None:
        first, _ = self.two(world)
        rollback(world.ports, "prod", DeployOptions(verify=False))
        done = rollback(world.ports, "prod")
        assert (done.release, done.up_to_date) == (first, True)
        assert isinstance(list_entries(world)[-1].event, VerificationPassed)
        again = rollback(world.ports, "prod", to=first)
        assert (again.up_to_date, again.verification) == (True, None)

    def test_repeated_rollback_goes_back_once(self, world: World) -> None:
        first, second = self.two(world)
        deploy_edited(world, 2)
        promote(world.ports, "dev", "staging")
        promote(world.ports, "staging", "prod")
        assert rollback(world.ports, "prod").release == second
        again = add_next_command(world.ports, rollback(world.ports, "prod"))
        assert (again.release, again.up_to_date) == (second, True)
        assert again.next == f"to go back further: envctl rollback prod --to {first[:12]}"
        assert rollback(world.ports, "prod", to=first).release == first

    def test_failed_rollback_continues_to_the_release_before(self, world: World) -> None:
        first, _ = self.two(world)
        third = deploy_edited(world, 2)
        promote(world.ports, "dev", "staging")
        promote(world.ports, "staging", "prod")
        world.check_runner.problems["smoke"] = "it is down"
        with pytest.raises(OperationFailedError, match="E410"):
            rollback(world.ports, "prod")
        world.check_runner.problems.clear()
        assert rollback(world.ports, "prod").release == first
        assert third in journal.load(world.ports).find_environment("prod").holds

    def test_only_rollback_with_earlier_settings_needs_no_approval(self, world: World) -> None:
        self.two(world)
        edit_project(world, (NO_GATES, ONE_GATE))
        world.edit("environments/prod/terraform.tfvars", 'cidr = "10.66.0.0/16"\n')
        with pytest.raises(RefusedError, match="G106"):
            rollback(world.ports, "prod")
        world.edit("environments/prod/terraform.tfvars", 'cidr = "10.30.0.0/16"\nsize = 3\n')
        rollback(world.ports, "prod")


class TestProtection:
    def test_destroy_removes_everything_in_unprotected_environment(self, world: World) -> None:
        apply(world.ports, "dev")
        destroy(world.ports, "dev")
        assert world.terraform.reality == {}
        assert journal.load(world.ports).find_environment("dev").current is None
        applied = [stack for verb, _, stack in world.terraform.calls if verb == "apply"]
        assert applied == ["network", "web", "web", "network"]
        assert destroy(world.ports, "dev").up_to_date

    def test_destroyed_environment_is_created_again(self, world: World) -> None:
        first = apply(world.ports, "dev").release
        built = dict(world.terraform.reality)
        destroy(world.ports, "dev")
        assert apply(world.ports, "dev").release == first
        assert world.terraform.reality == built

    @pytest.mark.parametrize("rule", ["protected = true", "gates = { approvals = { peer = 1 } }"])
    def test_protected_environment_is_never_destroyed(self, rule: str) -> None:
        world = World()
        text = PROJECT.decode().replace("[environments.dev]\n", f"[environments.dev]\n{rule}\n")
        world.edit("envctl.toml", text)
        with pytest.raises((RefusedError, OperationFailedError)):
            apply(world.ports, "dev")
            destroy(world.ports, "dev")
        last = list_entries(world)[-1].event if list_entries(world) else None
        assert getattr(last, "action", "") != "destroy"

    def test_stateful_resource_is_not_deleted(self, world: World) -> None:
        edit_project(world, ("[environments.prod]\n", "[environments.prod]\nprotected = true\n"))
        deploy_to_staging(world)
        delete = ResourceChange(address="aws_db_instance.main", type="aws_db_instance", action=Action.DELETE)
        world.terraform.extra_changes["prod", "network"] = (delete,)
        with pytest.raises(RefusedError, match=r"G301.*delete network: aws_db_instance.main"):
            promote(world.ports, "staging", "prod")
        assert not any(where[0] == "prod" for where in world.terraform.reality)


class TestBreakGlass:
    GATES = NO_GATES + 'soak = "24h"\nwaivable = ["soak", "G110"]\n'
    GLASS = DeployOptions(break_glass="payments are down")

    def test_waiver_is_applied_recorded_and_owed(self) -> None:
        world = a_world(self.GATES)
        release = deploy_to_staging(world)
        done = promote(world.ports, "staging", "prod", self.GLASS)
        assert [refusal.code for refusal in done.waived] == ["G104"]
        (waiver,) = [entry.event for entry in list_entries(world) if isinstance(entry.event, WaiverUsed)]
        assert (waiver.reason, waiver.guards, waiver.release) == ("payments are down", ("G104",), release)
        (debt,) = load_status(world.ports).environments[2].present.debts
        assert (debt.reason, debt.guards) == ("payments are down", ("G104",))

    def test_normal_promotion_of_same_release_clears_its_debt(self) -> None:
        world = a_world(self.GATES)
        release = deploy_to_staging(world)
        promote(world.ports, "staging", "prod", self.GLASS)
        assert promote(world.ports, "staging", "prod", self.GLASS).up_to_date
        with pytest.raises(RefusedError, match="G104"):
            promote(world.ports, "staging", "prod")
        world.clock.time += timedelta(hours=25)
        done = promote(world.ports, "staging", "prod")
        assert (done.release, done.up_to_date) == (release, False)
        assert load_status(world.ports).environments[2].present.debts == ()
        assert promote(world.ports, "staging", "prod").up_to_date

    def test_unlisted_guard_is_not_waived(self) -> None:
        world = a_world(self.GATES)
        deploy_to_staging(world)
        lock_environment(world.ports, "prod", "freeze")
        with pytest.raises(RefusedError, match="not overridable by break-glass: prod does not list it") as refused:
            promote(world.ports, "staging", "prod", self.GLASS)
        assert codes(refused) == ["G108"]
        assert not any(isinstance(entry.event, WaiverUsed) for entry in list_entries(world))

    def test_no_waiver_is_recorded_without_refusal(self) -> None:
        world = a_world(self.GATES)
        deploy_to_staging(world)
        world.clock.time += timedelta(hours=25)
        done = promote(world.ports, "staging", "prod", self.GLASS)
        assert done.waived == ()
        assert not any(isinstance(entry.event, WaiverUsed) for entry in list_entries(world))


class TestRecovery:
    def killed(self) -> World:
        world = a_world()
        with killed_at(world, "dev", "web"):
            apply(world.ports, "dev")
        return world

    def held(self, world: World, *, earlier: bool = False) -> StateLock:
        made = world.clock.time + (timedelta(hours=-1) if earlier else timedelta())
        return StateLock("web", "6c1f", "ann@laptop", "OperationTypeApply", made)

    def test_recover_lists_remaining_changes(self) -> None:
        world = self.killed()
        found = recover(world.ports, "dev")
        assert [(plan.stack, plan.changes) for plan in found.left] == [("network", False), ("web", True)]
        assert found.next == "envctl apply dev"
        assert found.deployment and found.deployment.outcome == "abandoned"

    def test_recover_imports_existing_resources(self) -> None:
        world = self.killed()
        recover(world.ports, "dev")
        world.terraform.dies_on.clear()
        world.terraform.existing = {("dev", "web"): ('aws_x.y["a b"]', "aws_z.q")}
        with pytest.raises(OperationFailedError):
            apply(world.ports, "dev")
        given = [('module.web.aws_x.y["a b"]', "id=1"), ("module.web.aws_z.q", "i")]
        found = recover(world.ports, "dev", given)
        assert world.terraform.imported == [("dev", "web", *given[0]), ("dev", "web", *given[1])]
        assert found.taken_in == (given[0][0], given[1][0])
        assert found.next == "envctl apply dev"

    def test_lock_of_killed_deployment_is_broken_after_confirmation(self) -> None:
        world = self.killed()
        world.terraform.locks["dev", "network"] = self.held(world)
        found = recover(world.ports, "dev")
        assert [lock.id for lock in found.broken] == ["6c1f"]
        ended = list_entries(world)[-1].event
        assert isinstance(ended, DeploymentAbandoned) and "lock of web was broken" in ended.reason
        apply(world.ports, "dev")

    def test_lock_is_kept_without_confirmation(self) -> None:
        world = self.killed()
        world.terraform.locks["dev", "network"] = self.held(world)
        world.prompter.answers = [False]
        with pytest.raises(InterruptedByUserError):
            recover(world.ports, "dev")
        assert ("dev", "network") in world.terraform.locks
        assert journal.load(world.ports).find_environment("dev").unfinished_deployment

    def test_recover_without_terminal_abandons_nothing(self) -> None:
        world = self.killed()
        world.terraform.locks["dev", "network"] = self.held(world)
        world.prompter.nobody = True
        with pytest.raises(UsageError, match="E001"):
            recover(world.ports, "dev")
        assert ("dev", "network") in world.terraform.locks
        assert journal.load(world.ports).find_environment("dev").unfinished_deployment

    def test_lock_is_broken_without_unfinished_deployment(self) -> None:
        world = a_world()
        for words in ("nothing was deployed yet", "it failed", "it went well"):
            if words != "nothing was deployed yet":
                world.terraform.fails_on.update({("dev", "web")} if words == "it failed" else ())
                with contextlib.suppress(OperationFailedError):
                    apply(world.ports, "dev")
                world.terraform.fails_on.clear()
            world.terraform.locks["dev", "network"] = self.held(world)
            found = recover(world.ports, "dev")
            assert [lock.id for lock in found.broken] == ["6c1f"], words
            assert (found.deployment, found.left) == (None, ()), words
            assert not world.terraform.locks, words
        assert recover(world.ports, "prod").broken == ()

    def test_unreadable_bundle_without_unfinished_deployment_is_an_error(self) -> None:
        world = a_world()
        apply(world.ports, "dev")
        world.store.content.pop(world.store.list_keys("releases/")[0])
        with pytest.raises(OperationFailedError, match="E403"):
            recover(world.ports, "dev")

    def test_lock_older_than_the_deployment_is_kept(self) -> None:
        world = self.killed()
        lock = world.terraform.locks["dev", "network"] = self.held(world, earlier=True)
        hint = catch(LockHeldError, recover, world.ports, "dev").problems[0].hint
        assert hint.endswith(f"ask {lock.who}. If their run has ended: terraform force-unlock {lock.id}")
        assert ("dev", "network") in world.terraform.locks
        assert journal.load(world.ports).find_environment("dev").unfinished_deployment

    def test_unsaved_state_of_failed_deployment_is_restored(self) -> None:
        world = a_world()
        world.terraform.fails_on.add(("dev", "web"))
        with pytest.raises(OperationFailedError):
            apply(world.ports, "dev")
        world.terraform.unsaved.add(("dev", "web"))
        assert load_status(world.ports).environments[0].next == "envctl apply dev"
        world.workspace.unsaved_in.add("dev")
        assert load_status(world.ports).environments[0].next == "envctl recover dev"
        found = recover(world.ports, "dev")
        assert (found.deployment, found.rescued) == (None, ("web",))

    def test_unreadable_bundle_does_not_block_recover(self) -> None:
        world = self.killed()
        (key,) = world.store.list_keys("releases/")
        bundle = world.store.content.pop(key)
        found = recover(world.ports, "dev")
        assert [problem.code for problem in found.unseen] == ["E403"]
        world.store.content[key] = bundle
        apply(world.ports, "dev")

    def test_unverified_success_is_reported(self) -> None:
        world = a_world()
        apply(world.ports, "dev", DeployOptions(verify=False))
        assert recover(world.ports, "dev").next == "envctl verify dev"


class TestWhy:
    def test_why_names_time_approvers_and_missing_gates(self) -> None:
        world = a_world("[environments.prod.gates]\napprovals = { peer = 1 }\nsoak = '24h'\n")
        deploy_to_staging(world)
        told = explain_refusal(world.ports, "prod")
        assert [refusal.code for refusal in told.refusals] == ["G104", "G106"]
        assert told.refusals[0].opens is not None
        assert told.opens is None, "approvals do not come by themselves"
        assert (told.who, told.gates) == ("any person except ann@example.com", {"peer": (0, 1)})

    def test_why_with_plan_checks_plan_guards(self, world: World) -> None:
        deploy_to_staging(world)
        told = explain_refusal(world.ports, "prod", planned=True)
        assert {answer.code: answer.outcome for answer in told.answers}["G301"] == "passes"
        assert told.planned == world.observer.plans[-1]
        assert list_entries(world)[-1].event.kind == "verification passed"

    def test_why_names_retry_time_when_only_time_blocks(self) -> None:
        world = a_world(NO_GATES + 'soak = "24h"\n')
        deploy_to_staging(world)
        told = explain_refusal(world.ports, "prod")
        assert told.opens == told.refusals[0].opens
