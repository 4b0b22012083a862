"""Rules are promoted too: what is deployed satisfies envctl.toml of today and the rules that were recorded."""

from datetime import timedelta
from typing import Any

import pytest

from envctl.domain.errors import EnvctlError, InterruptedByUserError, OperationFailedError, UsageError
from envctl.domain.guards import RefusedError
from envctl.domain.ledger.events import DeploymentStarted
from envctl.domain.ledger.rule_events import RulesApproved, RulesResetRequested
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.approval.approve_rules import ApprovedRules, approve_rules
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.approval.reset_rules import reset_rules, withdraw_reset
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.deployment.verification import verify
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.drift.fix import fix_drift
from envctl.usecases.inspect.rules import load_environment_rules
from envctl.usecases.inspect.status import load_status
from envctl.usecases.ledger import journal, ledger_store, rules_store
from envctl.usecases.release import readings
from tests.catching import catch
from tests.fakes.machine import SettableIdentity
from tests.fakes.project_files import IMAGE, NETWORK
from tests.fakes.world import World, list_entries, make_once
from tests.usecases.steps import deploy_to_staging, edit_project

GATES = "[environments.prod.gates]\napprovals = { peer = 1, business = 2 }\n"
NO_GATES = "[environments.prod.gates]\napprovals = {}\n"
ORDER = 'order = ["dev", "staging", "prod"]'
SMOKE = '[checks.smoke]\nkind = "command"\ncommand = ["smoke"]\n'
WINDOW = (
    'windows = [{ kind = "allow", name = "always", days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],'
    ' from = "00:00", to = "24:00", tz = "UTC" }]\n'
)
DAY = timedelta(days=1)


def becomes(world: World, person: str) -> None:
    world.identity = SettableIdentity(f"{person}@example.com")


def toml(world: World) -> str:
    return world.tree.content["envctl.toml"].decode()


def refused(act: Any) -> dict[str, str]:
    return {refusal.code: refusal.message for refusal in catch(RefusedError, act).refusals}


def releases(world: World, number: int) -> None:
    world.edit("modules/network/main.tf", NETWORK.decode() + f"# {number}\n")
    becomes(world, "ann")
    deploy_to_staging(world)


def all_approve(world: World, *gates: str) -> None:
    for person, gate in zip(("cat", "dan", "eve", "fay"), gates or ("peer", "business", "business"), strict=False):
        becomes(world, person)
        there = journal.load(world.ports).find_environment("prod").stacks
        approve_plan(world.ports, "prod", gate, unseen=() if there else ("web",))
    becomes(world, "bob")


def to_prod(world: World, number: int = 1) -> None:
    releases(world, number)
    all_approve(world)
    promote(world.ports, "staging", "prod")


@pytest.fixture
@make_once
def deployed() -> World:
    """Prod was deployed under three gates, by Bob."""
    world = World()
    to_prod(world)
    return world


def rules_of(world: World, environment: str = "prod") -> str:
    found = journal.load(world.ports).find_environment(environment).rules
    return found.digest if found else ""


def starts(world: World) -> list[DeploymentStarted]:
    return [entry.event for entry in list_entries(world) if isinstance(entry.event, DeploymentStarted)]


class TestRecording:
    def test_each_environment_records_its_rules(self, deployed: World) -> None:
        events = starts(deployed)
        assert [event.environment for event in events] == ["dev", "staging", "prod"]
        for event in events:
            assert rules_of(deployed, event.environment) == event.rules
            data = deployed.store.content[f"rules/{event.rules}.json"]
            assert (
                rules_store.RULES.load_documents(deployed.ports, [event.rules])[event.rules].environment
                == event.environment
            )
            assert data.startswith(b'{"environment":')

    def test_rollback_fix_and_destroy_record_no_rules(self, deployed: World) -> None:
        before = rules_of(deployed)
        to_prod(deployed, 2)
        edit_project(deployed, (GATES, GATES + 'soak = "1m"\n'))
        deployed.clock.time += DAY
        rollback(deployed.ports, "prod")
        assert (starts(deployed)[-1].action, starts(deployed)[-1].rules) == ("rollback", "")
        destroy(deployed.ports, "staging")
        assert (starts(deployed)[-1].action, starts(deployed)[-1].rules) == ("destroy", "")
        assert rules_of(deployed) == before

    def test_changed_rules_alone_cause_a_deployment(self, deployed: World) -> None:
        before = rules_of(deployed)
        assert promote(deployed.ports, "staging", "prod").up_to_date
        edit_project(deployed, (GATES, GATES + 'soak = "1m"\n'))
        deployed.clock.time += DAY
        all_approve(deployed)
        assert not promote(deployed.ports, "staging", "prod").up_to_date
        assert rules_of(deployed) not in ("", before)
        assert promote(deployed.ports, "staging", "prod").up_to_date

    def test_failed_deployment_keeps_recorded_rules(self, deployed: World) -> None:
        before = rules_of(deployed)
        releases(deployed, 2)
        edit_project(deployed, (GATES, GATES + 'expires = "8h"\n'))
        all_approve(deployed)
        deployed.terraform.fails_on.add(("prod", "web"))
        with pytest.raises(EnvctlError):
            promote(deployed.ports, "staging", "prod")
        assert starts(deployed)[-1].rules not in ("", before)
        assert rules_of(deployed) == before

    def test_partial_deployment_keeps_recorded_rules(self, deployed: World) -> None:
        before = rules_of(deployed)
        releases(deployed, 2)
        edit_project(deployed, (GATES, GATES + 'expires = "8h"\n'))
        all_approve(deployed)
        from envctl.usecases.concurrency.dag_runner import StackSelection

        promote(deployed.ports, "staging", "prod", DeployOptions(selection=StackSelection(("network",))))
        assert starts(deployed)[-1].only == ("network",)
        assert rules_of(deployed) == before

    def test_break_glass_keeps_recorded_rules(self, world: World) -> None:
        waivable = GATES + 'waivable = ["approvals", "same_plan"]\n'
        edit_project(world, (GATES, waivable))
        to_prod(world)
        before = rules_of(world)
        edit_project(world, (waivable, NO_GATES + 'waivable = ["approvals", "same_plan"]\n'))
        releases(world, 2)
        becomes(world, "bob")
        promote(world.ports, "staging", "prod", DeployOptions(break_glass="payments are down"))
        assert rules_of(world) == before
        releases(world, 3)
        assert "G106" in refused(lambda: promote(world.ports, "staging", "prod"))

    def test_entry_records_changed_rules_and_never_refuses(self, deployed: World) -> None:
        edit_project(deployed, ("[environments.dev]\n", '[environments.dev]\nregion = "eu-west-1"\nprotected = true\n'))
        assert apply(deployed.ports, "dev").deployment
        before = rules_of(deployed, "dev")
        edit_project(deployed, ("protected = true\n", ""))
        deployed.edit("modules/network/main.tf", NETWORK.decode() + "# branch\n")
        assert apply(deployed.ports, "dev").deployment
        assert rules_of(deployed, "dev") != before


class TestDeletedGates:
    def test_gates_removed_for_one_promotion_still_count(self, deployed: World) -> None:
        releases(deployed, 2)
        edit_project(deployed, (GATES, NO_GATES))
        becomes(deployed, "bob")
        message = refused(lambda: promote(deployed.ports, "staging", "prod"))["G106"]
        assert "business (0 of 2), peer (0 of 1)" in message
        assert "by the rules of prod recorded on 2026-11-25 (entry " in message
        assert len(starts(deployed)) == 5

    def test_approver_is_told_which_rules_change(self, deployed: World) -> None:
        releases(deployed, 2)
        edit_project(deployed, (GATES, NO_GATES))
        all_approve(deployed)
        told = deployed.prompter.notes[-1]
        assert "the rules of prod change with this deployment: gate peer goes" in told
        assert "the rules of prod change with this deployment: gate business goes" in told
        promote(deployed.ports, "staging", "prod")
        releases(deployed, 3)
        # The gates are gone now: nothing of them is asked any more.
        becomes(deployed, "bob")
        assert promote(deployed.ports, "staging", "prod").deployment

    def test_status_and_why_show_gates_of_both_documents(self, deployed: World) -> None:
        releases(deployed, 2)
        edit_project(deployed, (GATES, NO_GATES))
        assert explain_refusal(deployed.ports, "prod").gates == {"peer": (0, 1), "business": (0, 2)}
        shown = next(each for each in load_status(deployed.ports).environments if each.environment == "prod")
        assert shown.gates == {"peer": (0, 1), "business": (0, 2)}

    def test_gate_missing_in_both_documents_is_refused(self, deployed: World) -> None:
        edit_project(deployed, (GATES, NO_GATES))
        with pytest.raises(UsageError, match="E005") as raised:
            approve_plan(deployed.ports, "prod", "law")
        assert "business, peer" in raised.value.problems[0].hint


class TestApprovalsOfBefore:
    def test_approval_without_digest_counts_until_rules_are_recorded(self, world: World) -> None:
        releases(world, 1)
        all_approve(world)
        strip_rules(world)
        told = promote(world.ports, "staging", "prod")
        assert told.deployment
        # It has none recorded before, and says so only where it was deployed before.
        assert [remark.code for remark in told.warnings] == []

    def test_first_recording_of_rules_is_reported_once(self, deployed: World) -> None:
        strip_rules(deployed)
        assert rules_of(deployed) == ""
        releases(deployed, 2)
        all_approve(deployed)
        told = promote(deployed.ports, "staging", "prod")
        (remark,) = (remark for remark in told.warnings if remark.code == "G112")
        assert "recorded for the first time: place: after dev, staging; approvals: peer 1, business 2" in remark.message
        to_prod(deployed, 3)
        assert explain_refusal(deployed.ports, "prod").refusals == () or not any(
            answer.code == "G112" and answer.refusal for answer in explain_refusal(deployed.ports, "prod").answers
        )

    def test_environment_with_promotion_history_can_not_become_entry(self, deployed: World) -> None:
        takes_code(deployed)
        strip_rules(deployed)
        edit_project(deployed, (ORDER, 'order = ["prod", "dev", "staging"]'))
        assert "prod took releases from staging" in refused(lambda: apply(deployed.ports, "prod"))["G112"]


def takes_code(world: World) -> None:
    """Prod gets all that an environment needs in which code enters."""
    image = f'image = "{IMAGE}"\n'.encode()
    world.tree.content["environments/prod/terraform.tfvars"] += image


class TestPlaceInTheOrder:
    def test_reversed_pipeline_order_is_refused(self, deployed: World) -> None:
        takes_code(deployed)
        edit_project(deployed, (ORDER, 'order = ["prod", "dev", "staging"]'))
        deployed.edit("modules/network/main.tf", NETWORK.decode() + "# from a dirty tree\n")
        before = len(starts(deployed))
        message = refused(lambda: apply(deployed.ports, "prod"))["G112"]
        assert "place in the order: after dev, staging -> the entry" in message
        assert len(starts(deployed)) == before

    def test_dry_run_is_refused_by_rules_too(self, deployed: World) -> None:
        edit_project(deployed, (ORDER, 'order = ["dev", "prod", "staging"]'))
        assert "G112" in refused(lambda: promote(deployed.ports, "dev", "prod", DeployOptions(dry_run=True)))

    def test_additional_stage_needs_no_rules_approval(self, deployed: World) -> None:
        edit_project(
            deployed,
            (ORDER, 'order = ["dev", "qa", "staging", "prod"]'),
            ("[environments.prod]\n", "[environments.qa.gates]\napprovals = {}\n[environments.prod]\n"),
        )
        assert "G112" not in {each.code for each in explain_refusal(deployed.ports, "prod").refusals}
        # What comes right before is another matter.
        assert "G112" in {each.code for each in explain_refusal(deployed.ports, "staging").refusals}


ACCOUNTS = {"dev": "111111111111", "staging": "222222222222", "prod": "333333333333"}


def with_accounts(world: World) -> None:
    world.access.accounts = {**ACCOUNTS, "org": ACCOUNTS["prod"], "production": "444444444444"}
    world.tree.content["environments/org/terraform.tfvars"] = b'cidr = "10.40.0.0/16"\n'
    for name, account in ACCOUNTS.items():
        edit_project(world, (f"[environments.{name}]\n", f'[environments.{name}]\naccount_id = "{account}"\n'))


class TestAccounts:
    @pytest.fixture
    def owned(self, world: World) -> World:
        with_accounts(world)
        to_prod(world)
        return world

    def test_changed_account_is_refused(self, owned: World) -> None:
        releases(owned, 2)
        all_approve(owned)
        edit_project(owned, ("333333333333", "444444444444"))
        message = refused(lambda: promote(owned.ports, "staging", "prod"))["G112"]
        assert "account 333333333333 -> 444444444444" in message

    def test_standalone_environment_is_gated_by_its_account_owner(self, owned: World) -> None:
        # Prod has moved away from it by the tree alone: by what is deployed it is still prod's.
        edit_project(owned, ("333333333333", "444444444444"), ("[stacks.network]\n", BESIDE))
        message = refused(lambda: apply(owned.ports, "org"))["G106"]
        assert "business (0 of 2), peer (0 of 1) (by the rules of prod, in the same account)" in message

    @pytest.mark.parametrize(
        ("said", "how"),
        [
            ('account_id = "999999999999"\nother_accounts = ["333333333333"]', "the owner of account 333333333333"),
            ('assume_role = "arn:aws:iam::333333333333:role/envctl-deployer"', "in the same account"),
        ],
        ids=["named", "by its role alone"],
    )
    def test_standalone_environment_with_unclear_account_is_gated_too(self, owned: World, said: str, how: str) -> None:
        edit_project(owned, ("[stacks.network]\n", BESIDE.replace(f'account_id = "{ACCOUNTS["prod"]}"', said)))
        owned.access.accounts["org"] = "999999999999"
        assert f"(by the rules of prod, {how})" in refused(lambda: apply(owned.ports, "org"))["G106"]

    def test_account_of_renamed_environment_stays_gated(self, owned: World) -> None:
        edit_project(
            owned,
            (ORDER, 'order = ["dev", "staging", "production"]'),
            ("environments.prod", "environments.production"),
            ("333333333333", "444444444444"),
            ("[stacks.network]\n", BESIDE),
        )
        owned.tree.content["environments/production/terraform.tfvars"] = owned.tree.content[
            "environments/prod/terraform.tfvars"
        ]
        with pytest.raises(EnvctlError, match="E139 prod is no longer in"):
            apply(owned.ports, "org")

    @pytest.mark.parametrize("kept", [True, False])
    def test_renamed_environment_is_refused_at_once(self, owned: World, kept: bool) -> None:
        """Prod goes on as production, in the same account, and the new name asks for nobody."""
        edit_project(
            owned,
            (ORDER, 'order = ["dev", "staging", "production"]'),
            (GATES, NO_GATES),
            ("environments.prod", "environments.production"),
        )
        settings = owned.tree.content["environments/prod/terraform.tfvars"]
        owned.tree.content["environments/production/terraform.tfvars"] = settings
        owned.access.accounts["production"] = ACCOUNTS["prod"]
        if not kept:
            del owned.store.content[rules_store.RULES.format_key(rules_of(owned))]
            assert "G112" in refused(lambda: promote(owned.ports, "staging", "production"))
            return
        with pytest.raises(EnvctlError, match=r"E139 prod is no longer in .* production is new in the same place"):
            promote(owned.ports, "staging", "production")
        # The line that says that it is another one skips no gate of the account.
        (gone,) = load_status(owned.ports).gone
        table = "[environments.production]"
        edit_project(owned, (table, f"{table}\nmoved_after = {gone.entry}"))
        assert load_status(owned.ports).gone[0].successors == ()
        assert (
            "(by the rules of prod, in the same account)"
            in refused(lambda: promote(owned.ports, "staging", "production"))["G106"]
        )

    def test_new_environment_is_gated_by_its_account_owner(self, owned: World) -> None:
        edit_project(
            owned,
            (ORDER, 'order = ["dev", "staging", "prod", "production"]'),
            ("[environments.prod]", f"{LATER}[environments.prod]"),
        )
        settings = owned.tree.content["environments/prod/terraform.tfvars"]
        owned.tree.content["environments/production/terraform.tfvars"] = settings
        owned.access.accounts["production"] = ACCOUNTS["prod"]
        message = refused(lambda: promote(owned.ports, "prod", "production"))["G106"]
        assert "peer (0 of 1), business (0 of 2) (by the rules of prod, in the same account)" in message
        for person, gate in (("cat", "peer"), ("dan", "business"), ("eve", "business")):
            becomes(owned, person)
            approve_plan(owned.ports, "production", gate, unseen=("web",))
        becomes(owned, "bob")
        assert promote(owned.ports, "prod", "production").deployment

    def test_entry_may_not_use_a_guarded_account(self, owned: World) -> None:
        moved = '"333333333333"\nmoved_after = 2'
        edit_project(owned, ("333333333333", "444444444444"), ('"111111111111"', moved))
        owned.edit("modules/network/main.tf", NETWORK.decode() + "# from a branch\n")
        message = refused(lambda: apply(owned.ports, "dev"))["G112"]
        assert "dev has the account 333333333333; by the recorded rules, it belongs to prod" in message


LAW = """[environments.prod.gates]
approvals = { law = 1 }
[environments.prod.allow]
approve = { law = ["arn:aws:iam::333333333333:role/Gone"] }
"""
LATER = """[environments.production]
account_id = "333333333333"
[environments.production.gates]
approvals = {}
"""
BESIDE = """[environments.org]
pipeline = false
account_id = "333333333333"

[stacks.org]
module = "modules/network"
environments = ["org"]

[stacks.network]
"""


class TestChecks:
    @pytest.fixture
    def checked(self, world: World) -> World:
        edit_project(world, ("[stacks.network]\n", f"{SMOKE}\n[stacks.network]\n"))
        to_prod(world)
        return world

    def test_removed_and_restored_check_must_run_again(self, checked: World) -> None:
        edit_project(checked, (SMOKE, ""))
        # Staging's own rules let it go: somebody says so there.
        becomes(checked, "ann")
        checked.edit("modules/network/main.tf", NETWORK.decode() + "# 2\n")
        apply(checked.ports, "dev")
        assert "without the check smoke" in refused(lambda: promote(checked.ports, "dev", "staging"))["G103"]
        approve_rules(checked.ports, "staging")
        promote(checked.ports, "dev", "staging")
        checked.tree.content["envctl.toml"] = (
            toml(checked).replace("[stacks.network]", f"{SMOKE}\n[stacks.network]").encode()
        )
        all_approve(checked)
        message = refused(lambda: promote(checked.ports, "staging", "prod"))["G103"]
        assert "was verified in staging without the check smoke" in message
        verify(checked.ports, "staging")
        assert promote(checked.ports, "staging", "prod").deployment


class TestApproveRules:
    @pytest.fixture
    def moved(self, deployed: World) -> World:
        releases(deployed, 2)
        edit_project(deployed, ("[environments.prod]\n", '[environments.prod]\nregion = "eu-west-1"\n'))
        to_prod(deployed, 3)
        releases(deployed, 4)
        edit_project(deployed, ("eu-west-1", "us-east-1"))
        return deployed

    def says(self, world: World, person: str, gate: str) -> ApprovedRules:
        becomes(world, person)
        return approve_rules(world.ports, "prod", gate)

    def test_shown_rules_are_recorded_and_stored(self, moved: World) -> None:
        given = self.says(moved, "bob", "peer")
        shown = moved.prompter.readings[-1]
        assert shown is not None
        assert ('["region"]', '"eu-west-1"', '"us-east-1"') in {(v.path, v.before, v.after) for v in shown.rules}
        (event,) = (each.event for each in list_entries(moved) if isinstance(each.event, RulesApproved))
        assert event.reading == shown.digest
        assert readings.load_reading(moved.ports, given.rules, event.reading) == shown

    def test_recorded_gates_approve_the_new_rules(self, moved: World) -> None:
        assert set(refused(lambda: promote(moved.ports, "staging", "prod"))) == {"G106", "G112"}
        first = self.says(moved, "cat", "peer")
        assert first.changes == ("region eu-west-1 -> us-east-1",)
        assert moved.prompter.notes[-1] == first.changes
        assert (first.missing, first.next) == ({"business": 2}, "envctl approve prod --rules --gate business")
        assert self.says(moved, "dan", "business").missing == {"business": 1}
        becomes(moved, "bob")
        assert set(refused(lambda: promote(moved.ports, "staging", "prod"))) == {"G106", "G112"}
        last = self.says(moved, "eve", "business")
        assert (last.missing, last.next) == ({}, "envctl promote staging prod")
        # The place is right now, and can be planned.
        all_approve(moved)
        assert promote(moved.ports, "staging", "prod").deployment
        assert journal.load(moved.ports).find_environment("prod").rules_approvals == ()

    def test_rules_approval_binds_both_documents(self, moved: World) -> None:
        for person, gate in (("cat", "peer"), ("dan", "business"), ("eve", "business")):
            self.says(moved, person, gate)
        edit_project(moved, ("us-east-1", "us-west-2"))
        assert "region eu-west-1 -> us-west-2" in refused(lambda: promote(moved.ports, "staging", "prod"))["G112"]

    def test_repeated_rules_approval_is_recorded_once(self, moved: World) -> None:
        self.says(moved, "cat", "peer")
        assert self.says(moved, "cat", "peer").already
        assert sum(isinstance(entry.event, RulesApproved) for entry in list_entries(moved)) == 1

    def test_rules_author_may_not_approve_the_rules(self, moved: World) -> None:
        """The person who moves prod may promote by a job, and so as another one."""
        self.says(moved, "cat", "peer")
        moved.version_control.wrote["envctl.toml"] = ["dan@example.com"]
        assert "dan@example.com changed envctl.toml" in refused(lambda: self.says(moved, "dan", "business"))["G112"]
        moved.version_control.wrote["envctl.toml"] = ["dan@example.com", "cat@example.com"]
        for person in ("eve", "fay"):
            self.says(moved, person, "business")
        becomes(moved, "bob")
        assert "peer" in refused(lambda: promote(moved.ports, "staging", "prod"))["G112"]
        self.says(moved, "gus", "peer")

    def test_gate_remover_does_not_count_for_that_change(self, deployed: World) -> None:
        edit_project(deployed, (GATES, NO_GATES))
        releases(deployed, 2)
        deployed.version_control.wrote["envctl.toml"] = ["cat@example.com"]
        becomes(deployed, "cat")
        assert approve_plan(deployed.ports, "prod", "peer").missing["peer"] == 1
        becomes(deployed, "dan")
        assert "peer" not in approve_plan(deployed.ports, "prod", "peer").missing

    def test_declined_question_records_nothing(self, moved: World) -> None:
        moved.prompter.answers = [False]
        with pytest.raises(InterruptedByUserError, match="E310"):
            self.says(moved, "cat", "peer")
        assert not any(isinstance(entry.event, RulesApproved) for entry in list_entries(moved))

    def test_invalid_rules_approval_is_refused(self, moved: World, world: World) -> None:
        with pytest.raises(UsageError, match="E012"):
            approve_rules(moved.ports, "prod")
        with pytest.raises(UsageError, match="E005"):
            approve_rules(moved.ports, "prod", "law")
        edit_project(moved, ("us-east-1", "eu-west-1"))
        with pytest.raises(UsageError, match="E488"):
            approve_rules(moved.ports, "prod", "peer")

    def test_rules_approval_without_record_is_refused(self, world: World) -> None:
        with pytest.raises(UsageError, match="E488"):
            approve_rules(world.ports, "prod", "peer")


class TestReset:
    @pytest.fixture
    def left(self, world: World) -> World:
        """The role that prod's gate asks for is gone: nobody can approve any more."""
        edit_project(world, (GATES, "[environments.prod.gates]\napprovals = { peer = 1 }\n"))
        releases(world, 1)
        all_approve(world, "peer")
        promote(world.ports, "staging", "prod")
        edit_project(world, ("[environments.prod.gates]\napprovals = { peer = 1 }\n", LAW))
        releases(world, 2)
        all_approve(world, "peer")
        world.identity = Gone()
        approve_plan(world.ports, "prod", "law")
        becomes(world, "bob")
        promote(world.ports, "staging", "prod")
        edit_project(
            world, ('[environments.prod.allow]\napprove = { law = ["arn:aws:iam::333333333333:role/Gone"] }\n', "")
        )
        releases(world, 3)
        becomes(world, "cat")
        approve_plan(world.ports, "prod", "law")
        becomes(world, "bob")
        return world

    def test_reset_rules_count_only_after_the_delay(self, left: World) -> None:
        message = refused(lambda: promote(left.ports, "staging", "prod"))["G106"]
        assert "by the rules of prod recorded" in message
        done = reset_rules(left.ports, "prod", "the law team was dissolved")
        assert done.reset and done.counts_from == done.reset.at + 7 * DAY
        assert not done.already
        assert "G106" in refused(lambda: promote(left.ports, "staging", "prod"))
        left.clock.time += 7 * DAY - timedelta(hours=1)
        assert "G106" in refused(lambda: promote(left.ports, "staging", "prod"))
        left.clock.time += timedelta(hours=1)
        told = promote(left.ports, "staging", "prod")
        assert [remark.code for remark in told.warnings] == ["G112"]
        assert "the law team was dissolved" in told.warnings[0].message
        assert journal.load(left.ports).find_environment("prod").rules_reset is None

    def test_repeated_reset_request_keeps_its_start(self, left: World) -> None:
        first = reset_rules(left.ports, "prod", "they left")
        left.clock.time += DAY
        second = reset_rules(left.ports, "prod", "once more")
        assert second.already
        assert second.counts_from == first.counts_from
        assert sum(isinstance(entry.event, RulesResetRequested) for entry in list_entries(left)) == 1

    def test_requester_and_approvers_may_withdraw_reset(self, left: World) -> None:
        reset_rules(left.ports, "prod", "they left")
        becomes(left, "mallory")
        with pytest.raises(RefusedError, match="G207"):
            withdraw_reset(left.ports, "prod")
        left.identity = Gone()
        assert withdraw_reset(left.ports, "prod").withdrawn
        becomes(left, "bob")
        reset_rules(left.ports, "prod", "they left")
        assert not withdraw_reset(left.ports, "prod").already
        left.clock.time += 8 * DAY
        assert "G106" in refused(lambda: promote(left.ports, "staging", "prod"))
        assert withdraw_reset(left.ports, "prod").reset is None

    def test_reset_needs_reason_and_recorded_rules(self, left: World) -> None:
        with pytest.raises(UsageError, match="E008"):
            reset_rules(left.ports, "prod", " ")
        edit_project(left, ("[environments.prod]\n", "[environments.qa.gates]\napprovals = {}\n[environments.prod]\n"),
             (ORDER, 'order = ["dev", "qa", "staging", "prod"]'))  # fmt: skip
        with pytest.raises(UsageError, match="E488"):
            reset_rules(left.ports, "qa", "they left")

    def test_pending_reset_is_shown_everywhere(self, left: World) -> None:
        reset_rules(left.ports, "prod", "they left")
        answer = next(answer for answer in explain_refusal(left.ports, "prod").answers if answer.code == "G112")
        assert answer.outcome == "warns"
        assert load_environment_rules(left.ports, "prod").reset is not None
        shown = next(each for each in load_status(left.ports).environments if each.environment == "prod")
        assert shown.present.rules_reset is not None


class Gone(SettableIdentity):
    """A person in the role that is dissolved later."""

    def __init__(self) -> None:
        super().__init__("arn:aws:sts::333333333333:assumed-role/Gone/zoe", via="aws")


class TestDocuments:
    @pytest.mark.parametrize("data", [None, b"", b"{}", b'{"environment":"prod","format":1,"said":{}}'])
    def test_missing_or_damaged_rules_document_is_refused(self, deployed: World, data: bytes | None) -> None:
        key = rules_store.RULES.format_key(rules_of(deployed))
        del deployed.store.content[key]
        if data is not None:
            deployed.store.content[key] = data
        releases(deployed, 2)
        all_approve(deployed)
        # The tree still says the same, and is the document.
        assert promote(deployed.ports, "staging", "prod", DeployOptions(dry_run=True)).dry_run
        edit_project(deployed, (GATES, NO_GATES))
        assert "missing or damaged in the store" in refused(lambda: promote(deployed.ports, "staging", "prod"))["G112"]
        assert "G112" in refused(lambda: rollback(deployed.ports, "prod"))
        assert load_environment_rules(deployed.ports, "prod").standing == "missing"
        with pytest.raises(OperationFailedError, match="E489"):
            approve_rules(deployed.ports, "prod", "peer")
        reset_rules(deployed.ports, "prod", "the bucket was restored without it")
        deployed.clock.time += 8 * DAY
        assert "G112" not in {each.code for each in explain_refusal(deployed.ports, "prod").refusals}

    def test_rules_document_of_another_environment_is_ignored(self, deployed: World) -> None:
        staging = deployed.store.content[rules_store.RULES.format_key(rules_of(deployed, "staging"))]
        deployed.store.content[rules_store.RULES.format_key(rules_of(deployed))] = staging
        edit_project(deployed, (GATES, NO_GATES))
        assert load_environment_rules(deployed.ports, "prod").standing == "missing"

    def test_unchanged_rules_need_no_stored_document(self, deployed: World) -> None:
        releases(deployed, 2)
        all_approve(deployed)
        for key in [key for key in deployed.store.content if key.startswith("rules/")]:
            del deployed.store.content[key]
        assert promote(deployed.ports, "staging", "prod").deployment

    def test_drift_fix_needs_no_rules_approval(self, world: World) -> None:
        edit_project(world, (GATES, NO_GATES))
        releases(world, 1)
        becomes(world, "bob")
        promote(world.ports, "staging", "prod")
        before = rules_of(world)
        edit_project(world, ("[environments.prod]\n", '[environments.prod]\nregion = "eu-west-1"\n'))
        check_drift(world.ports, ["prod"])
        fix_drift(world.ports, ["prod"], DeployOptions())
        assert rules_of(world) == before


class TestShown:
    def test_each_rule_names_its_source(self, deployed: World) -> None:
        told = load_environment_rules(deployed.ports, "prod")
        assert told.standing == "same"
        entry = f"entry {told.recorded.started}" if told.recorded else ""
        gates = next(rule for rule in told.rules if rule.what == "approvals")
        line = toml(deployed).splitlines().index("approvals = { peer = 1, business = 2 }") + 1
        assert (gates.value, gates.whose, gates.where) == ("peer 1, business 2", "both", (f"envctl.toml:{line}", entry))
        edit_project(deployed, (GATES, GATES.replace("business = 2", "law = 1") + 'soak = "1d"\n'))
        told = load_environment_rules(deployed.ports, "prod")
        assert told.standing == "both count"
        assert [(rule.value, rule.whose) for rule in told.rules if rule.what == "approvals"] == [
            ("peer 1, law 1", "tree"),
            ("business 2, peer 1", "recorded"),
        ]
        assert set(told.changes) == {"gate business goes", "gate law is new (1)", "gates.soak not set -> 1d"}
        edit_project(deployed, (ORDER, 'order = ["dev", "prod", "staging"]'))
        told = load_environment_rules(deployed.ports, "prod")
        assert (told.standing, told.next) == ("refused", "envctl approve prod --rules")
        assert load_environment_rules(deployed.ports, "dev").standing == "same"

    def test_missing_record_and_reset_are_shown(self, world: World) -> None:
        assert load_environment_rules(world.ports, "prod").standing == "none recorded"
        to_prod(world)
        edit_project(world, (GATES, NO_GATES))
        reset_rules(world.ports, "prod", "they left")
        assert load_environment_rules(world.ports, "prod").next == "envctl rules reset prod --withdraw"
        world.clock.time += 8 * DAY
        assert load_environment_rules(world.ports, "prod").standing == "tree alone"


def strip_rules(world: World) -> None:
    """The ledger as an envctl of before rules were recorded would have written it."""
    from dataclasses import fields, replace

    from envctl.domain.ledger.entries import GENESIS, encode_entry, hash_bytes

    prev = GENESIS
    for entry in list_entries(world):
        gone: dict[str, Any] = {
            name: "" for name in ("rules", "recorded") if name in {each.name for each in fields(entry.event)}
        }
        if hasattr(entry.event, "marks"):
            gone["marks"] = ()
        data = encode_entry(replace(entry, prev=prev, event=replace(entry.event, **gone)))
        world.store.content[ledger_store.entry_key(entry.seq)] = data
        prev = hash_bytes(data)
    world.head_cache.seen = None
